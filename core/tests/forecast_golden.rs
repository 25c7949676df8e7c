//! Theta against R's `thetaf`; `golden/theta/make.R` made the file.

use std::collections::BTreeMap;

use kpi_core::Cancel;
use kpi_core::forecast::theta::{Variant, theta};

/// R's `ses` starts its search for the level elsewhere and stops earlier, so alpha differs in the
/// third digit; the forecasts then agree to this share of the series' size.
const TOLERANCE: f64 = 2e-3;

#[test]
fn standard_theta_agrees_with_r() {
    let mut series: BTreeMap<String, (usize, Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for line in include_str!("golden/theta/theta.csv").lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let slot = series.entry(fields[0].to_owned()).or_default();
        slot.0 = fields[1].parse().unwrap();
        let value: f64 = fields[4].parse().unwrap();
        if fields[2] == "y" {
            slot.1.push(value);
        } else {
            slot.2.push(value);
        }
    }
    assert_eq!(series.len(), 6);
    for (name, (season, y, want)) in series {
        let (got, _) = theta(
            &y,
            season,
            want.len(),
            Variant::Standard,
            None,
            Cancel::NEVER,
        )
        .unwrap();
        let size = y.iter().map(|v| v.abs()).sum::<f64>() / y.len() as f64;
        for (h, (step, want)) in got.steps.iter().zip(&want).enumerate() {
            assert!(
                (step.mean - want).abs() < TOLERANCE * size,
                "{name} step {}: {} instead of {want}",
                h + 1,
                step.mean
            );
        }
    }
}
