//! What the calendar and known regressors explain, taken out before the models look.

use super::season::{Form, median};

/// Fourier pairs tried for a long season: four turn a year of days into seasons and a Christmas
/// bump, six keep the months of weekly data apart.
const MOST_PAIRS_DAILY: usize = 4;
const MOST_PAIRS: usize = 6;

/// Smallest value, as a share of the median, for which effects are taken as factors.
const SAFELY_POSITIVE: f64 = 0.05;

/// Relative size of a pivot below which a column counts as a repetition of earlier ones.
const SINGULAR: f64 = 1e-9;

/// What was taken out: one effect for each observation and each step ahead.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// Added or multiplied.
    pub form: Form,
    /// One effect a bucket, history first, then the horizon; neutral where nothing was found.
    pub effect: Vec<f64>,
    /// Fourier pairs of the long season; 0: no long season was found.
    pub pairs: usize,
    /// Events of the calendar that have an effect.
    pub events: usize,
}

impl Effects {
    /// `y` of bucket `t` without the effect.
    pub fn remove(&self, t: usize, y: f64) -> f64 {
        let effect = self.effect.get(t).copied();
        match self.form {
            Form::Additive => y - effect.unwrap_or(0.0),
            Form::Multiplicative => y / effect.unwrap_or(1.0),
        }
    }

    /// A mean and standard deviation of bucket `t` with the effect put back.
    pub fn restore(&self, t: usize, mean: f64, sd: f64) -> (f64, f64) {
        let effect = self.effect.get(t).copied();
        match self.form {
            Form::Additive => (mean + effect.unwrap_or(0.0), sd),
            Form::Multiplicative => {
                let factor = effect.unwrap_or(1.0);
                (mean * factor, sd * factor)
            }
        }
    }
}

/// Estimates a long season and the effects of regressors by least squares, beside a straight line
/// and, for `short >= 2`, one mean for each place in the short season.
///
/// * `y` - finite observations, oldest first.
/// * `long` - the long season in buckets, as 365.25; looked for when two of them are there. The
///   number of Fourier pairs, 0 to 4 for days and 6 otherwise, is the one of least BIC, with the
///   number of observations cut to what autocorrelation leaves of it.
/// * `regressors` - one column of `y.len() + horizon` finite values each.
/// * `calendar` - the same, for events that may have no effect: those whose coefficient is less
///   than 3 standard errors are left out.
///
/// `None` where there is nothing to take out.
///
/// # Source
///
/// Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 7.4 and 12.1.
pub fn estimate(
    y: &[f64],
    short: usize,
    long: Option<f64>,
    regressors: &[Vec<f64>],
    calendar: &[Vec<f64>],
    horizon: usize,
) -> Option<Effects> {
    let n = y.len();
    // Half a bucket short of two seasons is two seasons: 730 days are two years.
    let long = long.filter(|period| *period > 2.0 && n as f64 + 1.0 >= 2.0 * period);
    if long.is_none() && regressors.is_empty() && calendar.is_empty() {
        return None;
    }
    let size = median(&y.iter().map(|v| v.abs()).collect::<Vec<_>>());
    let form = if y.iter().all(|v| *v > SAFELY_POSITIVE * size) && size > 0.0 {
        Form::Multiplicative
    } else {
        Form::Additive
    };
    let target: Vec<f64> = match form {
        Form::Additive => y.to_vec(),
        Form::Multiplicative => y.iter().map(|v| v.ln()).collect(),
    };
    let most_pairs = match long {
        None => 0,
        Some(period) if period > 100.0 => MOST_PAIRS_DAILY,
        Some(_) => MOST_PAIRS,
    };
    let all = n + horizon;
    let mut columns: Vec<Vec<f64>> = Vec::new();
    columns.push(vec![1.0; all]);
    columns.push((0..all).map(|t| t as f64 / n.max(1) as f64).collect());
    if (2..=31).contains(&short) {
        for place in 1..short {
            columns.push(
                (0..all)
                    .map(|t| if t % short == place { 1.0 } else { 0.0 })
                    .collect(),
            );
        }
    }
    let first_effect = columns.len();
    let first_event = first_effect + regressors.len();
    for column in regressors.iter().chain(calendar) {
        let mut column = column.clone();
        column.resize(all, 0.0);
        columns.push(column);
    }
    let base = columns.len();
    if let Some(period) = long {
        for k in 1..=most_pairs {
            let angle = 2.0 * std::f64::consts::PI * k as f64 / period;
            columns.push((0..all).map(|t| (angle * t as f64).cos()).collect());
            columns.push((0..all).map(|t| (angle * t as f64).sin()).collect());
        }
    }
    let mut gram = Gram::new(&columns, &target);
    let events = if calendar.is_empty() || base + 2 * most_pairs + 2 >= n {
        gram.leave_out(first_event..base);
        0
    } else {
        gram.leave_out_weak(first_event..base, &columns, &target)
    };
    let mut best: Option<(f64, usize, Vec<f64>)> = None;
    for pairs in 0..=most_pairs {
        let width = base + 2 * pairs;
        if width + 2 >= n {
            break;
        }
        let coefficients = gram.solve(width);
        let residuals: Vec<f64> = (0..n)
            .map(|t| {
                target[t]
                    - coefficients
                        .iter()
                        .zip(&columns)
                        .map(|(c, x)| c * x[t])
                        .sum::<f64>()
            })
            .collect();
        let sum: f64 = residuals.iter().map(|e| e * e).sum();
        let lagged: f64 = residuals.windows(2).map(|w| w[0] * w[1]).sum();
        let rho = if sum > 0.0 {
            (lagged / sum).clamp(0.0, 0.99)
        } else {
            0.0
        };
        let effective = n as f64 * (1.0 - rho) / (1.0 + rho);
        let bic = effective * (sum / n as f64).max(1e-300).ln()
            + (2 * pairs) as f64 * effective.max(1.0).ln();
        if best.as_ref().is_none_or(|(least, ..)| bic < *least) {
            best = Some((bic, pairs, coefficients));
        }
    }
    let (_, pairs, coefficients) = best?;
    if pairs == 0 && regressors.is_empty() && events == 0 {
        return None;
    }
    let effect: Vec<f64> = (0..all)
        .map(|t| {
            let sum: f64 = (first_effect..coefficients.len())
                .map(|i| coefficients[i] * columns[i][t])
                .sum();
            match form {
                Form::Additive => sum,
                Form::Multiplicative => sum.clamp(-20.0, 20.0).exp(),
            }
        })
        .collect();
    effect.iter().all(|e| e.is_finite()).then_some(Effects {
        form,
        effect,
        pairs,
        events,
    })
}

