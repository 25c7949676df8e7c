//! Seasonal ARIMA on series of every kind: a valid model with finite numbers, or a clear error.

use approx::assert_relative_eq;
use kpi_core::forecast::sarima::{
    AutoOptions, Fit, Method, Order, Spec, auto, fit, ndiffs, nsdiffs,
};
use kpi_core::{Cancel, Error};
use proptest::prelude::*;

/// Series as they come: noise, walks, seasons, growth, constants, with gaps and outliers.
fn series() -> impl Strategy<Value = Vec<f64>> {
    let kind = 0..7_u8;
    let noise = prop::collection::vec(-1.0..1.0_f64, 0..70);
    let magnitude = prop::sample::select(vec![1e-300, 1e-12, 1.0, 1e4, 1e15, 1e300]);
    let gaps = prop::collection::vec(any::<prop::sample::Index>(), 0..6);
    let outlier = prop::option::of(any::<prop::sample::Index>());
    (kind, noise, magnitude, gaps, outlier).prop_map(|(kind, noise, size, gaps, outlier)| {
        let mut level = 0.0;
        let mut y: Vec<f64> = noise
            .iter()
            .enumerate()
            .map(|(t, &e)| {
                let time = t as f64;
                level += e;
                let value = match kind {
                    0 => e,
                    1 => level,
                    2 => 3.0 + (t % 4) as f64 + 0.2 * e,
                    3 => 1.3_f64.powf(time) / 1e6,
                    4 => 1.0,
                    5 => f64::from(t % 2 == 0),
                    _ => (time + e).max(0.0).floor(),
                };
                value * size
            })
            .collect();
        if !y.is_empty() {
            for gap in gaps {
                let at = gap.index(y.len());
                y[at] = f64::NAN;
            }
            if let Some(at) = outlier {
                let at = at.index(y.len());
                y[at] *= 1e6;
            }
        }
        y
    })
}

fn order() -> impl Strategy<Value = Order> {
    (
        (0..4_usize, 0..3_usize, 0..4_usize),
        (0..3_usize, 0..2_usize, 0..3_usize),
        prop::sample::select(vec![2, 4, 12]),
    )
        .prop_map(|((p, d, q), (sp, sd, sq), season)| {
            Order::new(p, d, q).seasonal(sp, sd, sq, season)
        })
}

