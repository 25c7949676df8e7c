//! Which column a number is said to be: "from 80 to 90", "a target of 90", "90 was expected", "(80 to 95)".
//!
//! A right figure in the wrong place is the commonest slip of a model. Words beside a number that name a
//! column, or a time that names a row, must fit the fact that the number is.

use std::collections::BTreeSet;

use super::super::facts::{Facts, Lang, Unit, day, grain_of, num, period_words, when};
use super::super::pattern::Pattern;
use super::super::text::fold;
use super::numbers::Said;

/// Words just before or after a number, and the columns that they name.
static LABELS: [(Pattern, &[&str]); 21] = [
    (
        Pattern::new(
            r"\b(?:held|holds?|cover\w*|captur\w+|contain\w*|(?:lay|lies|fell|falls) (?:with)?in(?:side)?)\b",
        ),
        &["coverage"],
    ),
    (
        Pattern::new(
            r"\b(?:would|should) have (?:made|been|sold|reached|brought|earned|come to|had)\b",
        ),
        &["expected"],
    ),
    (
        Pattern::new(
            r"\b(?:largest|biggest) (?:one|member|\w+)? ?(?:holds?|has|brings?|makes?|accounts)|최대 구성원",
        ),
        &["top1_share"],
    ),
    (
        Pattern::new(r"\btop (?:5|five)\b|\bfive largest\b|상위 5"),
        &["top5_share"],
    ),
    (Pattern::new(r"\bneeded for\b"), &["members_for_80"]),
    (
        Pattern::new(r"\b(?:commit\w*|safe|cautious)\b|보수적"),
        &["commit"],
    ),
    (Pattern::new(r"\bstretch\b|도전"), &["stretch_target"]),
    (Pattern::new(r"\bambitious\b|야심"), &["ambitious"]),
    (
        Pattern::new(r"\b(?:a|one) year (?:earlier|before|ago)\b|전년"),
        &["last_year", "baseline", "year_ago_pct", "implied_growth"],
    ),
    (
        Pattern::new(
            r"\b(?:target|goal|plan) (?:of|is|was)\b|\bagainst(?: (?:a|the|its|their) target of)? (?:[a-z]{3} )?$|목표",
        ),
        &["target"],
    ),
    (
        Pattern::new(r"\b(?:reach|reaches|reaching|hits?|hitting) (?:[a-z]{3} )?$"),
        &["target", "to_date", "expected_end", "value", "forecast"],
    ),
    (
        Pattern::new(
            r"\b(?:so far|to date|has made|have made|has reached|have reached)\b|지금까지|누적|현재",
        ),
        &["to_date"],
    ),
    (
        Pattern::new(
            r"\b(?:expected|expectation of|expect|forecast|forecasts|projected|likely|predicted)\b|기대|예상|예측",
        ),
        &["expected", "expected_end", "forecast"],
    ),
    (
        Pattern::new(r"\binstead of (?:the )?(?:[a-z]{3} )?$"),
        &["expected", "expected_end", "forecast", "target"],
    ),
    (
        Pattern::new(r"\b(?:at most|up to|no more than)\b|최대"),
        &["hi", "price_hi"],
    ),
    (
        Pattern::new(r"\b(?:at least|no less than)\b|최소"),
        &["lo", "price_lo"],
    ),
    (
        Pattern::new(r"\b(?:probability|chance|likelihood|probable)\b|확률"),
        &["p_attain", "level"],
    ),
    (Pattern::new(r"\belasticity\b|탄력성"), &["elasticity"]),
    (Pattern::new(r"\bhhi\b"), &["hhi"]),
    (Pattern::new(r"\bgini\b|지니"), &["gini"]),
    (
        Pattern::new(r"\beffective (?:number|n)\b"),
        &["effective_n"],
    ),
];

/// The parts of a bridge.
static PARTS: [(Pattern, &[&str]); 6] = [
    (Pattern::new(r"\bprices?\b|가격"), &["price"]),
    (Pattern::new(r"\bvolumes?\b|물량"), &["volume"]),
    (Pattern::new(r"\bmix\b|믹스"), &["mix"]),
    (Pattern::new(r"\bnew\b|신제품"), &["new"]),
    (Pattern::new(r"\bdiscontinued\b|단종"), &["discontinued"]),
    (
        Pattern::new(
            r"\b(?:gained|lost|fell|rose|grew|declined|dropped|increased|decreased)(?: by)?\b|증가|감소",
        ),
        &["change"],
    ),
];

