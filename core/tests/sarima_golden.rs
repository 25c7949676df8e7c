//! Seasonal ARIMA against R 4.2 and its package `forecast`; `golden/sarima.R` made the figures.

use std::collections::BTreeMap;

use kpi_core::Cancel;
use kpi_core::forecast::sarima::{
    AutoOptions, Fit, Method, Order, Spec, auto, fit, ndiffs, nsdiffs,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    series: BTreeMap<String, Vec<Option<f64>>>,
    fits: Vec<Case>,
    searches: Vec<Search>,
}

#[derive(Deserialize)]
struct Case {
    series: String,
    order: [usize; 3],
    seasonal: [usize; 3],
    season: usize,
    constant: bool,
    regressor: bool,
    method: String,
    terms: BTreeMap<String, f64>,
    errors: BTreeMap<String, f64>,
    loglik: f64,
    sigma2: f64,
    sigma2_unbiased: f64,
    aicc: Option<f64>,
    mean: Vec<f64>,
    lower80: Vec<f64>,
    upper95: Vec<f64>,
}

#[derive(Deserialize)]
struct Search {
    series: String,
    season: usize,
    order: [usize; 3],
    ndiffs: usize,
    nsdiffs: usize,
    aicc: f64,
}

/// 80 % and 95 % quantiles of the normal distribution, two-sided.
const Z80: f64 = 1.281_551_565_544_600_4;
const Z95: f64 = 1.959_963_984_540_054;

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/sarima.json")).expect("readable golden file")
}

impl Golden {
    fn series(&self, name: &str) -> Vec<f64> {
        self.series[name]
            .iter()
            .map(|v| v.unwrap_or(f64::NAN))
            .collect()
    }
}

/// The regressor of the R script.
fn regressor(series: &str, times: std::ops::Range<usize>) -> Vec<f64> {
    times
        .map(|t| {
            if series.starts_with("Nile") {
                f64::from(t + 1 >= 28)
            } else {
                ((t + 1) as f64 / 7.0).sin()
            }
        })
        .collect()
}

impl Case {
    fn name(&self) -> String {
        format!("{} {:?}{:?}", self.series, self.order, self.seasonal)
    }

    fn fit(&self, golden: &Golden) -> Fit {
        let y = golden.series(&self.series);
        let xreg = if self.regressor {
            vec![regressor(&self.series, 0..y.len())]
        } else {
            Vec::new()
        };
        let [p, d, q] = self.order;
        let [sp, sd, sq] = self.seasonal;
        let spec = Spec {
            order: Order::new(p, d, q).seasonal(sp, sd, sq, self.season),
            constant: self.constant,
        };
        let method = Method::parse(&self.method).expect("a method");
        fit(&y, &xreg, &spec, method, Cancel::NEVER).expect("a fit")
    }
}

/// What is not as R says, in words.
fn differences(case: &Case, fit: &Fit, y: &[f64]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: String, got: f64, want: f64, tolerance: f64| {
        if got.is_nan() || (got - want).abs() > tolerance {
            wrong.push(format!("{what}: {got} for {want}"));
        }
    };
    let gain = fit.loglik() - case.loglik;
    check(
        "loglik".into(),
        gain.min(0.0),
        0.0,
        1e-4 * case.loglik.abs(),
    );
    if gain > 1e-4 * case.loglik.abs() {
        // A better optimum than R's has other coefficients.
        return wrong;
    }
    check(
        "sigma2".into(),
        fit.sigma2(),
        case.sigma2,
        2e-3 * case.sigma2,
    );
    check(
        "unbiased sigma2".into(),
        fit.sigma2_unbiased(),
        case.sigma2_unbiased,
        2e-3 * case.sigma2_unbiased,
    );
    if let Some(aicc) = case.aicc {
        check("aicc".into(), fit.aicc(), aicc, 2e-4 * aicc.abs());
    }
    for c in fit.coefficients() {
        let (want, error) = (case.terms[&c.term], case.errors[&c.term]);
        check(c.term.clone(), c.estimate, want, 1e-3 * want.abs().max(1.0));
        check(
            format!("error of {}", c.term),
            c.std_error,
            error,
            0.03 * error,
        );
    }
    let future = if case.regressor {
        vec![regressor(&case.series, y.len()..y.len() + 24)]
    } else {
        Vec::new()
    };
    let steps = fit.forecast(24, &future).expect("a forecast");
    for (h, step) in steps.iter().enumerate() {
        let sd = (case.upper95[h] - case.mean[h]) / Z95;
        let near = 1e-3 * sd;
        let h1 = h + 1;
        check(format!("mean {h1}"), step.mean, case.mean[h], near);
        let lower80 = step.mean - Z80 * step.se;
        let upper95 = step.mean + Z95 * step.se;
        check(format!("80 % {h1}"), lower80, case.lower80[h], 2.0 * near);
        check(format!("95 % {h1}"), upper95, case.upper95[h], 2.0 * near);
    }
    wrong
}

