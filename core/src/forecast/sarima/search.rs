//! Orders found by the stepwise search of Hyndman and Khandakar (2008).

use std::collections::HashMap;

use super::differences::{is_flat, ndiffs_up_to, nsdiffs};
use super::filter::Start;
use super::optimise::{Optimum, Precision, minimise};
use super::problem::{
    Evaluator, Problem, Scale, Value, coefficients, difference, interpolate, parameters,
};
use super::{Fit, Order, Prepared, Spec, poly, start};
use crate::{Cancel, Result};

/// Roots nearer to the unit circle than this are refused. Each polynomial is judged in its own
/// lag, the seasonal ones in `B^season`; R expands them first, which refuses a seasonal MA
/// coefficient of -0.9 in months. On the last part of the training data of M3 (quarterly,
/// monthly) and tourism (quarterly) this forecasts better than R's rule.
const ROOT_LIMIT: f64 = 1.01;
/// Length beyond which the search ranks by the conditional sum of squares.
const APPROXIMATE_LENGTH: usize = 150;
/// Season beyond which it does.
const APPROXIMATE_SEASON: usize = 12;
/// Observations below which a parameter has to earn more than the criterion asks.
const SHORT: f64 = 60.0;
/// How much more: on the last three to six years of the training data of M3 yearly, and the last
/// two of M3 and tourism quarterly, 15 % forecast better than none, on monthly data they did not.
const SHORT_PENALTY: f64 = 1.15;
/// Fewest observations that a search is worth.
const SHORTEST: usize = 4;

/// What decides between models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Criterion {
    /// Akaike's, corrected for short series.
    #[default]
    Aicc,
    /// Akaike's.
    Aic,
    /// The Bayesian one.
    Bic,
}

/// Bounds and manner of the search; the defaults are those of R's `auto.arima()`.
///
/// Below 60 observations the number of parameters counts 15 % more in the criterion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AutoOptions {
    /// Observations in a season, 1 for none.
    pub season: usize,
    /// Most AR coefficients.
    pub max_p: usize,
    /// Most MA coefficients.
    pub max_q: usize,
    /// Most seasonal AR coefficients.
    pub max_sp: usize,
    /// Most seasonal MA coefficients.
    pub max_sq: usize,
    /// Largest `p + q + sp + sq` of the exhaustive search.
    pub max_order: usize,
    /// Most differences at lag 1.
    pub max_d: usize,
    /// Most seasonal differences.
    pub max_sd: usize,
    /// Differences at lag 1; by the KPSS test where `None`.
    pub d: Option<usize>,
    /// Seasonal differences; by the strength of the season where `None`.
    pub sd: Option<usize>,
    /// Where the stepwise search starts.
    pub start_p: usize,
    /// Where the stepwise search starts.
    pub start_q: usize,
    /// Where the stepwise search starts.
    pub start_sp: usize,
    /// Where the stepwise search starts.
    pub start_sq: usize,
    /// Whether a constant may be tried.
    pub allow_constant: bool,
    /// What decides.
    pub criterion: Criterion,
    /// Stepwise rather than exhaustive.
    pub stepwise: bool,
    /// Rank by the conditional sum of squares and fit the best exactly; where `None`, for more
    /// than 150 observations or a season beyond 12.
    pub approximation: Option<bool>,
    /// Most models that the stepwise search fits.
    pub max_models: usize,
}

impl Default for AutoOptions {
    fn default() -> Self {
        Self {
            season: 1,
            max_p: 5,
            max_q: 5,
            max_sp: 2,
            max_sq: 2,
            max_order: 5,
            max_d: 2,
            max_sd: 1,
            d: None,
            sd: None,
            start_p: 2,
            start_q: 2,
            start_sp: 1,
            start_sq: 1,
            allow_constant: true,
            criterion: Criterion::Aicc,
            stepwise: true,
            approximation: None,
            max_models: 94,
        }
    }
}