/// Between the two ends of an interval.
static BETWEEN: Pattern =
    Pattern::new(r"^[%a-z개원 ]{0,12}(?: ?(?:to|and|~|-|–) ?)(?:[a-z]{3} |[€$£₩])?-?$|^[%개원]?~$");
static OPENS: Pattern = Pattern::new(
    r"(?:\(|\bbetween |\b(?:anywhere|anything|somewhere|rang(?:e|es|ed|ing)|(?:could|may|might) be) from |interval(?: of| from| is)? |구간(?:은|이)? |범위(?:는)? |normal:? |range(?: of)? )(?:[a-z]{3} ?|[€$£₩])?-?$",
);
static FROM: Pattern = Pattern::new(r"\bfrom (?:[a-z]{3} |[€$£₩])?$");
static EQUAL_TO: Pattern =
    Pattern::new(r"\b(?:equal|equivalent|amount\w*|correspond\w*) to (?:[a-z]{3} |[€$£₩])?$");
static TO: Pattern = Pattern::new(
    r"\b(?:to|reached|came to|stood at|stands at|totalled|totaled) (?:[a-z]{3} |[€$£₩])?$",
);
static COMPARED: Pattern = Pattern::new(r"\bcompared (?:to|with) (?:[a-z]{3} |[€$£₩])?$");
static CHANGED: Pattern = Pattern::new(
    r"^ ?(?:units |pieces |points |percent |% )?(?:more|less|fewer|higher|lower) than\b|^[%개원]? ?(?:줄|늘|증가|감소)",
);
static KO_CHANGED: Pattern =
    Pattern::new(r"^(?:%p|%|개|원|포인트)? ?(?:적|많|낮|높|부족|초과|줄|늘|밑|웃)");
static KO_THAN: Pattern = Pattern::new(r"보다 ?(?:약 ?)?(?:[a-z]{3} |[€$£₩])?$");
static IN_PLACE_OF: Pattern = Pattern::new(
    r"\b(?:in place of|instead of|rather than|compared (?:to|with)) (?:[a-z]{3} |[€$£₩])?$",
);
static WOULD_BE: Pattern =
    Pattern::new(r"\b(?:would be|will be|to be|is|at) (?:[a-z]{3} |[€$£₩])?$");
static KO_IN_PLACE_OF: Pattern = Pattern::new(r"^[%개원]?(?: 대신|[이가]? ?아니라)");
/// "72 of 90": a part and its whole.
static OF_WHOLE: Pattern = Pattern::new(r"^ of (?:the |its |a )?(?:[a-z]{3} )?\d");
static WHOLE: Pattern = Pattern::new(r"\d of (?:the |its |a )?(?:[a-z]{3} )?$");
static BY: Pattern = Pattern::new(
    r"\b(?:by|(?:drop|rise|gain|loss|increase|decrease|decline|growth|fall|change|difference) of|equal to|equals|equivalent to|amounting to) (?:[a-z]{3} |[€$£₩])?[-+]?$",
);
static KO_FROM: Pattern = Pattern::new(r"^[%개원]?에서");
static KO_TO: Pattern = Pattern::new(r"^[%개원]?(?:\(으\)로|으로|로)(?: ?$| [^가])");
/// What may stand between a number and the name it is of: "GBP 31.20 for Gorse".
static OF_WHAT: Pattern = Pattern::new(
    r"^ ?(?:%|percent|points|percentage points|units|pieces|items|eur|usd|gbp|krw|euros|dollars|pounds)?(?: sold| lost| gained| made| added)? ?(?:for|in|at|on|of|from|by|with|to) (?:the )?$",
);

/// Where a number stands: the words before it since the last number or break, and those after it.
struct Place<'t> {
    before: &'t str,
    after: &'t str,
    open: bool,
}

