//! Gamma-Gamma: what a customer spends, shrunk from their own mean to everybody's.

use statrs::function::gamma::ln_gamma;

use super::bgnbd::{BgNbd, History};
use super::simplex::minimise;
use crate::{Cancel, Error, Result};

/// Repeat customers below which three parameters mean nothing.
const MIN_CUSTOMERS: usize = 20;
/// Parameters are searched between e^-14 and e^14: `v` carries the currency's unit.
const LOG_BOUND: f64 = 14.0;

/// A fitted Gamma-Gamma model of the mean value of a purchase.
///
/// # Source
///
/// Fader & Hardie, The Gamma-Gamma model of monetary value, 2013.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaGamma {
    /// Shape of a customer's purchases.
    pub p: f64,
    /// Shape of the customers' scales; above 1, or the population has no mean.
    pub q: f64,
    /// Scale of the customers' scales, in the unit of money.
    pub v: f64,
    /// The log-likelihood at the estimates, of the values in their own unit.
    pub log_likelihood: f64,
}

impl GammaGamma {
    /// Fits by maximum likelihood to (repeat purchases, their mean value) of each customer.
    ///
    /// Customers without a repeat purchase or with a mean that is not positive are left out.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`] for fewer than 20 customers left.
    pub fn fit(values: &[(u32, f64)], cancel: Cancel<'_>) -> Result<GammaGamma> {
        let used: Vec<(f64, f64)> = values
            .iter()
            .filter(|(x, m)| *x > 0 && m.is_finite() && *m > 0.0)
            .map(|(x, m)| (f64::from(*x), *m))
            .collect();
        if used.len() < MIN_CUSTOMERS {
            return Err(Error::TooShort {
                what: "the customers who came back",
                have: used.len(),
                need: MIN_CUSTOMERS,
            });
        }
        // In units of the mean, so that the search does not depend on the currency.
        let unit = used.iter().map(|(_, m)| m).sum::<f64>() / used.len() as f64;
        let scaled: Vec<(f64, f64)> = used.iter().map(|(x, m)| (*x, m / unit)).collect();
        let (found, least) = minimise(&[1.0, 1.0, 0.0], cancel, |at| {
            if at.iter().any(|v| v.abs() > LOG_BOUND) {
                return f64::INFINITY;
            }
            -log_likelihood(&scaled, at[0].exp(), at[1].exp(), at[2].exp())
        })?;
        let [p, q, v] = [0, 1, 2].map(|i| found.get(i).copied().unwrap_or(0.0).exp());
        Ok(GammaGamma {
            p,
            q,
            v: v * unit,
            log_likelihood: -least - used.len() as f64 * unit.ln(),
        })
    }

    /// The expected value of a purchase, given `frequency` repeat purchases of mean `mean`.
    ///
    /// `None` where the fitted population has no mean (`q <= 1` and no purchase to go by).
    pub fn expected_value(&self, frequency: u32, mean: f64) -> Option<f64> {
        let x = f64::from(frequency);
        let total = if frequency == 0 { 0.0 } else { x * mean };
        let below = self.p * x + self.q - 1.0;
        (below > 0.0 && total.is_finite()).then(|| self.p * (self.v + total) / below)
    }
}

fn log_likelihood(values: &[(f64, f64)], p: f64, q: f64, v: f64) -> f64 {
    let fixed = q * v.ln() - ln_gamma(q);
    values
        .iter()
        .map(|(x, m)| {
            let px = p * x;
            fixed + ln_gamma(px + q) - ln_gamma(px) + (px - 1.0) * m.ln() + px * x.ln()
                - (px + q) * (x * m + v).ln()
        })
        .sum()
}

/// The discounted value of a customer's purchases over `months` from now.
///
/// * `month` - the length of a month in the model's unit of time (4.348 for weeks).
/// * `discount` - the rate of discount per month, 0.01 for one per cent; at least 0.
///
/// # Source
///
/// Σ (E\[X(k)\] − E\[X(k−1)\]) · value · (1+d)^−k over the months k.
pub fn lifetime_value(
    model: &BgNbd,
    customer: &History,
    value: f64,
    months: u32,
    month: f64,
    discount: f64,
) -> f64 {
    let mut before = 0.0;
    let mut total = 0.0;
    for k in 1..=months {
        let so_far = model.expected_purchases(customer, f64::from(k) * month);
        total += (so_far - before) * value / (1.0 + discount.max(0.0)).powi(k as i32);
        before = so_far;
    }
    total
}