/// Finds the orders and fits them by exact maximum likelihood.
///
/// Arguments as of [`super::fit`]. A series that is constant after differencing, or has fewer
/// than four observations, gets the simplest model that describes it.
///
/// # Errors
///
/// As [`super::fit`]; [`crate::Error::TooShort`] only without any observation or with more
/// regressors than observations.
pub fn auto(y: &[f64], xreg: &[Vec<f64>], options: &AutoOptions, cancel: Cancel) -> Result<Fit> {
    let mut best = best(y, xreg, options, 1, cancel)?;
    Ok(best.swap_remove(0).0)
}

/// The orders that the criterion does not tell apart, at most `most` of them, best first, each fitted by exact maximum
/// likelihood and with its Akaike weight; weights add up to 1. Never empty. More than one go without standard errors.
///
/// Source: Burnham & Anderson (2002), Model Selection and Multimodel Inference, 2.9.
///
/// # Errors
///
/// As [`auto`].
pub(crate) fn best(
    y: &[f64],
    xreg: &[Vec<f64>],
    options: &AutoOptions,
    most: usize,
    cancel: Cancel,
) -> Result<Vec<(Fit, f64)>> {
    let series = Prepared::new(y, xreg)?;
    let season = match options.season {
        0 => 1,
        // Without a second season there is nothing seasonal to see.
        m if m >= series.scaled.len() => 1,
        m => m,
    };
    let base = choose_differences(&series, season, options)?;
    let plain = |base: Order, constant| {
        let spec = series.spec(base, constant && options.allow_constant);
        Search::new(&series, spec.order, options, Start::Exact, cancel)?.finish_simple(&spec)
    };
    // Among gaps, differences may leave too little for any model; then they are not taken.
    let simple = || {
        let level = Order::new(0, 0, 0).seasonal(0, 0, 0, season);
        let fit = plain(base, true)
            .or_else(|_| plain(base, false))
            .or_else(|error| match (options.d, options.sd) {
                (None, None) => plain(level, true),
                _ => Err(error),
            })?;
        Ok(vec![(fit, 1.0)])
    };
    let mut w = series.scaled.clone();
    difference(&mut w, &base);
    if is_flat(&w, 1.0) && xreg.is_empty() || series.observed() < SHORTEST {
        return simple();
    }
    let approximate = options
        .approximation
        .unwrap_or(series.observed() > APPROXIMATE_LENGTH || season > APPROXIMATE_SEASON);
    let start = if approximate {
        Start::Conditional
    } else {
        Start::Exact
    };
    let mut search = Search::new(&series, base, options, start, cancel)?;
    if options.stepwise {
        search.stepwise()?;
    } else {
        search.exhaustive()?;
    }
    let best = search.finish(most)?;
    if best.is_empty() {
        return simple();
    }
    Ok(best)
}

/// The orders of differencing, in an otherwise empty order.
fn choose_differences(series: &Prepared, season: usize, options: &AutoOptions) -> Result<Order> {
    let mut x = series.scaled.clone();
    if !series.xreg.is_empty() {
        // As in R, the tests look at what least squares leaves.
        let filled = interpolate(&x);
        let mut regressors = vec![vec![1.0; filled.len()]];
        regressors.extend(series.regressors.iter().cloned());
        let problem = Problem::new(&filled, &regressors, Order::new(0, 0, 0), Start::Exact);
        for (x, rest) in x.iter_mut().zip(problem.series()) {
            *x = if x.is_nan() { *x } else { *rest };
        }
    }
    let sd = match options.sd {
        Some(sd) if season > 1 => sd.min(1),
        None if season > 1 && options.max_sd > 0 => nsdiffs(&x, season),
        _ => 0,
    };
    let mut order = Order::new(0, 0, 0).seasonal(0, sd, 0, season);
    difference(&mut x, &order);
    let most = options.max_d.min(2 - sd);
    order.d = match options.d {
        Some(d) => d.min(2),
        None if series.observed() < SHORTEST => 0,
        None => ndiffs_up_to(&x, most),
    };
    order.checked()
}

/// Orders and constant of a candidate, without differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Candidate {
    p: usize,
    q: usize,
    sp: usize,
    sq: usize,
    constant: bool,
}