fn place<'t>(text: &'t str, said: &[Said], at: usize) -> Place<'t> {
    let number = &said[at];
    let start = at
        .checked_sub(1)
        .and_then(|i| said.get(i))
        .map_or(0, |n| n.to);
    let end = said.get(at + 1).map_or(text.len(), |n| n.from);
    let mut before = text.get(start..number.from).unwrap_or("");
    for mark in [", ", ": ", " and ", " / ", "("] {
        // "price, volume" breaks; "a drop of" does not, nor does "price (+8,450".
        let own_bracket =
            |cut: usize| mark == "(" && before.len() - cut <= 5 && !before.contains("interval");
        if let Some(cut) = before.rfind(mark).filter(|cut| !own_bracket(*cut)) {
            before = &before[cut + if mark == "(" { 0 } else { mark.len() - 1 }..];
        }
    }
    let after = text.get(number.to..end.max(number.to)).unwrap_or("");
    // "3,420 (commit)": what stands in brackets behind a number names it.
    let after = after.strip_prefix(" (").unwrap_or(after);
    let cut = after.find([',', ':', '(', ')', ';', '/']);
    Place {
        before,
        after: &after[..cut.unwrap_or(after.len())],
        // The words run on to the next number and may be its own.
        open: cut.is_none() && at + 1 < said.len(),
    }
}

/// Columns that only a share can be of.
const SHARES: [&str; 4] = ["p_attain", "level", "top1_share", "top5_share"];

/// Columns that the words beside a number name, and whether those stand after it; empty where they name none.
fn named_columns(
    place: &Place<'_>,
    bridge: bool,
    present: &BTreeSet<String>,
    unit: Option<Unit>,
) -> (Vec<&'static str>, bool) {
    let may_be = |c: &str| {
        present.contains(c)
            && (!SHARES.contains(&c) || !matches!(unit, Some(Unit::Money | Unit::Count)))
    };
    let parts = if bridge { PARTS.as_slice() } else { &[] };
    let find = |text: &str, last: bool| {
        let mut best: Option<(usize, &'static [&'static str])> = None;
        for (pattern, columns) in LABELS.iter().chain(parts) {
            if !columns.iter().any(|c| may_be(c)) {
                continue;
            }
            let hits = pattern.find_iter(text);
            let hit = if last {
                hits.last()
            } else {
                hits.into_iter().next()
            };
            // Words between two numbers belong to the nearer one.
            let hit = hit.filter(|h| last || !place.open || h.start() < text.len() - h.end());
            if let Some(hit) = hit {
                let nearer = |old: usize| {
                    if last {
                        hit.start() >= old
                    } else {
                        hit.start() < old
                    }
                };
                // "물량 감소로", "a volume decline of": a move right behind a part is the part's.
                let of_part = |at: usize| {
                    last && columns == &["change"] && hit.start() > at && hit.start() - at < 24
                };
                if best.is_some_and(|(at, _)| of_part(at)) {
                    continue;
                }
                // "EUR 1,250으로 예상치 EUR 4,980": what is expected is the next number.
                let of_next =
                    !last && place.open && OF_NEXT.is_in(text.get(hit.end()..).unwrap_or(""));
                if of_next {
                    continue;
                }
                if best.is_none_or(|(at, _)| nearer(at)) {
                    best = Some((hit.start(), columns));
                }
            }
        }
        best.map(|(_, columns)| columns.to_vec())
    };
    match find(place.before, true) {
        Some(columns) => (columns, false),
        None => (find(place.after, false).unwrap_or_default(), true),
    }
}

static SIDE: Pattern = Pattern::new(
    r"^ ?(?:%|percent|points|units)? ?(?:below|above|under|over|short of|ahead of|more than|less than)\b",
);
/// Whether what follows a number makes it a distance: "% below".
pub(super) fn is_distance(after: &str) -> bool {
    SIDE.is_in(after)
}

static OF_NEXT: Pattern = Pattern::new(r"^(?:치|값|액)(?:인|는|은|을|를)? ?(?:[a-z]{3} |[€$£₩])?$");

static PARTS_SIGNED: Pattern = Pattern::new(
    r"\b((?:prices?|volumes?|mix)(?:(?:, and |, | and )(?:the )?(?:prices?|volumes?|mix))*)\b[^,.:\d]{0,40}\b(?:(positive|upward)|(negative|downward|adverse|unfavourable))\b",
);

/// "Price and mix had a negative effect": the parts and the sign.
pub(super) fn parts_signed(sentence: &str) -> Option<(Vec<&'static str>, f64)> {
    let hit = PARTS_SIGNED.captures(sentence)?;
    let list = hit.get(1)?.as_str();
    let parts = ["price", "volume", "mix"]
        .into_iter()
        .filter(|p| list.contains(p));
    Some((
        parts.collect(),
        if hit.get(2).is_some() { 1.0 } else { -1.0 },
    ))
}

