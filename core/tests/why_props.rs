//! Root causes and anomalies answer whatever they are given.

use kpi_core::Cancel;
use kpi_core::anomaly::{Mode, Options, adjust, changepoints, decompose, detect, events};
use kpi_core::drivers::{self, Cube, Kind, Method, drivers as explain};
use proptest::prelude::*;

fn odd() -> impl Strategy<Value = f64> {
    prop_oneof![
        5 => -1e3..1e6_f64,
        2 => Just(0.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(-1e300),
        1 => Just(1e-300),
    ]
}

type Row = (u8, u8, u8, f64, f64);

fn cube_of(rows: &[Row]) -> Cube {
    let mut cube = Cube::default();
    for (a, b, c, actual, expected) in rows {
        let (a, b, c) = (a.to_string(), b.to_string(), c.to_string());
        cube.push(&[&a, &b, &c], *actual, *expected).unwrap();
    }
    cube
}

fn options() -> drivers::Options {
    drivers::Options::new(vec!["a".into(), "b".into(), "c".into()])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Parallel aggregation may cut the rows anywhere.
    #[test]
    fn merging_cubes_is_one_pass(
        rows in prop::collection::vec((0u8..4, 0u8..3, 0u8..5, -100i32..1000, 0i32..1000), 0..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let rows: Vec<Row> = rows
            .iter()
            .map(|r| (r.0, r.1, r.2, f64::from(r.3), f64::from(r.4)))
            .collect();
        let (left, right) = rows.split_at(cut.index(rows.len() + 1));
        let whole = cube_of(&rows);
        let mut parts = cube_of(right);
        parts.merge(&cube_of(left)).unwrap();
        prop_assert_eq!(serde_json::to_string(&whole).unwrap(), serde_json::to_string(&parts).unwrap());
        let back: Cube = serde_json::from_str(&serde_json::to_string(&whole).unwrap()).unwrap();
        prop_assert_eq!(
            explain(&whole, &options(), Cancel::NEVER).unwrap(),
            explain(&back, &options(), Cancel::NEVER).unwrap()
        );
    }

    #[test]
    fn any_cube_is_answered_and_adds_up(
        rows in prop::collection::vec((0u8..6, 0u8..3, 0u8..40, odd(), odd()), 0..200),
    ) {
        let cube = cube_of(&rows);
        for method in [Method::Scan, Method::Adtributor] {
            let options = drivers::Options { method, ..options() };
            let found = explain(&cube, &options, Cancel::NEVER).unwrap();
            if cube.is_empty() {
                prop_assert!(found.is_empty());
                continue;
            }
            prop_assert_eq!(found[0].kind, Kind::Market);
            prop_assert_eq!(found[found.len() - 1].kind, Kind::Residual);
            let total = &found[0];
            let explained: Option<f64> = found.iter().map(|d| d.contribution).sum();
            if let Some(explained) = explained {
                let growth = (total.value - total.baseline) / total.baseline;
                let size: f64 = found.iter().filter_map(|d| d.contribution).map(f64::abs).sum();
                prop_assert!((explained - growth).abs() <= 1e-6 * (1.0 + size), "{explained} {growth}");
            }
        }
    }

    #[test]
    fn any_series_is_answered(
        values in prop::collection::vec(odd(), 0..120),
        season in 0usize..40,
    ) {
        for mode in [Mode::Monitoring, Mode::Retrospective] {
            let options = Options { mode, season, ..Options::default() };
            let points = detect(&values, &options, Cancel::NEVER).unwrap();
            prop_assert_eq!(points.len(), values.len());
            let mut p: Vec<f64> = points.iter().map(|x| x.p).collect();
            prop_assert!(p.iter().all(|p| p.is_nan() || (0.0..=1.0).contains(p)));
            adjust(&mut [&mut p], mode, 365, 0.05);
            let flagged: Vec<bool> = p.iter().map(|q| *q <= 0.05).collect();
            for event in events(&values, &points, &flagged, &[]) {
                prop_assert!(event.start <= event.end && event.impact.is_finite());
            }
        }
        prop_assert_eq!(decompose(&values, &[season], Cancel::NEVER).unwrap().len(), values.len());
        changepoints(&values, season, Cancel::NEVER).unwrap();
    }

    /// Levels that move at any time and by any factor, with promotions between, are answered in both modes.
    #[test]
    fn moving_levels_are_answered(
        parts in prop::collection::vec((0usize..60, 0u32..80, any::<bool>()), 1..14), seed in 0u64..1000
    ) {
        let values: Vec<f64> = parts
            .iter()
            .flat_map(|(days, level, few)| std::iter::repeat_n((*level, *few), *days))
            .enumerate()
            .map(|(t, (level, few))| {
                let noise = hum(t as u64 + 1_000 * seed);
                (f64::from(level) * if few { 0.1 } else { 1.0 } * (1.0 + noise)).round()
            })
            .collect();
        for mode in [Mode::Monitoring, Mode::Retrospective] {
            let options = Options { mode, season: 7, ..Options::default() };
            let points = detect(&values, &options, Cancel::NEVER).unwrap();
            prop_assert_eq!(points.len(), values.len());
            prop_assert!(points.iter().all(|p| p.p.is_nan() || (0.0..=1.0).contains(&p.p)));
        }
    }

    /// Monitoring says on the day what it says later.
    #[test]
    fn monitoring_never_looks_ahead(seed in 0u64..1000, cut in 60usize..199, few in any::<bool>()) {
        let values: Vec<f64> = (0..200u64)
            .map(|t| {
                let hash = (t + 1).wrapping_mul(seed.wrapping_add(77).wrapping_mul(0x9e37_79b9_7f4a_7c15));
                let noise = hash >> 59;
                if few {
                    // A lull of few sales.
                    if (110..140).contains(&t) { 0.0 } else { noise.saturating_sub(16) as f64 }
                } else {
                    (50 + noise + if t == 120 { 200 } else { 0 }) as f64
                }
            })
            .collect();
        let options = Options { season: 7, ..Options::default() };
        let judge = |values: &[f64]| {
            let points = detect(values, &options, Cancel::NEVER).unwrap();
            let mut p: Vec<f64> = points.iter().map(|x| x.p).collect();
            adjust(&mut [&mut p], Mode::Monitoring, 365, 0.05);
            (points, p)
        };
        let (whole, q) = judge(&values);
        let (part, part_q) = judge(&values[..cut]);
        for t in 0..cut {
            prop_assert!(whole[t].p == part[t].p || whole[t].p.is_nan() && part[t].p.is_nan());
            prop_assert!(whole[t].expected == part[t].expected || part[t].expected.is_nan());
            prop_assert!(q[t] == part_q[t] || part_q[t].is_nan());
        }
    }
}

#[test]
fn a_planted_cause_is_named_and_a_market_move_is_not() {
    for (market, cut) in [(1.0, 0.3), (0.7, 0.3), (0.8, 1.0)] {
        let mut cube = Cube::default();
        for a in 0..8u64 {
            for b in 0..6u64 {
                for c in 0..5u64 {
                    let hash = (a * 31 + b * 7 + c + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    let noise = ((hash >> 40) % 21) as f64 - 10.0;
                    let expected = 100.0 + (a * 10) as f64;
                    let moved = if b == 2 { cut } else { 1.0 };
                    let actual = (expected * market * moved + noise).round();
                    let (a, b, c) = (a.to_string(), b.to_string(), c.to_string());
                    cube.push(&[&a, &b, &c], actual, expected).unwrap();
                }
            }
        }
        let found = explain(&cube, &options(), Cancel::NEVER).unwrap();
        let segments: Vec<_> = found.iter().filter(|d| d.kind == Kind::Segment).collect();
        if cut < 1.0 {
            assert_eq!(segments.len(), 1, "{segments:?}");
            assert_eq!(segments[0].members, [("b".to_owned(), "2".to_owned())]);
            assert!((segments[0].ratio.unwrap() - cut).abs() < 0.05);
        } else {
            assert!(segments.is_empty(), "{segments:?}");
            assert_eq!(found[0].status, "no_local_cause");
        }
        assert!((found[0].ratio.unwrap() - market).abs() < 0.03);
    }
}

#[test]
fn odd_cubes_are_answered() {
    let name: Vec<String> = (0..300).map(|i| i.to_string()).collect();
    let one = cube_of(&[(0, 0, 0, 5.0, 10.0)]);
    let found = explain(&one, &options(), Cancel::NEVER).unwrap();
    assert_eq!(found[0].status, "too_few");
    let equal = cube_of(
        &(0..60)
            .map(|i| (i % 3, i % 4, i % 5, 7.0, 7.0))
            .collect::<Vec<_>>(),
    );
    let found = explain(&equal, &options(), Cancel::NEVER).unwrap();
    assert_eq!(found[0].status, "no_local_cause");
    let nothing = cube_of(
        &(0..60)
            .map(|i| (i % 3, i % 4, i % 5, 7.0, 0.0))
            .collect::<Vec<_>>(),
    );
    let found = explain(&nothing, &options(), Cancel::NEVER).unwrap();
    assert_eq!(found[0].status, "no_baseline");
    let mut wide = Cube::default();
    for (i, member) in name.iter().enumerate() {
        wide.push(&[member, "x", &name[i / 10]], 100.0, 100.0)
            .unwrap();
    }
    assert!(explain(&wide, &options(), Cancel::NEVER).is_ok());
    let flag = std::sync::atomic::AtomicBool::new(true);
    assert!(explain(&wide, &options(), Cancel::on(&flag)).is_err());
}

/// Noise without a pattern, between -1 and 1.
fn hum(t: u64) -> f64 {
    let x = (t + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((x >> 11) as f64 / (1_u64 << 52) as f64) - 1.0
}

fn q_of(values: &[f64]) -> Vec<f64> {
    let options = Options {
        season: 7,
        ..Options::default()
    };
    let mut q: Vec<f64> = detect(values, &options, Cancel::NEVER)
        .unwrap()
        .iter()
        .map(|x| x.p)
        .collect();
    adjust(&mut [&mut q], Mode::Monitoring, 365, 0.05);
    q
}

/// Sums of few sales: about three a day, each between 1 and 19, and none in one day of thirty.
fn few_sales(days: u64, kept: impl Fn(u64) -> f64) -> Vec<f64> {
    (0..days)
        .map(|t| {
            let sales = (2.5 + 1.9 * hum(7 * t)).round() as u64;
            (0..sales)
                .map(|i| 10.0 + 9.0 * hum(1_000 + 31 * t + i))
                .filter(|x| hum((100.0 * x) as u64 + t) < 2.0 * kept(t) - 1.0)
                .sum()
        })
        .collect()
}

/// Days without a sale are no news among few sales, weeks without are.
#[test]
fn weeks_of_few_sales_without_any_are_a_drop_and_their_end_is_none() {
    let (at, days) = (400, 27);
    let lull = at..at + days;
    let values = few_sales(560, |t| if lull.contains(&t) { 0.1 } else { 1.0 });
    let options = Options {
        season: 7,
        ..Options::default()
    };
    let points = detect(&values, &options, Cancel::NEVER).unwrap();
    let flagged: Vec<usize> = q_of(&values)
        .iter()
        .enumerate()
        .filter(|(_, q)| **q <= 0.05)
        .map(|(t, _)| t)
        .collect();
    let (at, end) = (at as usize, (at + days) as usize);
    assert!(
        flagged.first().is_some_and(|t| (at..at + 21).contains(t)),
        "{flagged:?}"
    );
    // The week that shows its end.
    assert!(flagged.last().is_some_and(|t| *t < end + 7), "{flagged:?}");
    // What is expected is what was usual before.
    let usual = values[..at].iter().sum::<f64>() / at as f64;
    assert!(
        points[end - 1].expected > 0.5 * usual,
        "{:?}",
        points[end - 1]
    );
    // Where it lasts, the level has moved, and less is expected.
    let stays = few_sales(560, |t| if t < lull.start { 1.0 } else { 0.2 });
    let points = detect(&stays, &options, Cancel::NEVER).unwrap();
    assert!(points[at..].iter().any(|p| p.shift));
    assert!(points[559].expected < 0.5 * usual, "{:?}", points[559]);
    let news = q_of(&stays)[480..].iter().filter(|q| **q <= 0.05).count();
    assert_eq!(news, 0);
}

#[test]
fn days_that_are_not_news_alone_are_together() {
    let values: Vec<f64> = (0..500)
        .map(|t| 200.0 + 20.0 * hum(t) - if (300..303).contains(&t) { 36.0 } else { 0.0 })
        .collect();
    let q = q_of(&values);
    assert!(q[300] > 0.05, "{}", q[300]);
    assert!(q[302] <= 0.05, "{:?}", &q[299..304]);
    assert!(q[303] > 0.05, "an ordinary day after a drop: {}", q[303]);
    let flagged: Vec<usize> = (0..500).filter(|t| q[*t] <= 0.05).collect();
    assert!(
        flagged.iter().all(|t| (300..303).contains(t)),
        "{flagged:?}"
    );
}

#[test]
fn one_outlier_does_not_mark_the_days_after() {
    let values: Vec<f64> = (0..500)
        .map(|t| 200.0 + 20.0 * hum(t) + if t == 300 { 150.0 } else { 0.0 })
        .collect();
    let flagged: Vec<usize> = q_of(&values)
        .iter()
        .enumerate()
        .filter(|(_, q)| **q <= 0.05)
        .map(|(t, _)| t)
        .collect();
    assert_eq!(flagged, [300]);
}

#[test]
fn a_sale_after_weeks_without_any_is_no_news() {
    let values: Vec<f64> = (0..730)
        .map(|t| match t {
            _ if t > 100 && t < 260 => 0.0,
            260 => 2.0,
            _ => f64::from(u8::from(hum(t) > 0.8)),
        })
        .collect();
    assert!(q_of(&values).iter().all(|q| q.is_nan() || *q > 0.05));
}

#[test]
fn few_sales_are_counts_not_errors_of_a_forecast() {
    // Six hundred cells that sell in about half of all periods, one brand nothing any more.
    let mut cube = Cube::default();
    for i in 0..600_u64 {
        let (brand, channel, sku) = (
            (i % 6).to_string(),
            (i / 6 % 5).to_string(),
            (i / 30).to_string(),
        );
        let sold = |window: u64| f64::from(u8::from(hum(i + 1000 * window) > 0.0)) * 30.0;
        let actual = if i % 6 == 3 { 0.0 } else { sold(2) };
        cube.push(&[&brand, &channel, &sku], actual, sold(1))
            .unwrap();
    }
    let found = explain(&cube, &options(), Cancel::NEVER).unwrap();
    let segments: Vec<_> = found.iter().filter(|d| d.kind == Kind::Segment).collect();
    assert_eq!(segments.len(), 1, "{segments:?}");
    assert_eq!(segments[0].members, [("a".to_owned(), "3".to_owned())]);
    assert!(segments[0].ratio_hi.unwrap() < 1.0, "{segments:?}");
}

/// Found by the properties above: growth beyond what a number holds is not given.
#[test]
fn growth_from_next_to_nothing_is_left_out() {
    let cube = cube_of(&[(0, 0, 0, -1e300, 0.0), (0, 0, 0, 0.0, 1e-300)]);
    let found = explain(&cube, &options(), Cancel::NEVER).unwrap();
    assert!(
        found
            .iter()
            .all(|d| d.contribution.is_none_or(f64::is_finite))
    );
}

/// Promotions that no calendar names, a week each and about four a year.
fn promoted(t: u64) -> f64 {
    let week = [1.1, 1.0, 0.95, 0.9, 0.95, 1.05, 1.05][t as usize % 7];
    let promotion = if t >= 60 && (t - 60) % 90 < 7 {
        2.2
    } else {
        1.0
    };
    400.0 * week * promotion * (1.0 + 0.17 * hum(t))
}

fn flagged(q: &[f64]) -> Vec<usize> {
    (0..q.len()).filter(|t| q[*t] <= 0.05).collect()
}

/// Past promotions are no everyday noise, and the level does not follow them.
#[test]
fn promotions_do_not_hide_a_drop() {
    for fall in [470, 500, 560] {
        let values: Vec<f64> = (0..600)
            .map(|t| {
                promoted(t)
                    * if (fall..fall + 5).contains(&t) {
                        0.5
                    } else {
                        1.0
                    }
            })
            .collect();
        let found = flagged(&q_of(&values));
        let fall = fall as usize;
        assert!(
            found.contains(&fall) || found.contains(&(fall + 1)),
            "{fall} {found:?}"
        );
        let outside: Vec<_> = found
            .iter()
            .filter(|t| !(fall..fall + 5).contains(*t) && (**t < 60 || (**t - 60) % 90 >= 7))
            .collect();
        assert!(outside.is_empty(), "{outside:?}");
    }
}

/// The level follows a fall of two weeks in the end, and goes back when it is over.
#[test]
fn what_returns_to_its_level_is_no_news() {
    let values: Vec<f64> = (0..500)
        .map(|t| 400.0 * (1.0 + 0.1 * hum(t)) * if (300..316).contains(&t) { 0.4 } else { 1.0 })
        .collect();
    let options = Options {
        season: 7,
        ..Options::default()
    };
    let points = detect(&values, &options, Cancel::NEVER).unwrap();
    let found = flagged(&q_of(&values));
    assert!(found.contains(&300), "{found:?}");
    assert!(found.iter().all(|t| (300..316).contains(t)), "{found:?}");
    assert!(points.iter().all(|p| !p.shift), "it went back");
    let stays: Vec<f64> = (0..500)
        .map(|t| 400.0 * (1.0 + 0.1 * hum(t)) * if t >= 300 { 0.4 } else { 1.0 })
        .collect();
    let points = detect(&stays, &options, Cancel::NEVER).unwrap();
    let moved: Vec<usize> = (0..500).filter(|t| points[*t].shift).collect();
    assert_eq!(moved, [309]);
    assert!(
        flagged(&q_of(&stays))
            .iter()
            .all(|t| (300..311).contains(t))
    );
}

/// A promotion in the first weeks makes neither the level nor the noise of what follows.
#[test]
fn a_promotion_in_the_warm_up_is_laid_aside() {
    let values: Vec<f64> = (0..120)
        .map(|t| {
            let promotion = if (18..25).contains(&t) { 2.5 } else { 1.0 };
            let fall = if (40..43).contains(&t) { 0.5 } else { 1.0 };
            400.0 * (1.0 + 0.1 * hum(t)) * promotion * fall
        })
        .collect();
    let found = flagged(&q_of(&values));
    assert!(found.contains(&41), "{found:?}");
    assert!(found.iter().all(|t| (40..43).contains(t)), "{found:?}");
}

/// The members that are named where one dimension is all there is.
fn named(cube: &Cube) -> Vec<String> {
    let options = drivers::Options::new(vec!["a".into()]);
    explain(cube, &options, Cancel::NEVER)
        .unwrap()
        .into_iter()
        .filter(|d| d.kind == Kind::Segment)
        .map(|d| d.members.into_iter().map(|m| m.1).collect())
        .collect()
}

/// One of few members must not hide itself in the scatter that it is held against.
#[test]
fn one_of_few_members_is_found() {
    let of = |times: f64| -> Vec<String> {
        let mut cube = Cube::default();
        for member in 0..10u64 {
            let size = 400.0 + 60.0 * member as f64;
            let noise = size.sqrt() * hum(member);
            let own = if member == 3 { times } else { 1.0 };
            let name = format!("m{member}");
            cube.push(&[&name], (1.1 * own * size + noise).round(), size)
                .unwrap();
        }
        named(&cube)
    };
    assert_eq!(of(2.0), ["m3"]);
    assert_eq!(of(0.5), ["m3"]);
    assert_eq!(of(1.0), [""; 0]);
}

/// The shares of 1,000 cubes of `leaves` members of 200 to 2,000 units, dispersion 1.6 and a drift of
/// `drift` each, in which one member times `times` is named alone, and in which others are.
fn shares(leaves: u64, times: f64, drift: f64) -> (f64, f64) {
    let (mut found, mut others) = (0.0, 0.0);
    for run in 0..1000_u64 {
        let draw = |at: u64| hum((run * 8192 + at) * 64 + leaves);
        let normal = |at: u64| (at..at + 12).map(draw).sum::<f64>() / 2.0;
        let mut cube = Cube::default();
        for member in 0..leaves {
            let size = 200.0 * 10_f64.powf((draw(member) + 1.0) / 2.0);
            let period = |at: u64, mean: f64| {
                let noise = (1.6 * mean).sqrt() * normal(1000 + at + 24 * member);
                (mean * (drift * normal(3000 + at + 24 * member)).exp() + noise).round()
            };
            let own = if member == 0 { times } else { 1.0 };
            let name = format!("m{member}");
            cube.push(&[&name], period(0, own * size), period(12, size))
                .unwrap();
        }
        let said = named(&cube);
        found += f64::from(u8::from(said == ["m0"]));
        others += f64::from(u8::from(said.iter().any(|s| s != "m0" || times == 1.0)));
    }
    (found / 1000.0, others / 1000.0)
}

/// `cargo test --release few_members_are -- --nocapture` prints the figures of docs/root-cause.md.
#[test]
#[allow(clippy::print_stdout, reason = "the figures of the docs")]
fn few_members_are_judged_soundly() {
    for drift in [0.0, 0.05] {
        for leaves in [5, 6, 7, 8, 10, 15, 20, 29, 40] {
            let [doubled, halved, quiet] =
                [2.0, 0.5, 1.0].map(|times| shares(leaves, times, drift));
            println!(
                "{leaves} leaves, drift {drift}: doubled {:.3}, halved {:.3}, others {:.3} {:.3}, quiet {:.3}",
                doubled.0, halved.0, doubled.1, halved.1, quiet.1
            );
            // The default alpha is 0.05.
            for others in [doubled.1, halved.1, quiet.1] {
                assert!(others <= 0.05, "{leaves} leaves: {others}");
            }
            let least = if drift == 0.0 { 0.8 } else { 0.55 };
            assert!(doubled.0 >= least, "{leaves} leaves: {doubled:?}");
        }
    }
}
