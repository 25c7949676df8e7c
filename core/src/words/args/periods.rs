//! The times of a plan: what is looked at, what it is held against, how far ahead.

use chrono::{Datelike, NaiveDate};

use super::super::catalogue::Catalogue;
use super::super::cues;
use super::super::slots::{Pattern, Slots};
use super::super::time::{self, Moment, Span, canonical};
use super::{Args, last_month};
use crate::series::Grain;

static HORIZON: Pattern = Pattern::new(
    r"\bhorizon (?:of )?(\d{1,3})\b|\b(\d{1,3}) (?:steps|periods|days?|weeks?|months?|quarters?|years?)\b",
);
static FROM_TO: Pattern = Pattern::new(
    r"\b(?:from|between) (?:the )?T0 (?:to|and|until|till|through|into|-) (?:the )?T1|T0 ?(?:-|to|until|till|through) ?T1|T0 ?(?:부터|에서) ?T1",
);
static AND_TIMES: Pattern = Pattern::new(r"T0 (?:(?:and|,|plus|\+) )?T1");
static BETWEEN: Pattern = Pattern::new(r"\bfrom (?:the )?T0|\bbetween (?:the )?T0 and (?:the )?T1");
static VERSUS_LAST: Pattern = Pattern::new(
    r"\b(?:vs|versus|than|against|compared (?:to|with)|compare (?:to|with)|comparison (?:to|with)|on|over|relative to|to|with|from) (?:in |the |that of |what (?:we|it) (?:had|did|was) (?:in )?)?T0|T0 ?(?:대비|보다|와 비교|에 비해)",
);
static VERSUS_ONLY: Pattern = Pattern::new(
    r"\b(?:vs|versus|than|against|compared (?:to|with)|relative to) (?:in |the |that of )?T0|T0 ?(?:대비|보다|와 비교|에 비해)",
);
static AGAINST_FIRST: Pattern = Pattern::new(
    r"\b(?:vs|versus|than|against|compared (?:to|with)|relative to|on|over) (?:in |the |that of )?T0|T0 ?(?:대비|보다)",
);
static PAST_TARGET: Pattern = Pattern::new(
    r"\b(?:did|didn't|have we|has|had|was|were|reached|missed|achieved|met|came|ended)\b|했|았|었",
);

/// Reads the periods of `function`.
pub(super) fn periods(function: &str, slots: &Slots, catalogue: &Catalogue, args: &mut Args) {
    let asof = catalogue.asof;
    if matches!(
        function,
        "cohorts" | "launch_curve" | "rfm" | "backtest" | "none"
    ) {
        return;
    }
    let ahead = match function {
        "forecast" | "suggest_targets" => true,
        "attainment" => !PAST_TARGET.is_in(&slots.plain) && cues::looks_ahead(slots),
        _ => false,
    };
    if function == "forecast" {
        outlook(slots, asof, args);
        return;
    }
    if function == "what_if" {
        if let Some(Moment::Ahead(n, grain)) = slots
            .times
            .iter()
            .copied()
            .find(|t| matches!(t, Moment::Ahead(..)))
        {
            args.horizon = Some(n);
            args.grain = Some(grain.name().to_owned());
        }
        return;
    }
    let told = cues::told_times(slots);
    let spans: Vec<(usize, Moment, Span)> = slots
        .times
        .iter()
        .enumerate()
        .skip(told)
        .filter(|(_, m)| !cues::is_vague(**m))
        .map(|(i, m)| match (function, *m) {
            // A target belongs to the whole unit, however much of it has passed.
            ("attainment" | "suggest_targets", Moment::ToDate(grain)) => {
                (i, Moment::Unit(grain, 0))
            }
            (_, m) => (i, m),
        })
        .filter_map(|(i, m)| Some((i, m, m.span(asof, ahead)?)))
        .collect();
    let takes_baseline = matches!(function, "compare" | "scorecard" | "bridge" | "drivers");
    let year_ago = slots.times.contains(&Moment::YearAgo);
    let unit_before = slots.times.iter().find_map(|m| match m {
        Moment::UnitBefore(grain) => Some(*grain),
        _ => None,
    });
    let same_in = slots.times.iter().find_map(|m| match m {
        Moment::SameIn(grain) => Some(*grain),
        _ => None,
    });
    match spans.as_slice() {
        [] => {
            if let Some(grain) = unit_before
                && grain != Grain::Month
                && takes_baseline
            {
                // The last complete quarter or week against the one before.
                let running = time::unit(grain, asof, 0);
                let shift = if running.is_some_and(|r| r.1 == asof) {
                    0
                } else {
                    -1
                };
                args.period = time::unit(grain, asof, shift).map(canonical);
            }
            if year_ago && takes_baseline {
                args.baseline = last_month(asof).and_then(time::year_ago).map(canonical);
            } else if let Some(grain) = same_in
                && takes_baseline
            {
                args.baseline = last_month(asof).and_then(|s| back(s, grain)).map(canonical);
            }
        }
        [(index, moment, span)] => {
            let versus = *index == 0 && VERSUS_LAST.is_in(&slots.text);
            if takes_baseline && versus && matches!(moment, Moment::Unit(Grain::Year, -1)) {
                args.baseline = last_month(asof).and_then(time::year_ago).map(canonical);
                args.guesses += usize::from(function != "compare");
            } else if takes_baseline && VERSUS_ONLY.is_in(&slots.text) && *index == 0 {
                match moment {
                    Moment::Unit(grain, -1) => {
                        args.period = time::unit(*grain, asof, 0).map(canonical);
                        args.baseline = Some(canonical(*span));
                    }
                    _ => args.baseline = Some(canonical(*span)),
                }
                args.guesses += 1;
            } else if function == "compare"
                && matches!(moment, Moment::Since(first) if first.ordinal() == 1 && first.year() < asof.year())
            {
                // "Changed since last year": against the same a year earlier.
                args.baseline = last_month(asof).and_then(time::year_ago).map(canonical);
                args.guesses += 1;
            } else {
                args.period = Some(canonical(*span));
                if year_ago && takes_baseline {
                    args.baseline = time::year_ago(*span).map(canonical);
                } else if let Some(grain) = same_in
                    && takes_baseline
                {
                    args.baseline = back(*span, grain).map(canonical);
                }
            }
        }
        [first, second, ..] => two_times(
            function,
            slots,
            takes_baseline,
            (first.2, first.1),
            (second.2, second.1),
            args,
        ),
    }
    // What the function shows by itself need not be said, but saying it is harmless.
    if args.baseline.is_some() && args.baseline == args.period {
        args.baseline = None;
    }
}