/// Each part of a bridge must have the sign that it is said to have.
pub(super) fn check_parts(
    kind: &str,
    sentence: &str,
    named: &[(usize, usize)],
    base: &super::base::Base,
    faults: &mut Vec<super::Fault>,
) {
    let Some((parts, sign)) = parts_signed(sentence).filter(|_| kind == "bridge") else {
        return;
    };
    let row = named.first().map(|n| n.0);
    let wrong = |part: &&str| {
        let of = |f: &&super::base::Fact| f.column == **part && f.row == row;
        let mut facts = base.facts.iter().filter(of).peekable();
        // One row alone is the total.
        let alone = base.facts.iter().filter(|f| f.column == **part);
        match facts.peek() {
            Some(_) => !facts.any(|f| f.x * sign > 0.0),
            None => !alone.into_iter().any(|f| f.x * sign > 0.0),
        }
    };
    if parts.iter().any(wrong) {
        faults.push(super::Fault::new(super::FaultKind::Direction, parts[0]));
    }
}

static PART_BEHIND: Pattern =
    Pattern::new(r"^(?: (?:in|of))? (?:the |its |average )?(prices?|volumes?|mix)\b");

/// Whether the part of a bridge that a direction is said of goes that way; `None` where no part is named.
pub(super) fn part_agrees(
    text: &str,
    start: usize,
    hit: std::ops::Range<usize>,
    sign: f64,
    named: &[(usize, usize)],
    base: &super::base::Base,
) -> Option<bool> {
    let behind = PART_BEHIND
        .captures(text.get(hit.end..).unwrap_or(""))
        .and_then(|c| Some(c.get(1)?.as_str().trim_end_matches('s').to_owned()));
    let before = || {
        let head = text.get(start..hit.start).unwrap_or("");
        PARTS
            .iter()
            .take(5)
            .filter_map(|(pattern, columns)| {
                let at = pattern.find_iter(head).last()?.start();
                Some((at, (*columns.first()?).to_owned()))
            })
            .max_by_key(|(at, _)| *at)
            .map(|(_, column)| column)
    };
    let part = behind.or_else(before)?;
    let place = named.iter().rev().find(|n| n.1 < hit.start).map(|n| n.1);
    let mut known = false;
    let mut agrees = false;
    for fact in base.facts.iter().filter(|f| f.column == part && f.x != 0.0) {
        let own = match place {
            Some(place) => named.iter().any(|n| n.1 == place && Some(n.0) == fact.row),
            None => true,
        };
        known |= own;
        agrees |= own && fact.x * sign > 0.0;
    }
    known.then_some(agrees)
}

static PART_IS: Pattern = Pattern::new(
    r"^(?: (?:positive|negative|single))?(?: (?:drag|boost|factor|driver|part|effect|contribution|contributor|gain|loss|influence))?(?: on \w+)? (?:was|is|came from|comes from|being) (?:the )?(?:higher |lower )?(prices?|volumes?|mix|new|discontinued)\b",
);

/// Whether the part called the largest of a bridge is that, of all parts or of those that go its way; `None` where no part is.
pub(super) fn largest_part(
    text: &str,
    hit: std::ops::Range<usize>,
    named: &[(usize, usize)],
    base: &super::base::Base,
) -> Option<bool> {
    let behind = PART_IS
        .captures(text.get(hit.end..).unwrap_or(""))
        .and_then(|c| Some(c.get(1)?.as_str().trim_end_matches('s').to_owned()));
    let before = || {
        let head = text.get(..hit.start).unwrap_or("");
        PARTS
            .iter()
            .take(5)
            .filter_map(|(pattern, columns)| {
                let at = pattern.find_iter(head).last()?.start();
                (head.len() - at < 40).then_some((at, (*columns.first()?).to_owned()))
            })
            .max_by_key(|(at, _)| *at)
            .map(|(_, column)| column)
    };
    let part = behind.or_else(before)?;
    const ALL: [&str; 5] = ["price", "volume", "mix", "new", "discontinued"];
    let place = named.iter().rev().find(|n| n.1 < hit.start).map(|n| n.1);
    let rows: Vec<usize> = match place {
        Some(place) => named.iter().filter(|n| n.1 == place).map(|n| n.0).collect(),
        None => (0..base.names.len()).collect(),
    };
    Some(rows.iter().any(|row| {
        let of = |column: &str| super::relations::column(base, *row, column).unwrap_or(0.0);
        let own = of(&part);
        own != 0.0
            && ALL
                .iter()
                .map(|c| of(c))
                .filter(|x| x * own > 0.0)
                .all(|x| x.abs() <= own.abs())
    }))
}