fn all_finite(fit: &Fit, observations: usize) -> Result<(), TestCaseError> {
    for c in fit.coefficients() {
        prop_assert!(c.estimate.is_finite() && c.std_error.is_finite(), "{c:?}");
        prop_assert!(c.std_error >= 0.0, "{c:?}");
    }
    for number in [
        fit.sigma2(),
        fit.sigma2_unbiased(),
        fit.loglik(),
        fit.aic(),
        fit.aicc(),
        fit.bic(),
    ] {
        prop_assert!(number.is_finite(), "{} in {}", number, fit.spec());
    }
    prop_assert_eq!(fit.residuals().len(), observations);
    prop_assert_eq!(fit.fitted().len(), observations);
    prop_assert!(fit.residuals().iter().all(|v| v.is_finite()));
    prop_assert!(fit.fitted().iter().all(|v| v.is_finite()));
    prop_assert!(fit.psi_weights(9).iter().all(|v| v.is_finite()));
    let xreg = vec![
        vec![0.5; 9];
        fit.coefficients()
            .iter()
            .filter(|c| c.term.starts_with("xreg"))
            .count()
    ];
    let steps = fit.forecast(9, &xreg).expect("a forecast");
    prop_assert_eq!(steps.len(), 9);
    for step in steps {
        prop_assert!(step.mean.is_finite() && step.se.is_finite() && step.se >= 0.0);
    }
    let paths = fit.simulate(9, 3, &xreg, 1).expect("paths");
    prop_assert!(paths.iter().flatten().all(|v| v.is_finite()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn searches_end_in_a_finite_model(
        y in series(),
        season in prop::sample::select(vec![0, 1, 4, 7, 12]),
    ) {
        let options = AutoOptions { season, ..AutoOptions::default() };
        match auto(&y, &[], &options, Cancel::NEVER) {
            Ok(fit) => all_finite(&fit, y.len())?,
            Err(Error::TooShort { .. }) => {
                prop_assert!(y.iter().all(|v| v.is_nan()), "observations, but no model");
            }
            Err(Error::NotFinite { .. }) => prop_assert!(y.iter().any(|v| v.is_infinite())),
            Err(other) => prop_assert!(false, "{}", other),
        }
        prop_assert!(ndiffs(&y) <= 2 && nsdiffs(&y, season) <= 1);
    }

    #[test]
    fn any_order_fits_or_is_too_long(
        y in series(),
        order in order(),
        constant: bool,
        wave: bool,
        method in prop::sample::select(vec![Method::Ml, Method::Css, Method::CssMl]),
    ) {
        let xreg = if wave {
            vec![(0..y.len()).map(|t| (t as f64).sin()).collect()]
        } else {
            Vec::new()
        };
        match fit(&y, &xreg, &Spec { order, constant }, method, Cancel::NEVER) {
            Ok(fit) => all_finite(&fit, y.len())?,
            Err(Error::TooShort { have, need, .. }) => prop_assert!(have < need || have == 0),
            Err(Error::NotFinite { .. }) => prop_assert!(y.iter().any(|v| v.is_infinite())),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    /// Units do not matter, and neither does running the fitted model over its own data again.
    #[test]
    fn units_do_not_matter(seed in 0..500_u64, factor in prop::sample::select(vec![1e-6, 1e3, 1e9])) {
        let spec = Spec { order: Order::new(1, 0, 1), constant: true };
        let start = fit(&[1.0, 2.0, 1.5, 1.0], &[], &Spec { order: Order::new(0, 0, 0), constant: true }, Method::Ml, Cancel::NEVER)
            .expect("a mean");
        let y: Vec<f64> = start.simulate(60, 1, &[], seed).expect("a path").concat();
        let one = fit(&y, &[], &spec, Method::Ml, Cancel::NEVER).expect("a fit");
        let scaled: Vec<f64> = y.iter().map(|v| v * factor).collect();
        let two = fit(&scaled, &[], &spec, Method::Ml, Cancel::NEVER).expect("a fit");
        assert_relative_eq!(
            one.loglik() - two.loglik(),
            60.0 * f64::ln(factor),
            max_relative = 1e-4,
            epsilon = 1e-4
        );
        let again = one.apply(&y, &[]).expect("the same fit");
        assert_relative_eq!(again.loglik(), one.loglik(), max_relative = 1e-9);
        let (a, b) = (one.forecast(5, &[]).expect("steps"), again.forecast(5, &[]).expect("steps"));
        prop_assert_eq!(a, b);
    }

    /// A missing value at the end is a forecast, and the step after it is one step further.
    #[test]
    fn missing_end_shifts_the_horizon(seed in 0..100_u64) {
        let start = fit(&[1.0, 2.0, 1.5, 1.0], &[], &Spec { order: Order::new(0, 1, 0), constant: false }, Method::Ml, Cancel::NEVER)
            .expect("a walk");
        let mut y: Vec<f64> = start.simulate(50, 1, &[], seed).expect("a path").concat();
        let spec = Spec { order: Order::new(1, 1, 1), constant: true };
        let whole = fit(&y, &[], &spec, Method::Ml, Cancel::NEVER).expect("a fit");
        let long = whole.forecast(6, &[]).expect("steps");
        y.extend([f64::NAN, f64::NAN]);
        let gap = whole.apply(&y, &[]).expect("a fit");
        let short = gap.forecast(4, &[]).expect("steps");
        for (a, b) in long[2..].iter().zip(short) {
            assert_relative_eq!(a.mean, b.mean, max_relative = 1e-9);
            assert_relative_eq!(a.se, b.se, max_relative = 1e-9);
        }
        assert_relative_eq!(gap.fitted()[50], long[0].mean, max_relative = 1e-9);
    }
}

#[test]
fn short_and_constant_series_have_simple_models() {
    for n in 1..12 {
        let y = vec![5.0; n];
        let fit = auto(&y, &[], &AutoOptions::default(), Cancel::NEVER).expect("a model");
        assert_eq!(fit.spec().order.p + fit.spec().order.q, 0, "{}", fit.spec());
        for step in fit.forecast(3, &[]).expect("steps") {
            assert_relative_eq!(step.mean, 5.0, max_relative = 1e-12);
            assert_eq!(step.se, 0.0, "{n}");
        }
    }
    let line: Vec<f64> = (0..30).map(|t| 2.0 + 3.0 * f64::from(t)).collect();
    let fit = auto(&line, &[], &AutoOptions::default(), Cancel::NEVER).expect("a model");
    assert_eq!(fit.spec().to_string(), "ARIMA(0,1,0) with drift");
    let steps = fit.forecast(2, &[]).expect("steps");
    assert_relative_eq!(steps[1].mean, 95.0, max_relative = 1e-9);
    assert!(auto(&[], &[], &AutoOptions::default(), Cancel::NEVER).is_err());
}

#[test]
fn redundant_regressors_have_no_coefficient() {
    let y: Vec<f64> = (0..40).map(|t| f64::from(t * 7 % 11)).collect();
    let wave: Vec<f64> = (0..40).map(|t| f64::from(t).sin()).collect();
    let xreg = [
        wave.clone(),
        wave.iter().map(|x| 2.0 * x).collect(),
        vec![0.0; 40],
    ];
    let spec = Spec {
        order: Order::new(1, 0, 0),
        constant: true,
    };
    let fit = fit(&y, &xreg, &spec, Method::Ml, Cancel::NEVER).expect("a fit");
    let alone = kpi_core::forecast::sarima::fit(&y, &xreg[..1], &spec, Method::Ml, Cancel::NEVER)
        .expect("a fit");
    let value = |fit: &Fit, term: &str| {
        fit.coefficients()
            .iter()
            .find(|c| c.term == term)
            .map(|c| c.estimate)
    };
    assert_relative_eq!(fit.loglik(), alone.loglik(), max_relative = 1e-9);
    assert_eq!(fit.aic(), alone.aic());
    assert_relative_eq!(
        value(&fit, "xreg1").expect("xreg1"),
        value(&alone, "xreg1").expect("xreg1"),
        max_relative = 1e-4
    );
    assert_eq!(value(&fit, "xreg2"), Some(0.0));
    assert_eq!(value(&fit, "xreg3"), Some(0.0));
}

#[test]
fn cancelled_work_ends() {
    let flag = std::sync::atomic::AtomicBool::new(true);
    let y: Vec<f64> = (0..60).map(|t| f64::from(t * t % 17)).collect();
    let result = auto(&y, &[], &AutoOptions::default(), Cancel::on(&flag));
    assert_eq!(result.err(), Some(Error::Cancelled));
}

/// Found by the properties above: four observations, of which no two lie a season apart.
#[test]
fn differences_that_leave_nothing_are_not_taken() {
    let n = f64::NAN;
    let y = [3e-300, n, n, 6e-300, n, n, n, 6e-300, 3e-300];
    let options = AutoOptions {
        season: 4,
        ..AutoOptions::default()
    };
    let fit = auto(&y, &[], &options, Cancel::NEVER).unwrap();
    assert!(fit.fitted().iter().all(|v| v.is_finite()));
}