/// Two times of these are looked at and held against each other, whatever stands between them.
fn compares(function: &str) -> bool {
    matches!(function, "compare" | "bridge")
}

fn two_times(
    function: &str,
    slots: &Slots,
    takes_baseline: bool,
    first: (Span, Moment),
    second: (Span, Moment),
    args: &mut Args,
) {
    let (mut a, mut b) = (first.0, second.0);
    // "Q4 against Q4 the year before", "Q4 vs last year": the same dates, a year earlier.
    let whole_year = |m: Moment| m == Moment::Unit(Grain::Year, -1);
    if takes_baseline {
        if a == b
            || (whole_year(second.1)
                && time::unit(Grain::Year, a.0, 0) != Some(a)
                && !is_year_to_date(first.1))
        {
            b = time::year_ago(a).unwrap_or(b);
        } else if whole_year(first.1)
            && AGAINST_FIRST.is_in(&slots.text)
            && time::unit(Grain::Year, b.0, 0) != Some(b)
        {
            a = time::year_ago(b).unwrap_or(a);
        }
    }
    let range = FROM_TO.is_in(&slots.text) || AND_TIMES.is_in(&slots.text);
    // "from March to May 2024": the year said once holds for both; without a year the first is the latest before the second.
    if let (Moment::Named(name, time::Year::Open), Moment::Named(_, year)) = (first.1, second.1)
        && (FROM_TO.is_in(&slots.text) || slots.grain().is_some() && range)
        && (year != time::Year::Open || a.0 > b.0 && !compares(function))
        && let Some(moved) = [b.0.year(), b.0.year() - 1]
            .into_iter()
            .filter_map(|y| Moment::Named(name, time::Year::Named(y)).span(b.1, false))
            .find(|moved| moved.0 <= b.0)
    {
        a = moved;
    }
    if takes_baseline {
        let pair = BETWEEN.is_in(&slots.text) || !range || AND_TIMES.is_in(&slots.text);
        if pair || compares(function) {
            // The later is what is looked at, the earlier what it is held against.
            let (period, baseline) = if a.0 >= b.0 { (a, b) } else { (b, a) };
            args.period = Some(canonical(period));
            args.baseline = Some(canonical(baseline));
        } else {
            args.period = Some(canonical((a.0.min(b.0), a.1.max(b.1))));
        }
    } else if range {
        args.period = Some(canonical((a.0.min(b.0), a.1.max(b.1))));
    } else {
        args.period = Some(canonical(a));
        args.guesses += 1;
    }
}

/// The unit before a span that is one, else the same days one unit earlier.
pub(crate) fn unit_before(span: Span, grain: Grain) -> Option<Span> {
    match time::unit(grain, span.0, 0) {
        Some(whole) if whole == span => time::unit(grain, span.0, -1),
        _ => back(span, grain),
    }
}

/// The same days one unit earlier.
fn back((first, last): Span, grain: Grain) -> Option<Span> {
    use chrono::{Days, Months};
    let earlier = |day: NaiveDate| match grain {
        Grain::Day => day.checked_sub_days(Days::new(1)),
        Grain::Week => day.checked_sub_days(Days::new(7)),
        Grain::Month => day.checked_sub_months(Months::new(1)),
        Grain::Quarter => day.checked_sub_months(Months::new(3)),
        Grain::Year => day.checked_sub_months(Months::new(12)),
    };
    Some((earlier(first)?, earlier(last)?))
}

/// "This year so far against last year" may mean the whole of it.
fn is_year_to_date(moment: Moment) -> bool {
    moment == Moment::ToDate(Grain::Year)
}

fn outlook(slots: &Slots, asof: NaiveDate, args: &mut Args) {
    for moment in &slots.times {
        match moment {
            Moment::Ahead(n, grain) => {
                args.horizon = Some(*n);
                args.grain = Some(grain.name().to_owned());
            }
            Moment::YearAgo
            | Moment::UnitBefore(_)
            | Moment::Lately
            | Moment::Always
            | Moment::Rolling(..) => {}
            other => {
                if let Some(span) = other.span(asof, true)
                    && span.1 > asof
                    && args.period.is_none()
                    && args.horizon.is_none()
                {
                    args.period = Some(canonical(span));
                }
            }
        }
    }
    if args.horizon.is_some() {
        args.period = None;
    } else if args.period.is_none()
        && let Some(found) = HORIZON.captures(&slots.plain)
        && let Some(n) = found
            .get(1)
            .or(found.get(2))
            .and_then(|m| m.as_str().parse().ok())
    {
        args.horizon = Some(n);
        args.grain = Some(slots.grain().unwrap_or("month").to_owned());
    }
    if args.grain.is_none()
        && let Some(grain) = slots.grain()
    {
        args.grain = Some(grain.to_owned());
    }
}
