//! BG/NBD: a customer buys at a gamma-distributed rate and drops out after any purchase.

use statrs::function::gamma::ln_gamma;

use super::simplex::minimise;
use crate::{Cancel, Error, Result};

/// Customers below which four parameters mean nothing.
const MIN_CUSTOMERS: usize = 20;
/// Parameters are searched between e^-10 and e^10; beyond, the model has degenerated.
const LOG_BOUND: f64 = 10.0;
/// Weight of the pull of the log parameters towards 0, far below one customer's evidence; it only
/// keeps a flat likelihood from running to the bound.
const RIDGE: f64 = 1e-7;

/// What one customer did, in one unit of time (weeks in the paper).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct History {
    /// Repeat purchases: purchase days after the first.
    pub frequency: u32,
    /// Time from the first to the last purchase; 0 without a repeat.
    pub recency: f64,
    /// Time from the first purchase to the end of observation, at least `recency`.
    pub age: f64,
}

/// A fitted BG/NBD model.
///
/// # Source
///
/// Fader, Hardie & Lee, "Counting your customers" the easy way, Marketing Science 24 (2005).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BgNbd {
    /// Shape of the buying rate.
    pub r: f64,
    /// Rate parameter of the buying rate, in the unit of time.
    pub alpha: f64,
    /// First shape of the dropout probability.
    pub a: f64,
    /// Second shape of the dropout probability.
    pub b: f64,
    /// The log-likelihood at the estimates.
    pub log_likelihood: f64,
}

impl BgNbd {
    /// Fits by maximum likelihood.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`] for fewer than 20 customers or none that came back,
    /// [`Error::NotFinite`] and [`Error::OutOfRange`] for times that cannot be.
    pub fn fit(customers: &[History], cancel: Cancel<'_>) -> Result<BgNbd> {
        check(customers)?;
        let data = Grouped::of(customers);
        let start = data.start();
        let mut best: Option<(Vec<f64>, f64)> = None;
        // A second start guards against a likelihood with a ridge.
        for dropout in [0.0, 1.0] {
            let from = [start.0.ln(), start.1.ln(), 0.0, dropout];
            let found = minimise(&from, cancel, |p| {
                if p.iter().any(|v| v.abs() > LOG_BOUND) {
                    return f64::INFINITY;
                }
                let pull: f64 = p.iter().map(|v| v * v).sum();
                let at = [p[0].exp(), p[1].exp(), p[2].exp(), p[3].exp()];
                -data.log_likelihood(at) + RIDGE * pull
            })?;
            if best.as_ref().is_none_or(|b| found.1 < b.1) {
                best = Some(found);
            }
        }
        let p = best.map(|b| b.0).unwrap_or_default();
        let [r, alpha, a, b] = [0, 1, 2, 3].map(|i| p.get(i).copied().unwrap_or(0.0).exp());
        Ok(BgNbd {
            r,
            alpha,
            a,
            b,
            log_likelihood: data.log_likelihood([r, alpha, a, b]),
        })
    }

    /// The probability that the customer has not dropped out, 0 to 1; 1 without a repeat purchase,
    /// as in this model a customer can only drop out after a repeat.
    pub fn p_alive(&self, customer: &History) -> f64 {
        1.0 / (1.0 + self.dropout_odds(customer))
    }

    /// Purchases expected in the next `time` units, given the history.
    pub fn expected_purchases(&self, customer: &History, time: f64) -> f64 {
        if time.is_nan() || time <= 0.0 {
            return 0.0;
        }
        let x = f64::from(customer.frequency);
        // The formula has a removable pole at a = 1.
        let a = if (self.a - 1.0).abs() < 1e-6 {
            1.0 + 1e-6
        } else {
            self.a
        };
        let end = self.alpha + customer.age;
        let z = time / (end + time);
        // 2F1(r+x, b+x; a+b+x-1; z) after Euler's transformation, whose series converges faster.
        let ln_power = (self.r + x) * (end / (end + time)).ln();
        let euler = (a - 1.0 - self.r - x) * (1.0 - z).ln();
        let series = hypergeometric(a + self.b - 1.0 - self.r, a - 1.0, a + self.b + x - 1.0, z);
        let term = (ln_power + euler).exp() * series;
        let expected = (a + self.b + x - 1.0) / (a - 1.0) * (1.0 - term);
        (expected / (1.0 + self.dropout_odds(customer))).max(0.0)
    }

    fn dropout_odds(&self, customer: &History) -> f64 {
        if customer.frequency == 0 {
            return 0.0;
        }
        let x = f64::from(customer.frequency);
        let ratio = (self.alpha + customer.age) / (self.alpha + customer.recency);
        (self.a / (self.b + x - 1.0).max(f64::MIN_POSITIVE)) * ((self.r + x) * ratio.ln()).exp()
    }
}

/// Gauss's 2F1 by its power series, for |z| < 1.
fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 0..10_000 {
        let n = f64::from(n);
        term *= (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        sum += term;
        if term.abs() <= 1e-14 * f64::abs(sum) {
            break;
        }
    }
    sum
}

