//! Forecasts of absurd series: a sane row with a status, whatever comes in.

use kpi_core::Cancel;
use kpi_core::forecast::interval::Calibration;
use kpi_core::forecast::{Model, Options, Status, forecast, paths, prepare};
use kpi_core::series::Grain;
use proptest::prelude::*;

fn check(values: &[f64], options: &Options) -> Result<(), TestCaseError> {
    for level in [0.8, 0.95] {
        let got = forecast(values, options, level, Cancel::NEVER).expect("data never fail");
        let known = values.iter().any(|v| v.is_finite());
        prop_assert_eq!(got.steps.len(), if known { options.horizon } else { 0 });
        for step in &got.steps {
            prop_assert!(step.mean.is_finite() && step.lo.is_finite() && step.hi.is_finite());
            prop_assert!(step.lo <= step.mean && step.mean <= step.hi, "{:?}", step);
            prop_assert!(!options.nonnegative || step.lo >= 0.0);
        }
    }
    let totals =
        paths::total(values, options, &[0.1, 0.5, 0.9], 1, Cancel::NEVER).expect("data never fail");
    if values.iter().any(|v| v.is_finite()) {
        prop_assert!(totals.iter().all(|v| v.is_finite()), "{:?}", totals);
        prop_assert!(totals.windows(2).all(|w| w[0] <= w[1]));
    }
    Ok(())
}

/// A sequence that some source somewhere will send.
fn absurd() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        8 => -1e3..1e3_f64,
        2 => Just(0.0),
        1 => Just(f64::NAN),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
        1 => prop_oneof![Just(1e300), Just(-1e300), Just(1e-300), Just(5e-324), Just(f64::MAX)],
        1 => Just(1e9),
    ];
    prop::collection::vec(value, 0..70)
}