/// An event's coefficient must be this many standard errors from zero: with two or three events of
/// a kind and a dozen kinds, less would find effects in noise.
const SIGNIFICANT: f64 = 3.0;

/// Normal equations of all columns, solved for the first so many.
struct Gram {
    products: Vec<Vec<f64>>,
    right: Vec<f64>,
    /// Columns whose coefficient is 0.
    out: Vec<bool>,
}

impl Gram {
    fn new(columns: &[Vec<f64>], target: &[f64]) -> Self {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let n = target.len();
        Self {
            products: columns
                .iter()
                .map(|a| columns.iter().map(|b| dot(&a[..n], &b[..n])).collect())
                .collect(),
            right: columns.iter().map(|a| dot(&a[..n], target)).collect(),
            out: vec![false; columns.len()],
        }
    }

    fn leave_out(&mut self, columns: std::ops::Range<usize>) {
        for column in columns {
            self.out[column] = true;
        }
    }

    /// Leaves out the columns whose coefficients are not significant; returns how many stay.
    fn leave_out_weak(
        &mut self,
        events: std::ops::Range<usize>,
        columns: &[Vec<f64>],
        target: &[f64],
    ) -> usize {
        let width = columns.len();
        let coefficients = self.solve(width);
        let sum: f64 = (0..target.len())
            .map(|t| {
                let fitted: f64 = coefficients
                    .iter()
                    .zip(columns)
                    .map(|(c, x)| c * x[t])
                    .sum();
                (target[t] - fitted).powi(2)
            })
            .sum();
        let variance = sum / target.len().saturating_sub(width).max(1) as f64;
        let mut kept = 0;
        for column in events {
            // An event's days hardly overlap with anything else, so its standard error is that of
            // a mean of so many days.
            let error = (variance / self.products[column][column].max(1e-300)).sqrt();
            if coefficients[column].abs() > SIGNIFICANT * error && error > 0.0 {
                kept += 1;
            } else {
                self.out[column] = true;
            }
        }
        kept
    }

    /// Gauss–Jordan elimination; a column that repeats earlier ones gets the coefficient 0.
    fn solve(&self, width: usize) -> Vec<f64> {
        let mut rows: Vec<Vec<f64>> = (0..width)
            .map(|i| {
                let mut row = self.products[i][..width].to_vec();
                row.push(self.right[i]);
                row
            })
            .collect();
        let mut used = vec![false; width];
        for i in 0..width {
            let pivot = rows[i][i];
            let keep = !self.out[i] && pivot > SINGULAR * self.products[i][i] && pivot > 0.0;
            used[i] = keep;
            if !keep {
                continue;
            }
            let pivot_row: Vec<f64> = rows[i].iter().map(|v| v / pivot).collect();
            rows[i].clone_from(&pivot_row);
            for (j, row) in rows.iter_mut().enumerate() {
                let factor = row[i];
                if j != i && factor != 0.0 {
                    for (value, p) in row.iter_mut().zip(&pivot_row) {
                        *value -= factor * p;
                    }
                }
            }
        }
        (0..width)
            .map(|i| if used[i] { rows[i][width] } else { 0.0 })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yearly_wave_and_a_promotion_are_found() {
        let promotion: Vec<f64> = (0..760)
            .map(|t| if t % 90 == 30 { 1.0 } else { 0.0 })
            .collect();
        let year = |t: usize| (2.0 * std::f64::consts::PI * t as f64 / 365.25).sin();
        let y: Vec<f64> = (0..730)
            .map(|t| 100.0 + 20.0 * year(t) + 50.0 * promotion[t] + (t * 31 % 17) as f64 * 0.1)
            .collect();
        let noise: Vec<f64> = (0..760)
            .map(|t| if t % 83 == 11 { 1.0 } else { 0.0 })
            .collect();
        let effects = estimate(&y, 7, Some(365.25), &[], &[promotion, noise], 30).unwrap();
        assert!(effects.pairs >= 1);
        assert_eq!(effects.events, 1);
        let flat: Vec<f64> = y
            .iter()
            .enumerate()
            .map(|(t, v)| effects.remove(t, *v))
            .collect();
        let spread = super::super::season::variance(&flat).sqrt();
        assert!(spread < 4.0, "{spread}");
        let (mean, _) = effects.restore(750, 100.0, 1.0);
        assert!(mean > 120.0, "{mean}");
    }

    #[test]
    fn noise_has_no_year() {
        let mut state = 1_u64;
        let y: Vec<f64> = (0..800)
            .map(|_| {
                state = state
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                50.0 + (state >> 33) as f64 / 2f64.powi(31)
            })
            .collect();
        assert_eq!(estimate(&y, 7, Some(365.25), &[], &[], 10), None);
    }
}
