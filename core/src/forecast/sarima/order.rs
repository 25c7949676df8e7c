//! Orders and their names.

use std::fmt;
use std::ops::Range;

use super::filter::Start;
use crate::{Error, Result};

/// Most coefficients of one part of a model; far more than a series can tell apart.
const MAX_PART: usize = 24;
/// Longest season: a year of hours.
const MAX_SEASON: usize = 8784;
/// Longest expanded polynomial, which bounds time and memory.
const MAX_DEGREE: usize = 9000;

/// Orders of a seasonal ARIMA model, `(p, d, q)(P, D, Q)[season]`.
///
/// `season` is the number of observations in a season; 1 (or 0) means none, and then `sp`, `sd`
/// and `sq` must be zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Order {
    /// Autoregressive order.
    pub p: usize,
    /// Differences at lag 1, at most 2.
    pub d: usize,
    /// Moving-average order.
    pub q: usize,
    /// Seasonal autoregressive order.
    pub sp: usize,
    /// Seasonal differences, at most 1.
    pub sd: usize,
    /// Seasonal moving-average order.
    pub sq: usize,
    /// Observations in a season.
    pub season: usize,
}

impl Order {
    /// A model without a season.
    pub fn new(p: usize, d: usize, q: usize) -> Self {
        Self {
            p,
            d,
            q,
            season: 1,
            ..Self::default()
        }
    }

    /// The same model with a seasonal part.
    pub fn seasonal(self, sp: usize, sd: usize, sq: usize, season: usize) -> Self {
        Self {
            sp,
            sd,
            sq,
            season,
            ..self
        }
    }

    /// ARMA coefficients.
    pub(super) fn arma_len(&self) -> usize {
        self.p + self.q + self.sp + self.sq
    }

    /// Observations that differencing takes.
    pub(super) fn lost(&self) -> usize {
        self.d + self.sd * self.season
    }

    /// Differenced values that a start takes as given.
    pub(super) fn given(&self, start: Start) -> usize {
        match start {
            Start::Exact => 0,
            Start::Conditional => self.p + self.sp * self.season,
        }
    }

    /// Places of the coefficients: AR, MA, seasonal AR, seasonal MA.
    pub(super) fn split(&self) -> [Range<usize>; 4] {
        let q = self.p + self.q;
        let sp = q + self.sp;
        [0..self.p, self.p..q, q..sp, sp..sp + self.sq]
    }

    /// Checks the ranges, and gives a model without a seasonal part the season 1.
    pub(super) fn checked(mut self) -> Result<Self> {
        let range = |name, value: usize, max, accepted| {
            if value > max {
                Err(Error::OutOfRange {
                    name,
                    value: value.to_string(),
                    accepted,
                })
            } else {
                Ok(())
            }
        };
        range("p", self.p, MAX_PART, "at most 24")?;
        range("q", self.q, MAX_PART, "at most 24")?;
        range("sp", self.sp, MAX_PART, "at most 24")?;
        range("sq", self.sq, MAX_PART, "at most 24")?;
        range("d", self.d, 2, "at most 2")?;
        range("sd", self.sd, 1, "at most 1")?;
        range("season", self.season, MAX_SEASON, "at most 8784")?;
        let seasonal = self.sp + self.sd + self.sq > 0;
        if seasonal && self.season < 2 {
            return Err(Error::OutOfRange {
                name: "season",
                value: self.season.to_string(),
                accepted: "at least 2 for a seasonal model",
            });
        }
        let degree = self.season * self.sp.max(self.sq) + self.p.max(self.q);
        range(
            "season × seasonal order",
            degree,
            MAX_DEGREE,
            "at most 9000",
        )?;
        if !seasonal {
            self.season = self.season.max(1);
        }
        Ok(self)
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ARIMA({},{},{})", self.p, self.d, self.q)?;
        if self.sp + self.sd + self.sq > 0 {
            write!(f, "({},{},{})[{}]", self.sp, self.sd, self.sq, self.season)?;
        }
        Ok(())
    }
}

/// What to fit: the orders, and whether the series has a constant of its own.
///
/// The constant is a mean where nothing is differenced and a drift (the slope of a straight
/// line) where one difference is taken; with two it would be a parabola and is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    /// The orders.
    pub order: Order,
    /// Whether a constant is estimated.
    pub constant: bool,
}

impl Spec {
    /// Name of the constant's coefficient, if the model has one.
    pub(super) fn constant_term(&self) -> Option<&'static str> {
        match (self.constant, self.order.d + self.order.sd) {
            (true, 0) => Some("intercept"),
            (true, 1) => Some("drift"),
            _ => None,
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.order.fmt(f)?;
        match self.constant_term() {
            Some("drift") => f.write_str(" with drift"),
            Some(_) => f.write_str(" with non-zero mean"),
            None if self.order.d + self.order.sd == 0 => f.write_str(" with zero mean"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_r() {
        let spec = |order, constant| Spec { order, constant }.to_string();
        let airline = Order::new(1, 1, 1).seasonal(0, 1, 1, 12);
        assert_eq!(airline.to_string(), "ARIMA(1,1,1)(0,1,1)[12]");
        assert_eq!(spec(airline, true), "ARIMA(1,1,1)(0,1,1)[12]");
        assert_eq!(spec(Order::new(0, 1, 0), true), "ARIMA(0,1,0) with drift");
        assert_eq!(
            spec(Order::new(1, 0, 0), true),
            "ARIMA(1,0,0) with non-zero mean"
        );
        assert_eq!(
            spec(Order::new(1, 0, 0), false),
            "ARIMA(1,0,0) with zero mean"
        );
    }

    #[test]
    fn orders_out_of_range_are_refused() {
        assert!(Order::new(25, 0, 0).checked().is_err());
        assert!(Order::new(0, 3, 0).checked().is_err());
        assert!(Order::new(0, 0, 0).seasonal(1, 0, 0, 1).checked().is_err());
        assert!(
            Order::new(0, 0, 0)
                .seasonal(1, 0, 0, 8785)
                .checked()
                .is_err()
        );
        assert_eq!(Order::default().checked().unwrap().season, 1);
    }
}