/// A candidate's fit.
#[derive(Clone, Debug)]
struct Found {
    criterion: f64,
    params: Vec<f64>,
}

/// Orders whose criterion is worse by more than this are left out: they weigh less than a seventh of the best.
const WORTHWHILE: f64 = 4.0;

struct Search<'a> {
    series: &'a Prepared<'a>,
    base: Order,
    options: &'a AutoOptions,
    start: Start,
    cancel: Cancel<'a>,
    /// Without and with a constant; the order is set for each candidate.
    problems: [Option<Problem>; 2],
    found: HashMap<Candidate, Found>,
    /// In the order of fitting, so that ties are broken the same way every time.
    tried: Vec<Candidate>,
    limits: Candidate,
}

impl<'a> Search<'a> {
    fn new(
        series: &'a Prepared<'a>,
        base: Order,
        options: &'a AutoOptions,
        start: Start,
        cancel: Cancel<'a>,
    ) -> Result<Self> {
        let n = series.observed();
        let seasonal = base.season > 1;
        let third = n / 3;
        let mut limits = Candidate {
            p: options.max_p.min(third),
            q: options.max_q.min(third),
            sp: if seasonal {
                options.max_sp.min(third / base.season)
            } else {
                0
            },
            sq: if seasonal {
                options.max_sq.min(third / base.season)
            } else {
                0
            },
            constant: options.allow_constant && base.d + base.sd < 2,
        };
        // Regular lags stay within a season, so that they do not mix with seasonal ones.
        if limits.sp > 0 {
            limits.p = limits.p.min(base.season - 1);
        }
        if limits.sq > 0 {
            limits.q = limits.q.min(base.season - 1);
        }
        let most = Order {
            p: limits.p,
            q: limits.q,
            sp: limits.sp,
            sq: limits.sq,
            ..base
        };
        most.checked()?;
        Ok(Self {
            series,
            base,
            options,
            start,
            cancel,
            problems: [None, None],
            found: HashMap::new(),
            tried: Vec::new(),
            limits,
        })
    }

    fn order(&self, c: Candidate) -> Order {
        Order {
            p: c.p,
            q: c.q,
            sp: c.sp,
            sq: c.sq,
            ..self.base
        }
    }