fn check(customers: &[History]) -> Result<()> {
    if customers.len() < MIN_CUSTOMERS {
        return Err(Error::TooShort {
            what: "customer base",
            have: customers.len(),
            need: MIN_CUSTOMERS,
        });
    }
    for (i, c) in customers.iter().enumerate() {
        if !c.recency.is_finite() || !c.age.is_finite() {
            return Err(Error::NotFinite { position: i + 1 });
        }
        if c.recency < 0.0 || c.age < c.recency {
            return Err(Error::OutOfRange {
                name: "recency",
                value: c.recency.to_string(),
                accepted: "between 0 and the customer's age",
            });
        }
    }
    let repeat = customers.iter().filter(|c| c.frequency > 0).count();
    if repeat == 0 {
        return Err(Error::TooShort {
            what: "the customers who came back",
            have: 0,
            need: 1,
        });
    }
    Ok(())
}

/// Equal histories counted once: the gamma functions depend on the frequency alone.
struct Grouped {
    /// Customers by (frequency, recency, age).
    cells: Vec<(History, f64)>,
    /// Customers by frequency.
    by_frequency: Vec<(f64, f64)>,
    n: f64,
}

impl Grouped {
    fn of(customers: &[History]) -> Self {
        let mut sorted = customers.to_vec();
        sorted.sort_by(|p, q| {
            p.frequency
                .cmp(&q.frequency)
                .then(p.age.total_cmp(&q.age))
                .then(p.recency.total_cmp(&q.recency))
        });
        let mut cells: Vec<(History, f64)> = Vec::new();
        let mut by_frequency: Vec<(f64, f64)> = Vec::new();
        for c in sorted {
            match cells.last_mut() {
                Some((last, count)) if *last == c => *count += 1.0,
                _ => cells.push((c, 1.0)),
            }
            let x = f64::from(c.frequency);
            match by_frequency.last_mut() {
                Some((last, count)) if *last == x => *count += 1.0,
                _ => by_frequency.push((x, 1.0)),
            }
        }
        Self {
            cells,
            by_frequency,
            n: customers.len() as f64,
        }
    }

    /// A buying rate with the sample's mean and a shape of 1/2.
    fn start(&self) -> (f64, f64) {
        let bought: f64 = self.by_frequency.iter().map(|(x, n)| x * n).sum();
        let time: f64 = self.cells.iter().map(|(c, n)| c.age * n).sum();
        let rate = (bought / time.max(f64::MIN_POSITIVE)).clamp(1e-3, 1e3);
        (0.5, 0.5 / rate)
    }

    fn log_likelihood(&self, [r, alpha, a, b]: [f64; 4]) -> f64 {
        let fixed = r * alpha.ln() - ln_gamma(r) + ln_gamma(a + b) - ln_gamma(b);
        let counts: f64 = self
            .by_frequency
            .iter()
            .map(|(x, n)| n * (ln_gamma(r + x) + ln_gamma(b + x) - ln_gamma(a + b + x)))
            .sum();
        let times: f64 = self
            .cells
            .iter()
            .map(|(c, n)| {
                let x = f64::from(c.frequency);
                let age = (alpha + c.age).ln();
                let alive = -(r + x) * age;
                if c.frequency == 0 {
                    return n * alive;
                }
                let recency = (alpha + c.recency).ln();
                n * (alive + (a / (b + x - 1.0) * ((r + x) * (age - recency)).exp()).ln_1p())
            })
            .sum();
        self.n * fixed + counts + times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: BgNbd = BgNbd {
        r: 0.243,
        alpha: 4.414,
        a: 0.793,
        b: 2.426,
        log_likelihood: -9582.4,
    };

    /// The worked example of the paper's spreadsheet note: E[Y(39)] = 1.226, P(alive) = .7266.
    #[test]
    fn agrees_with_the_published_example() {
        let c = History {
            frequency: 2,
            recency: 30.43,
            age: 38.86,
        };
        assert!((PUBLISHED.expected_purchases(&c, 39.0) - 1.226).abs() < 2e-3);
        assert!((PUBLISHED.p_alive(&c) - 0.7266).abs() < 2e-3);
        assert_eq!(PUBLISHED.p_alive(&History::default()), 1.0);
        assert_eq!(PUBLISHED.expected_purchases(&c, 0.0), 0.0);
    }

    #[test]
    fn refuses_what_cannot_be() {
        let once = vec![History::default(); 30];
        assert!(matches!(
            BgNbd::fit(&once[..5], Cancel::NEVER),
            Err(Error::TooShort { .. })
        ));
        assert!(matches!(
            BgNbd::fit(&once, Cancel::NEVER),
            Err(Error::TooShort { .. })
        ));
        let mut late = once;
        late[3] = History {
            frequency: 1,
            recency: 3.0,
            age: 2.0,
        };
        assert!(matches!(
            BgNbd::fit(&late, Cancel::NEVER),
            Err(Error::OutOfRange { .. })
        ));
    }
}