/// What the surroundings of a number ask of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// It must be one of these columns, where there are any.
    pub columns: Vec<&'static str>,
    /// The words that name them stand after it.
    pub behind: bool,
    /// It must be an earlier level ("from 80").
    pub earlier: bool,
    /// It must be a level that something came to ("to 90").
    pub reached: bool,
    /// It must be a change ("by 10").
    pub change: bool,
    /// It is an end of an interval, low or high.
    pub end: Option<bool>,
}

pub(super) fn asked(
    text: &str,
    said: &[Said],
    at: usize,
    bridge: bool,
    present: &BTreeSet<String>,
) -> Asked {
    let number = &said[at];
    let mut asked = Asked::default();
    let head = text.get(..number.from).unwrap_or("");
    let gap = |a: &Said, b: &Said| {
        text.get(a.to..b.from)
            .is_some_and(|t| BETWEEN.is_in(t) && !t.contains("from"))
    };
    let interval = |i: usize| {
        said.get(i)
            .zip(said.get(i + 1))
            .is_some_and(|(a, b)| OPENS.is_in(text.get(..a.from).unwrap_or("")) && gap(a, b))
    };
    let bounds = present.contains("lo") || present.contains("price_lo");
    if bounds && interval(at) {
        asked.end = Some(false);
        return asked;
    }
    if bounds && at > 0 && interval(at - 1) {
        asked.end = Some(true);
        return asked;
    }
    let place = place(text, said, at);
    (asked.columns, asked.behind) = named_columns(&place, bridge, present, number.unit);
    let tail = text.get(number.to..).unwrap_or("");
    if present.contains("target") && number.unit != Some(Unit::Share) {
        if OF_WHOLE.is_in(tail) {
            asked.columns = vec!["to_date", "expected_end", "value"];
        } else if WHOLE.is_in(head) {
            asked.columns = vec!["target"];
        }
    }
    let compared = COMPARED.is_in(head);
    asked.earlier = FROM.is_in(head) || compared || KO_FROM.is_in(tail);
    // "A change of 9,370 consists of price": what it consists of are others.
    if asked.behind && BY.is_in(head) {
        asked.columns.clear();
    }
    // "31.7 % below what was expected" is a distance from it.
    if asked.behind && SIDE.is_in(tail) {
        asked.columns.clear();
    }
    // "82.8 % of the target" is a part of it.
    if number.unit == Some(Unit::Share) && asked.columns == ["target"] {
        asked.columns.clear();
    }
    let supposed = !present.contains("change") && !present.contains("text");
    if present.contains("baseline") && present.contains("expected") && supposed {
        // What would be, in place of what is: the level and the one before.
        asked.columns.retain(|c| *c != "expected");
        if IN_PLACE_OF.is_in(head) || KO_IN_PLACE_OF.is_in(tail) {
            asked.earlier = true;
        } else if WOULD_BE.is_in(head) {
            asked.reached = true;
        }
    }
    asked.reached |= TO.is_in(head)
        && !EQUAL_TO.is_in(head)
        && !compared
        && !place.before.contains("up to")
        && !CHANGED.is_in(tail)
        || KO_TO.is_in(tail) && !KO_FROM.is_in(tail);
    // What comes to +8.5 % is a change.
    asked.reached &= !number.signed;
    asked.change = BY.is_in(head) || CHANGED.is_in(tail);
    // "예상보다 63개 적은": so much less than expected, not what was expected.
    if KO_CHANGED.is_in(tail) && KO_THAN.is_in(place.before) {
        asked.columns.clear();
        asked.change = true;
    }
    asked
}

/// Whether the words between a number and a name make it that name's number.
pub(super) fn belongs_to_next(between: &str) -> bool {
    OF_WHAT.is_in(between)
}

/// What a time in a text stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Which {
    Row(usize),
    Period,
    Baseline,
}

static YEAR_SAID: Pattern = Pattern::new(r"\b(?:19|20)\d\d");
static YEAR_OF: Pattern = Pattern::new(r"(?:^(?:19|20)\d\d년 ?| (?:19|20)\d\d$)");