    fn stepwise(&mut self) -> Result<()> {
        let limits = self.limits;
        let short = self.series.observed() < 10;
        let cap = |start: usize, limit: usize| start.min(limit).min(if short { 1 } else { limit });
        let constant = limits.constant;
        let start = Candidate {
            p: cap(self.options.start_p, limits.p),
            q: cap(self.options.start_q, limits.q),
            sp: cap(self.options.start_sp, limits.sp),
            sq: cap(self.options.start_sq, limits.sq),
            constant,
        };
        let none = Candidate {
            p: 0,
            q: 0,
            sp: 0,
            sq: 0,
            constant,
        };
        let starts = [
            none,
            Candidate {
                p: limits.p.min(1),
                sp: limits.sp.min(1),
                ..none
            },
            Candidate {
                q: limits.q.min(1),
                sq: limits.sq.min(1),
                ..none
            },
            start,
        ];
        let mut best = none;
        let mut best_criterion = f64::INFINITY;
        for c in starts {
            let criterion = self.fit(c, None)?;
            if criterion < best_criterion {
                (best, best_criterion) = (c, criterion);
            }
        }
        if constant {
            let bare = Candidate {
                constant: false,
                ..none
            };
            let criterion = self.fit(bare, None)?;
            if criterion < best_criterion {
                // As in R, the search goes on from here with a constant: where pure differences
                // win, only models with a drift or mean challenge them. Dropping the constant
                // for good lets more short series pick up spurious terms.
                (best, best_criterion) = (none, criterion);
            }
        }
        'search: while self.tried.len() < self.options.max_models {
            for next in self.neighbours(best) {
                if self.found.contains_key(&next) {
                    continue;
                }
                if self.tried.len() >= self.options.max_models {
                    break 'search;
                }
                let criterion = self.fit(next, Some(best))?;
                if criterion < best_criterion {
                    (best, best_criterion) = (next, criterion);
                    continue 'search;
                }
            }
            break;
        }
        Ok(())
    }

    /// Neighbours within the limits, in R's order.
    fn neighbours(&self, c: Candidate) -> Vec<Candidate> {
        const SEASONAL: [(i8, i8); 8] = [
            (-1, 0),
            (0, -1),
            (1, 0),
            (0, 1),
            (-1, -1),
            (-1, 1),
            (1, -1),
            (1, 1),
        ];
        let shift = |value: usize, by: i8, limit: usize| {
            value
                .checked_add_signed(isize::from(by))
                .filter(|&v| v <= limit)
        };
        let limits = self.limits;
        let seasonal = SEASONAL.iter().filter_map(|&(a, b)| {
            Some(Candidate {
                sp: shift(c.sp, a, limits.sp)?,
                sq: shift(c.sq, b, limits.sq)?,
                ..c
            })
        });
        let regular = SEASONAL.iter().filter_map(|&(a, b)| {
            Some(Candidate {
                p: shift(c.p, a, limits.p)?,
                q: shift(c.q, b, limits.q)?,
                ..c
            })
        });
        let toggled = limits.constant.then_some(Candidate {
            constant: !c.constant,
            ..c
        });
        seasonal.chain(regular).chain(toggled).collect()
    }

    fn exhaustive(&mut self) -> Result<()> {
        let limits = self.limits;
        let most = self.options.max_order;
        for sp in 0..=limits.sp {
            for sq in 0..=limits.sq {
                for p in 0..=limits.p {
                    for q in 0..=limits.q {
                        if p + q + sp + sq > most {
                            continue;
                        }
                        let c = Candidate {
                            p,
                            q,
                            sp,
                            sq,
                            constant: false,
                        };
                        let parent = [
                            (p > 0).then(|| Candidate { p: p - 1, ..c }),
                            (q > 0).then(|| Candidate { q: q - 1, ..c }),
                        ];
                        let parent = parent.into_iter().flatten().next();
                        self.fit(c, parent)?;
                        if limits.constant {
                            self.fit(
                                Candidate {
                                    constant: true,
                                    ..c
                                },
                                Some(c),
                            )?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Criterion of a candidate, infinite where it cannot be fitted or its roots are too near to
    /// the unit circle.
    fn fit(&mut self, c: Candidate, parent: Option<Candidate>) -> Result<f64> {
        if let Some(found) = self.found.get(&c) {
            return Ok(found.criterion);
        }
        self.cancel.check()?;
        self.tried.push(c);
        let mut starts = Vec::new();
        if let Some((parent, found)) = parent.and_then(|p| Some((p, self.found.get(&p)?))) {
            starts.push(self.extend(parent, c, &found.params));
        }
        let found = match self.optimum(c, starts, self.start, Precision::Rank)? {
            Some((optimum, criterion)) => Found {
                criterion,
                params: optimum.params,
            },
            None => Found {
                criterion: f64::INFINITY,
                params: vec![0.0; self.order(c).arma_len()],
            },
        };
        let criterion = found.criterion;
        self.found.insert(c, found);
        Ok(criterion)
    }

    /// A parent's parameters for a child's order: partial autocorrelations that the parent does
    /// not have start at zero.
    fn extend(&self, parent: Candidate, child: Candidate, params: &[f64]) -> Vec<f64> {
        let child_order = self.order(child);
        let mut out = vec![0.0; child_order.arma_len()];
        for (from, to) in self
            .order(parent)
            .split()
            .into_iter()
            .zip(child_order.split())
        {
            for (slot, value) in out[to].iter_mut().zip(&params[from]) {
                // A saturated value would leave the child without a slope.
                *slot = value.clamp(-2.0, 2.0);
            }
        }
        out
    }

    fn problem(&mut self, c: Candidate, start: Start) -> Option<&Problem> {
        let order = self.order(c);
        let spec = self.series.spec(order, c.constant);
        let slot = &mut self.problems[usize::from(c.constant)];
        if slot.as_ref().is_none_or(|p| p.start != start) {
            *slot = self
                .series
                .problem(&self.series.spec(self.base, c.constant), start)
                .ok();
        }
        let problem = slot.as_mut()?;
        problem.order = order;
        self.series.enough(&spec, problem).then_some(problem)
    }

    fn optimum(
        &mut self,
        c: Candidate,
        mut starts: Vec<Vec<f64>>,
        start: Start,
        precision: Precision,
    ) -> Result<Option<(Optimum, f64)>> {
        let cancel = self.cancel;
        let criterion = self.options.criterion;
        let Some(problem) = self.problem(c, start) else {
            return Ok(None);
        };
        let order = problem.order;
        if let Some(coef) = start::hannan_rissanen(problem.series(), &order) {
            starts.push(parameters(&order, &coef));
        }
        if starts.is_empty() {
            starts.push(vec![0.0; order.arma_len()]);
        }
        let mut evaluator = Evaluator::new(&order);
        let Some(found) = minimise(problem, &starts, precision, &mut evaluator, cancel)? else {
            return Ok(None);
        };
        let value = if roots_apart(&order, &found.params) {
            score(problem, found.value, criterion)
        } else {
            f64::INFINITY
        };
        Ok(Some((found, value)))
    }

    /// The best candidates, fitted exactly, with their weights; where that moves the roots of one to the unit circle,
    /// the next one.
    fn finish(mut self, most: usize) -> Result<Vec<(Fit, f64)>> {
        let mut ranked: Vec<(f64, Candidate)> = self
            .tried
            .iter()
            .filter_map(|c| Some((self.found.get(c)?.criterion, *c)))
            .filter(|(criterion, _)| criterion.is_finite())
            .collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut best: Vec<(Fit, f64)> = Vec::new();
        let mut least = f64::INFINITY;
        for (searched, c) in ranked {
            if best.len() == most || searched - least > WORTHWHILE {
                break;
            }
            let starts = self
                .found
                .get(&c)
                .map(|f| vec![f.params.clone()])
                .unwrap_or_default();
            let precision = if best.is_empty() {
                Precision::Full
            } else {
                Precision::Rank
            };
            let Some((found, criterion)) = self.optimum(c, starts, Start::Exact, precision)? else {
                continue;
            };
            if criterion.is_finite() {
                least = least.min(searched);
                best.push((self.fitted(c, found, most == 1)?, criterion));
            }
        }
        Ok(weighted(best))
    }

    fn finish_simple(mut self, spec: &Spec) -> Result<Fit> {
        let c = Candidate {
            p: 0,
            q: 0,
            sp: 0,
            sq: 0,
            constant: spec.constant,
        };
        match self.optimum(c, Vec::new(), Start::Exact, Precision::Full)? {
            Some((found, _)) => self.fitted(c, found, true),
            None => Err(self.series.too_short(spec, Start::Exact)),
        }
    }

    fn fitted(&mut self, c: Candidate, found: Optimum, with_errors: bool) -> Result<Fit> {
        let series = self.series;
        let spec = series.spec(self.order(c), c.constant);
        let Some(problem) = self.problem(c, Start::Exact) else {
            return Err(series.too_short(&spec, Start::Exact));
        };
        let mut evaluator = Evaluator::new(&spec.order);
        if with_errors {
            series.finish(&spec, problem, Start::Exact, found, &mut evaluator)
        } else {
            series.quick(&spec, problem, found, &mut evaluator)
        }
    }
}

/// Criteria as Akaike weights, the largest first. What an approximate search took for better than it is goes.
fn weighted(mut best: Vec<(Fit, f64)>) -> Vec<(Fit, f64)> {
    best.sort_by(|a, b| a.1.total_cmp(&b.1));
    let least = best.first().map_or(0.0, |(_, criterion)| *criterion);
    best.retain(|(_, criterion)| criterion - least <= WORTHWHILE);
    for (_, weight) in &mut best {
        *weight = (0.5 * (least - *weight)).exp();
    }
    let total: f64 = best.iter().map(|(_, weight)| weight).sum();
    for (_, weight) in &mut best {
        *weight /= total;
    }
    best
}

/// Whether all roots are beyond the limit.
fn roots_apart(order: &Order, params: &[f64]) -> bool {
    let mut coef = vec![0.0; params.len()];
    coefficients(order, Scale::Free, params, &mut coef);
    let [p, q, sp, sq] = order.split();
    let minus = |c: &[f64]| -> Vec<f64> { c.iter().map(|v| -v).collect() };
    poly::roots_beyond(&coef[p], ROOT_LIMIT)
        && poly::roots_beyond(&coef[sp], ROOT_LIMIT)
        && poly::roots_beyond(&minus(&coef[q]), ROOT_LIMIT)
        && poly::roots_beyond(&minus(&coef[sq]), ROOT_LIMIT)
}

/// The criterion, up to a constant that all candidates share.
fn score(problem: &Problem, value: Value, criterion: Criterion) -> f64 {
    let n = problem.n.saturating_sub(problem.missing) as f64;
    let weight = if n < SHORT { SHORT_PENALTY } else { 1.0 };
    let k = weight * (problem.order.arma_len() + problem.estimated() + 1) as f64;
    let fit = 2.0 * n * (value.objective + problem.unit.ln());
    match criterion {
        Criterion::Aic => fit + 2.0 * k,
        Criterion::Bic => fit + k * n.ln(),
        Criterion::Aicc if n - k - 1.0 > 0.0 => fit + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0),
        Criterion::Aicc => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Method, fit};
    use super::*;
    use crate::draw::Draw;

    /// An integrated AR(1) in months with a season of its own.
    fn series(n: usize) -> Vec<f64> {
        let mut draw = Draw::new(7);
        let (mut level, mut growth) = (100.0, 0.0);
        (0..n)
            .map(|t| {
                growth = 0.6 * growth + draw.normal();
                level += growth;
                level + 5.0 * (std::f64::consts::TAU * t as f64 / 12.0).sin()
            })
            .collect()
    }

    #[test]
    fn weights_follow_from_the_criterion() {
        let y = series(120);
        let options = AutoOptions {
            season: 12,
            ..AutoOptions::default()
        };
        let best = best(&y, &[], &options, 4, Cancel::NEVER).unwrap();
        assert!(best.len() > 1);
        let alone = auto(&y, &[], &options, Cancel::NEVER).unwrap();
        assert_eq!(best[0].0.spec(), alone.spec());
        // Each order fitted on its own, from nothing.
        let aicc: Vec<f64> = best
            .iter()
            .map(|(found, _)| {
                let again = fit(&y, &[], &found.spec(), Method::Ml, Cancel::NEVER).unwrap();
                again.aicc()
            })
            .collect();
        let relative: Vec<f64> = aicc.iter().map(|a| (0.5 * (aicc[0] - a)).exp()).collect();
        let total: f64 = relative.iter().sum();
        for ((_, weight), relative) in best.iter().zip(relative) {
            let want = relative / total;
            assert!((weight - want).abs() < 2e-3, "{weight} {want}");
            assert!(relative >= (-0.5 * WORTHWHILE).exp() - 1e-3);
        }
        assert!(best.windows(2).all(|w| w[0].1 >= w[1].1));
        assert!((best.iter().map(|(_, weight)| weight).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_order_has_all_the_weight_where_nothing_else_comes_near() {
        let constant = best(&[3.0; 30], &[], &AutoOptions::default(), 4, Cancel::NEVER).unwrap();
        assert_eq!(constant.len(), 1);
        assert_eq!(constant[0].1, 1.0);
        let fit = &constant[0].0;
        assert_eq!(
            weighted(vec![(fit.clone(), 7.0), (fit.clone(), 2.9)]).len(),
            1
        );
        let two = weighted(vec![(fit.clone(), 7.0), (fit.clone(), 3.0)]);
        let share = 1.0 / (1.0 + (-2.0_f64).exp());
        assert!((two[0].1 - share).abs() < 1e-12 && (two[1].1 - (1.0 - share)).abs() < 1e-12);
    }
}