fn options() -> impl Strategy<Value = Options> {
    (
        1..20_usize,
        prop::sample::select(Model::ALL.to_vec()),
        prop::option::of(prop::sample::select(Grain::ALL.to_vec())),
        prop::option::of(1..60_usize),
        any::<bool>(),
    )
        .prop_map(|(horizon, model, grain, season, nonnegative)| Options {
            model,
            grain,
            season,
            nonnegative,
            ..Options::new(horizon)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn anything_gets_a_sane_answer(values in absurd(), options in options()) {
        check(&values, &options)?;
    }
}

fn shapes() -> Vec<(&'static str, Vec<f64>)> {
    let n = 60;
    let of = |f: &dyn Fn(usize) -> f64| (0..n).map(f).collect::<Vec<f64>>();
    let noise = |t: usize| ((t * 7919 + 13) % 101) as f64 / 101.0;
    let mut outlier = of(&|t| 100.0 + 10.0 * noise(t));
    outlier[30] = 1e8;
    let mut outlier_at_end = outlier.clone();
    outlier_at_end[30] = 100.0;
    outlier_at_end[n - 1] = -1e8;
    vec![
        ("constant", of(&|_| 5.0)),
        ("one point", vec![3.0]),
        ("two points", vec![3.0, 4.0]),
        ("all zero", of(&|_| 0.0)),
        ("huge", of(&|t| 1e300 * (1.0 + noise(t)))),
        ("tiny", of(&|t| 1e-300 * (1.0 + noise(t)))),
        ("alternating", of(&|t| if t % 2 == 0 { 1.0 } else { -1.0 })),
        ("explosive", of(&|t| 2f64.powi(t as i32 * 15))),
        ("decaying", of(&|t| 2f64.powi(-(t as i32 * 15)))),
        ("outlier", outlier),
        ("outlier at the end", outlier_at_end),
        (
            "gappy",
            of(&|t| {
                if t % 3 == 0 {
                    10.0 + noise(t)
                } else {
                    f64::NAN
                }
            }),
        ),
        ("one sale", of(&|t| if t == 40 { 1.0 } else { 0.0 })),
        ("NaN", of(&|_| f64::NAN)),
        (
            "one gap to the end",
            of(&|t| if t < 5 { t as f64 } else { f64::NAN }),
        ),
        ("negative", of(&|t| -100.0 - 10.0 * noise(t))),
        ("steps", of(&|t| if t < 30 { 1.0 } else { 1e6 } + noise(t))),
    ]
}

#[test]
fn every_shape_with_every_model() {
    for (name, values) in shapes() {
        for model in Model::ALL {
            for grain in [None, Some(Grain::Day), Some(Grain::Month)] {
                for nonnegative in [false, true] {
                    let options = Options {
                        model,
                        grain,
                        nonnegative,
                        ..Options::new(12)
                    };
                    if let Err(error) = check(&values, &options) {
                        panic!(
                            "{name}, {}, {grain:?}, {nonnegative}: {error}",
                            model.name()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn shapes_get_their_status() {
    let want = [
        ("constant", Status::Constant),
        ("one point", Status::Short),
        ("two points", Status::Short),
        ("all zero", Status::Constant),
        ("one sale", Status::Intermittent),
        ("NaN", Status::NotFinite),
        ("outlier", Status::Ok),
    ];
    for (name, values) in shapes() {
        if let Some((_, status)) = want.iter().find(|(n, _)| *n == name) {
            let got = forecast(&values, &Options::new(6), 0.8, Cancel::NEVER).unwrap();
            assert_eq!(got.status, *status, "{name}: {}", got.note);
        }
    }
}

#[test]
fn an_outlier_of_a_million_times_does_not_move_the_forecast() {
    for (name, values) in shapes() {
        if name.starts_with("outlier") {
            let got = forecast(&values, &Options::new(6), 0.8, Cancel::NEVER).unwrap();
            assert!(got.note.contains("1 outlier"), "{name}: {}", got.note);
            for step in got.steps {
                assert!((90.0..120.0).contains(&step.mean), "{name}: {step:?}");
                assert!(step.hi < 1e4 && step.lo > -1e4, "{name}: {step:?}");
            }
        }
    }
}

#[test]
fn answers_do_not_depend_on_company_or_scale_order() {
    let y: Vec<f64> = (0..48).map(|t| 50.0 + (t * 37 % 19) as f64).collect();
    let z: Vec<f64> = y.iter().map(|v| v * 1024.0).collect();
    let options = Options {
        grain: Some(Grain::Month),
        ..Options::new(6)
    };
    let a = prepare(&y, &options, Cancel::NEVER).unwrap();
    let b = prepare(&z, &options, Cancel::NEVER).unwrap();
    let pool = Calibration::pool([a.scores.as_slice(), b.scores.as_slice()], 6);
    let (fa, fb) = (a.finish(&pool, 0.9).unwrap(), b.finish(&pool, 0.9).unwrap());
    for (p, q) in fa.steps.iter().zip(&fb.steps) {
        assert!((p.mean * 1024.0 - q.mean).abs() < 1e-6 * q.mean.abs());
        assert!((p.hi * 1024.0 - q.hi).abs() < 1e-6 * q.hi.abs());
    }
}

#[test]
fn bad_options_are_refused_with_numbers() {
    let y = [1.0, 2.0, 3.0];
    let error = forecast(&y, &Options::new(0), 0.9, Cancel::NEVER).unwrap_err();
    assert_eq!(
        error.to_string(),
        "horizon is 0, but must be between 1 and 10000"
    );
    assert!(forecast(&y, &Options::new(1), 1.0, Cancel::NEVER).is_err());
    let season = Options {
        season: Some(0),
        ..Options::new(1)
    };
    assert!(forecast(&y, &season, 0.9, Cancel::NEVER).is_err());
    let regressors = Options {
        regressors: vec![vec![1.0]],
        ..Options::new(1)
    };
    assert!(forecast(&y, &regressors, 0.9, Cancel::NEVER).is_err());
}

#[test]
fn a_raised_flag_ends_the_work() {
    let flag = std::sync::atomic::AtomicBool::new(true);
    let y: Vec<f64> = (0..100).map(|t| f64::from(t % 13)).collect();
    let got = forecast(&y, &Options::new(5), 0.9, Cancel::on(&flag));
    assert_eq!(got.unwrap_err(), kpi_core::Error::Cancelled);
}