/// Times as they are printed, folded, with what they stand for.
///
/// A month without its year is that of the year which `sentence` names.
pub(super) fn time_names(facts: &Facts, sentence: &str) -> Vec<(String, Which)> {
    let mut years: Vec<i32> = YEAR_SAID
        .find_iter(sentence)
        .filter_map(|m| m.as_str().parse().ok())
        .collect();
    years.dedup();
    let year_of = |row: usize| {
        let at = facts.rows.get(row).and_then(|r| day(r, "time"));
        at.map(|d| chrono::Datelike::year(&d))
    };
    let elsewhere = |which: &Which| match (which, years.as_slice()) {
        (Which::Row(row), [year]) => year_of(*row) != Some(*year),
        _ => false,
    };
    let mut found: Vec<(String, Which)> = Vec::new();
    let grain = grain_of(&facts.rows);
    for (index, row) in facts.rows.iter().enumerate() {
        if let Some(at) = day(row, "time")
            && (num(row, "value").is_some() || num(row, "forecast").is_some())
        {
            for lang in [Lang::En, Lang::Ko] {
                found.push((fold(&when(at, grain, lang)), Which::Row(index)));
            }
        }
    }
    // Without its year, where no other row shares that.
    let short: Vec<(String, Which)> = found
        .iter()
        .filter_map(|(name, which)| Some((YEAR_OF.regex()?.replace(name, "").into_owned(), *which)))
        .filter(|(name, _)| !name.is_empty())
        .collect();
    let all_elsewhere = short.iter().all(|(_, w)| elsewhere(w));
    let short: Vec<(String, Which)> = short
        .into_iter()
        .filter(|(_, w)| all_elsewhere || !elsewhere(w))
        .collect();
    for (name, which) in &short {
        let rows = |w: &Which| matches!((w, which), (Which::Row(a), Which::Row(b)) if a != b);
        let clash = short.iter().any(|(n, w)| {
            n == name && rows(w) && {
                let at = |w: &Which| match w {
                    Which::Row(row) => facts.rows.get(*row).and_then(|r| day(r, "time")),
                    _ => None,
                };
                at(w) != at(which)
            }
        });
        if !clash && !found.iter().any(|(n, w)| n == name && w == which) {
            found.push((name.clone(), *which));
        }
    }
    for (period, which) in [
        (&facts.period, Which::Period),
        (&facts.baseline, Which::Baseline),
    ] {
        if let Some(period) = period {
            for lang in [Lang::En, Lang::Ko] {
                found.push((fold(&period_words(period, lang)), which));
            }
        }
    }
    found
}

static THEN: Pattern = Pattern::new(r"\b(?:then|before|later|afterwards|subsequently)\b");
static RELATIVE: Pattern = Pattern::new(
    r"^ ?(?:units |pieces )?(?:(?:a|one) (?:day|week|month|quarter|year) (?:later|after|earlier|before)|(?:the|in the) (?:day|week|month|quarter|year) (?:after|before)|(?:the )?(?:next|previous|following) (?:day|week|month|quarter|year))\b",
);

/// The rows whose times stand in `text`, by place.
pub(super) fn time_rows(text: &str, names: &[(String, Which)]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = time_places(text, names)
        .into_iter()
        .filter_map(|(at, _, which)| match which {
            Which::Row(row) => Some((row, at)),
            _ => None,
        })
        .collect();
    found.sort_unstable_by_key(|f| (f.1, f.0));
    found.dedup();
    found
}

/// Where times stand and what each is, the longest name at each place.
fn time_places(text: &str, names: &[(String, Which)]) -> Vec<(usize, usize, Which)> {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let mut places: Vec<(usize, usize, Which)> = Vec::new();
    for (name, which) in names {
        places.extend(text.match_indices(name.as_str()).filter_map(|(at, _)| {
            let end = at + name.len();
            let inside = letter(text.get(..at).and_then(|t| t.chars().last()))
                || letter(text.get(end..).and_then(|t| t.chars().next()));
            // "2025" stands in "june 2025" too; the longer name was meant.
            let longer = names.iter().any(|(other, _)| {
                other.len() > name.len()
                    && text
                        .match_indices(other.as_str())
                        .any(|(a, _)| a <= at && end <= a + other.len())
            });
            (!longer && !inside).then_some((at, end, *which))
        }));
    }
    places.sort_by_key(|p| p.0);
    places
}

