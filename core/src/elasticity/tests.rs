//! Made-up worlds with known elasticities, none of whose seeds shaped the method's constants.

use proptest::prelude::*;

use super::*;
use crate::Cancel;
use crate::draw::Draw;

/// A made-up world and its truths.
struct World {
    panel: Panel,
    truth: Vec<(String, f64)>,
}

/// Gamma(shape, 1) by Marsaglia & Tsang 2000.
fn gamma(draw: &mut Draw, shape: f64) -> f64 {
    if shape < 1.0 {
        return gamma(draw, shape + 1.0) * draw.uniform().powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    loop {
        let x = draw.normal();
        let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
        if v > 0.0 && draw.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

fn poisson(draw: &mut Draw, mean: f64) -> f64 {
    if mean > 60.0 {
        return (mean + mean.sqrt() * draw.normal()).round().max(0.0);
    }
    let (limit, mut p, mut k) = ((-mean).exp(), draw.uniform(), 0.0);
    while p > limit {
        p *= draw.uniform();
        k += 1.0;
    }
    k
}

/// `scale` units a week and item over two years; promotions come with lift, prices move by steps.
fn world(seed: u64, scale: f64, shuffled: bool) -> World {
    let mut draw = Draw::new(seed);
    let weeks = 104;
    let mut panel = Panel::new();
    let mut truth = Vec::new();
    let shocks: Vec<f64> = (0..weeks).map(|_| 0.08 * draw.normal()).collect();
    for kind in 0..6 {
        let centre = -1.0 - 2.5 * draw.uniform();
        let (phase, swing) = (draw.uniform() * 6.3, 0.3 * draw.uniform());
        let lift = 0.2 + 0.3 * draw.uniform();
        for item in 0..7 {
            let slope = centre + 0.3 * draw.normal();
            let level = (scale * (0.6 * draw.normal()).exp()).ln();
            let trend = 0.2 * draw.normal();
            let list = 10_000.0 * (1.0 + 3.0 * draw.uniform());
            let mut step = 0.0;
            let mut drift = 0.0;
            let mut promo_left = 0;
            let mut was_promo = false;
            let mut plan = Vec::new();
            for _ in 0..weeks {
                if draw.uniform() < 0.06 {
                    step = 0.06 * draw.normal();
                }
                if promo_left == 0 && draw.uniform() < 0.06 {
                    promo_left = 1 + draw.index(2);
                }
                let promo = promo_left > 0;
                promo_left = usize::saturating_sub(promo_left, 1);
                let cut = if promo {
                    0.1 + 0.2 * draw.uniform()
                } else {
                    0.0
                };
                plan.push((step + f64::ln(1.0 - cut), promo));
            }
            let name = format!("{kind}-{item}");
            let mut charged = plan.clone();
            if shuffled {
                for i in (1..charged.len()).rev() {
                    charged.swap(i, draw.index(i + 1));
                }
            }
            for (w, (log_price, promo)) in plan.iter().enumerate() {
                drift = 0.8 * drift + 0.05 * draw.normal();
                let season = swing * (std::f64::consts::TAU * w as f64 / 52.18 + phase).cos();
                let log_mean = level
                    + trend * w as f64 / 52.0
                    + drift
                    + season
                    + shocks[w]
                    + slope * log_price
                    + if *promo { lift } else { 0.0 }
                    - if was_promo && !promo { 0.15 } else { 0.0 };
                was_promo = *promo;
                let mean = log_mean.exp() * gamma(&mut draw, 25.0) / 25.0;
                let units = poisson(&mut draw, mean);
                let (shown, flag) = charged[w];
                panel.push(
                    &name,
                    &kind.to_string(),
                    "",
                    7 * w as i32,
                    Sold {
                        lines: 0.0,
                        units,
                        revenue: units * list * shown.exp(),
                        promoted: if flag { units } else { 0.0 },
                    },
                );
            }
            truth.push((name, slope));
        }
    }
    World { panel, truth }
}

/// Order lines, `scale` a week and item, over two years: most of a few units, prices that change on any day and are seen
/// only where something is sold, promotions that nobody has noted, channels with price levels of their own.
fn orders(seed: u64, scale: f64) -> World {
    let mut draw = Draw::new(seed);
    let mut panel = Panel::new();
    let mut truth = Vec::new();
    let channels = [("web", 0.97, 0.5), ("shop", 1.0, 0.8), ("outlet", 0.9, 1.0)];
    for kind in 0..8 {
        let centre = -1.2 - 2.0 * draw.uniform();
        for item in 0..5 {
            let slope = centre + 0.3 * draw.normal();
            let rate = scale / 7.0 * (0.4 * draw.normal()).exp();
            let name = format!("{kind}-{item}");
            let (mut step, mut promotion) = (0.0_f64, 0);
            for day in 0..728 {
                if draw.uniform() < 0.02 {
                    step = 0.08 * draw.normal();
                }
                if promotion == 0 && draw.uniform() < 0.008 {
                    promotion = 7;
                }
                let log_price = step - if promotion > 0 { 0.18 } else { 0.0 };
                let lift = if promotion > 0 { 0.35 } else { 0.0 };
                promotion = i32::max(promotion - 1, 0);
                let lines = poisson(&mut draw, rate * (slope * log_price + lift).exp());
                for _ in 0..lines as usize {
                    let units = 1.0 + (-2.0 * draw.uniform().ln()).floor();
                    let u = draw.uniform();
                    let (channel, level, _) =
                        *channels.iter().find(|c| u < c.2).unwrap_or(&channels[0]);
                    panel.push(
                        &name,
                        &kind.to_string(),
                        channel,
                        day,
                        Sold {
                            lines: 1.0,
                            units,
                            revenue: units * 20_000.0 * level * log_price.exp(),
                            promoted: 0.0,
                        },
                    );
                }
            }
            truth.push((name, slope));
        }
    }
    World { panel, truth }
}

/// (mean absolute error, bias, share of truths inside 90 % intervals) over some worlds.
fn score(seeds: std::ops::Range<u64>, make: impl Fn(u64) -> World) -> (f64, f64, f64) {
    let (mut error, mut bias, mut inside, mut n) = (0.0, 0.0, 0.0, 0.0);
    for seed in seeds {
        let world = make(seed);
        let got = elasticities(&world.panel, 0.9, Cancel::NEVER).unwrap();
        for (name, truth) in &world.truth {
            let Some(e) = got.items.iter().find(|e| e.item == *name) else {
                continue;
            };
            if let (Some(mean), Some(lo), Some(hi)) = (e.elasticity, e.lo, e.hi) {
                n += 1.0;
                error += (mean - truth).abs();
                bias += mean - truth;
                inside += f64::from(u8::from(lo <= *truth && *truth <= hi));
            }
        }
    }
    (error / n, bias / n, inside / n)
}

/// Error below 0.35 where the data allow it; at 8 units a week they allow no better than about 0.4. The intervals are to
/// hold 90 % and hold 83, 85 and 79 % here: a known shortfall in a world whose demand drifts for months beside prices that
/// stay as long. Generated sales give 86 to 94 % (docs/recommendations.md).
#[test]
fn intervals_cover_and_errors_stay_small() {
    for (scale, most, least) in [(8.0, 0.45, 0.8), (40.0, 0.35, 0.82), (300.0, 0.35, 0.75)] {
        let (error, _, inside) = score(900..906, |seed| world(seed, scale, false));
        assert!(error < most, "scale {scale}: error {error}");
        assert!(
            (least..=0.96).contains(&inside),
            "scale {scale}: coverage {inside}"
        );
    }
}

/// With three lines a week most prices between sales are unknown: slopes must not be pulled towards 0 by that, and
/// intervals must hold. In this world of a promotion every other month they come out up to 0.3 too steep, as a promotion
/// that starts within a week is only half told from its price.
#[test]
fn few_lines_do_not_flatten_slopes() {
    for (scale, most, off, least) in [(3.0, 0.5, 0.32, 0.82), (20.0, 0.3, 0.2, 0.85)] {
        let (error, bias, inside) = score(920..926, |seed| orders(seed, scale));
        assert!(error < most, "{scale} lines a week: error {error}");
        assert!(
            (-off..0.15).contains(&bias),
            "{scale} lines a week: bias {bias}"
        );
        assert!(
            (least..=0.97).contains(&inside),
            "{scale} lines a week: coverage {inside}"
        );
    }
}

/// Days that are far apart, or far from any calendar, cost no more than others.
#[test]
fn odd_dates_are_survived() {
    let mut panel = Panel::new();
    for day in [i32::MIN, -2_000_000, 0, 7, 14, 3_000_000, i32::MAX] {
        panel.push(
            "a",
            "k",
            "",
            day,
            Sold {
                lines: 1.0,
                units: 1.0,
                revenue: 5.0,
                promoted: 0.0,
            },
        );
    }
    let got = elasticities(&panel, 0.9, Cancel::NEVER).unwrap();
    assert_eq!(got.items[0].status, Status::Short);
}

#[test]
fn shuffled_prices_show_no_elasticity() {
    let (mut clear, mut n) = (0, 0);
    for seed in 950..954 {
        let got = elasticities(&world(seed, 40.0, true).panel, 0.95, Cancel::NEVER).unwrap();
        for e in got.items {
            n += 1;
            clear += usize::from(e.hi.is_some_and(|hi| hi < 0.0));
        }
    }
    assert!(clear * 20 <= n, "{clear} of {n}");
}

#[test]
fn says_why_there_is_no_answer() {
    let mut panel = Panel::new();
    for w in 0..60 {
        let row = |price: f64| Sold {
            lines: 0.0,
            units: 10.0,
            revenue: 10.0 * price,
            promoted: 0.0,
        };
        panel.push("steady", "a", "", 7 * w, row(100.0));
        if w < 5 {
            panel.push("new", "a", "", 7 * w, row(100.0 + f64::from(w)));
        }
    }
    panel.push(
        "nan",
        "a",
        "",
        1,
        Sold {
            units: f64::NAN,
            ..Sold::default()
        },
    );
    let got = elasticities(&panel, 0.9, Cancel::NEVER).unwrap();
    let status: Vec<_> = got
        .items
        .iter()
        .map(|e| (e.item.as_str(), e.status))
        .collect();
    assert_eq!(
        status,
        [("new", Status::Short), ("steady", Status::NoPriceVariation)]
    );
    assert!(got.items.iter().all(|e| e.elasticity.is_none()));
    assert_eq!(got.kinds[0].elasticity, None);
    let none = elasticities(&Panel::new(), 0.9, Cancel::NEVER).unwrap();
    assert!(none.items.is_empty() && none.kinds.is_empty());
    assert!(elasticities(&panel, 1.0, Cancel::NEVER).is_err());
}

proptest! {
    /// Rows may be cut anywhere into two panels and merged either way round.
    #[test]
    fn merge_equals_one_pass(
        rows in prop::collection::vec((0u8..4, 0u8..3, 0i32..20, 1u32..50, 1u32..900), 0..80),
        cut in any::<prop::sample::Index>(),
    ) {
        let fill = |rows: &[(u8, u8, i32, u32, u32)]| {
            let mut panel = Panel::new();
            for (item, kind, week, units, price) in rows {
                // Whole numbers add up exactly in any order.
                let row = Sold {
                    lines: 1.0,
                    units: f64::from(*units),
                    revenue: f64::from(units * price),
                    promoted: f64::from(units / 2),
                };
                panel.push(&item.to_string(), &kind.to_string(), ["web", "shop"][usize::from(*units > 25)], *week, row);
            }
            panel
        };
        let (left, right) = rows.split_at(cut.index(rows.len() + 1));
        let whole = fill(&rows);
        prop_assert_eq!(&fill(left).merge(fill(right)), &whole);
        prop_assert_eq!(&fill(right).merge(fill(left)), &whole);
        let mut names: Vec<u8> = rows.iter().map(|r| r.0).collect();
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(whole.len(), names.len());
    }
}