#[test]
fn fits_agree_with_r() {
    let golden = golden();
    let mut report = String::new();
    for case in &golden.fits {
        let y = golden.series(&case.series);
        for line in differences(case, &case.fit(&golden), &y) {
            report.push_str(&format!("{} {}\n", case.name(), line));
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn differencing_agrees_with_r() {
    let golden = golden();
    for search in &golden.searches {
        let y = golden.series(&search.series);
        assert_eq!(ndiffs(&y), search.ndiffs, "ndiffs {}", search.series);
        let seasonal = if search.season > 1 {
            nsdiffs(&y, search.season)
        } else {
            0
        };
        assert_eq!(seasonal, search.nsdiffs, "nsdiffs {}", search.series);
    }
}

#[test]
fn searches_find_what_r_finds_or_better() {
    let golden = golden();
    for search in &golden.searches {
        let y = golden.series(&search.series);
        let options = AutoOptions {
            season: search.season,
            ..AutoOptions::default()
        };
        let found = auto(&y, &[], &options, Cancel::NEVER).expect("a model");
        assert_eq!(found.spec().order.d, search.order[1], "{}", search.series);
        assert!(
            found.aicc() <= search.aicc + 1e-3 * search.aicc.abs(),
            "{}: {} has {} where R reaches {}",
            search.series,
            found.spec(),
            found.aicc(),
            search.aicc
        );
    }
}

#[derive(Deserialize)]
struct Sarimax {
    fits: Vec<SarimaxFit>,
}

#[derive(Deserialize)]
struct SarimaxFit {
    /// Place among the fits of R.
    case: usize,
    /// That of the differenced series; none where values are missing.
    loglik: Option<f64>,
    terms: BTreeMap<String, f64>,
    errors: BTreeMap<String, f64>,
    mean: Vec<f64>,
    se: Vec<f64>,
}

/// `golden/sarimax.py` made the figures: statsmodels' likelihood, its maximum and its forecasts.
#[test]
fn fits_agree_with_statsmodels() {
    let golden = golden();
    let theirs: Sarimax = serde_json::from_str(include_str!("golden/sarimax.json")).unwrap();
    assert_eq!(theirs.fits.len(), 27);
    let mut report = String::new();
    for want in &theirs.fits {
        let case = &golden.fits[want.case];
        let fit = case.fit(&golden);
        let mut check = |what: String, got: f64, want: f64, tolerance: f64| {
            if got.is_nan() || (got - want).abs() > tolerance {
                report.push_str(&format!("{} {what}: {got} for {want}\n", case.name()));
            }
        };
        if let Some(loglik) = want.loglik {
            check("loglik".into(), fit.loglik(), loglik, 1e-4 * loglik.abs());
        }
        for c in fit.coefficients() {
            let (estimate, error) = (want.terms[&c.term], want.errors[&c.term]);
            check(
                c.term.clone(),
                c.estimate,
                estimate,
                1e-3 * estimate.abs().max(1.0),
            );
            // A seasonal AR coefficient near 1 beside a drift: the Hessian by differences depends on its
            // step there, and only ours and R's agree.
            if case.terms.get("sar1").is_none_or(|v| v.abs() < 0.95) {
                check(
                    format!("error of {}", c.term),
                    c.std_error,
                    error,
                    0.03 * error,
                );
            }
        }
        let n = golden.series[&case.series].len();
        let future = if case.regressor {
            vec![regressor(&case.series, n..n + 24)]
        } else {
            Vec::new()
        };
        // Forecasts of R and ours count the parameters in the variance, those of statsmodels do not.
        let biased = (fit.sigma2() / fit.sigma2_unbiased()).sqrt();
        for (h, step) in fit.forecast(24, &future).unwrap().iter().enumerate() {
            check(
                format!("mean {}", h + 1),
                step.mean,
                want.mean[h],
                2e-3 * want.se[h],
            );
            check(
                format!("se {}", h + 1),
                step.se * biased,
                want.se[h],
                2e-3 * want.se[h],
            );
        }
    }
    assert!(report.is_empty(), "{report}");
}