static IN_TIME: Pattern = Pattern::new(r"(?:^|[ ,])(?:in|during) $");
static ANOTHER: Pattern = Pattern::new(
    r"\b(?:than|from|against|compared|versus|vs|over|since|up|down|more|less|fewer|higher|lower|after|before|chang\w+|rose|fell|grew)\b",
);

/// The time a number belongs to: right after it, else the last before it, else the next.
pub(super) fn time_of(
    text: &str,
    number: &Said,
    said: &[Said],
    names: &[(String, Which)],
) -> Vec<Which> {
    let places = time_places(text, names);
    // "From week A to week B units rose from 1,010 to 1,233": as many figures after the times, in their order.
    let mut spots: Vec<(usize, usize)> = places.iter().map(|p| (p.0, p.1)).collect();
    spots.dedup();
    // "Went up by 3 %, from 80 to 90": a percentage is of neither.
    let each = |n: &Said| text.get(n.to..).is_some_and(|t| t.starts_with(" each"));
    let level =
        |n: &&Said| (n.unit != Some(Unit::Share) || number.unit == Some(Unit::Share)) && !each(n);
    let after_all = |n: &&Said| spots.iter().all(|s| s.1 <= n.from) && level(n);
    let listed: Vec<&Said> = said.iter().filter(after_all).collect();
    let rows = |p: &(usize, usize, Which)| matches!(p.2, Which::Row(_));
    if spots.len() > 1
        && places.iter().all(rows)
        && listed.len() == spots.len()
        && let Some(at) = listed.iter().position(|n| n.from == number.from)
    {
        let spot = spots.get(at);
        return places
            .iter()
            .filter(|p| Some(&(p.0, p.1)) == spot)
            .map(|p| p.2)
            .collect();
    }
    // "1,233 a week later" is of the row after the one named.
    let since = places
        .iter()
        .rev()
        .find(|p| p.1 <= number.from)
        .map_or(0, |p| p.1);
    let moved_on = THEN.is_in(text.get(since..number.from).unwrap_or(""));
    if moved_on || RELATIVE.is_in(text.get(number.to..).unwrap_or("")) {
        return Vec::new();
    }
    let next = places.iter().find(|p| p.0 >= number.to);
    let adjacent = next.filter(|p| belongs_to_next(text.get(number.to..p.0).unwrap_or("")));
    let prior = places.iter().rev().find(|p| p.1 <= number.from);
    let Some(chosen) = adjacent.or(prior).or(next) else {
        return Vec::new();
    };
    // A baseline is named in passing; only right beside it is a number one of it.
    let gap = number.from.saturating_sub(chosen.1);
    let passing = adjacent.is_none() && (chosen.0 > number.from || gap > 6);
    if chosen.2 == Which::Baseline && passing {
        // "876 were sold in 2016", "In 2016, 876 were sold": nothing it is held against stands there.
        let between = match chosen.0 > number.from {
            true => text.get(number.to..chosen.0).unwrap_or(""),
            false => text.get(chosen.1..number.from).unwrap_or(""),
        };
        let held = |n: &Said| n.from != number.from && n.unit == number.unit;
        let alone = spots.len() == 1 && !said.iter().any(held);
        let of_it = IN_TIME.is_in(text.get(..chosen.0).unwrap_or(""));
        if !(alone && of_it)
            || ANOTHER.is_in(text.get(..chosen.0).unwrap_or(""))
            || ANOTHER.is_in(between)
        {
            return Vec::new();
        }
    }
    // Of the period is what does not say otherwise; only right behind a number it is more than the setting.
    places
        .iter()
        .filter(|p| (p.0, p.1) == (chosen.0, chosen.1))
        .map(|p| p.2)
        .filter(|w| *w != Which::Period || adjacent.is_some())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for (pattern, columns) in LABELS.iter().chain(&PARTS) {
            assert!(pattern.regex().is_some(), "{columns:?}");
        }
        for pattern in [
            &RELATIVE,
            &KO_CHANGED,
            &KO_THAN,
            &BETWEEN,
            &OPENS,
            &FROM,
            &TO,
            &BY,
            &CHANGED,
            &COMPARED,
            &KO_FROM,
            &KO_TO,
            &OF_WHAT,
        ] {
            assert!(pattern.regex().is_some());
        }
    }
}
