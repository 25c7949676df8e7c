//! CDNOW against the published estimates; `golden/customer/cdnow.py` says where the rows are from.

use kpi_core::Cancel;
use kpi_core::customer::{BgNbd, GammaGamma, History};

fn rows() -> Vec<(History, f64)> {
    include_str!("golden/customer/cdnow.csv")
        .lines()
        .skip(1)
        .map(|line| {
            let cell: Vec<f64> = line.split(',').map(|c| c.parse().unwrap()).collect();
            let history = History {
                frequency: cell[0] as u32,
                recency: cell[1],
                age: cell[2],
            };
            (history, cell[3])
        })
        .collect()
}

/// Fader, Hardie & Lee 2005: .243, 4.414, .793, 2.426, -9582.4.
#[test]
fn bgnbd_finds_the_published_maximum() {
    let rows = rows();
    assert_eq!(rows.len(), 2357);
    let histories: Vec<History> = rows.iter().map(|r| r.0).collect();
    let m = BgNbd::fit(&histories, Cancel::NEVER).unwrap();
    for (got, want, within) in [
        (m.r, 0.2426, 1e-4),
        (m.alpha, 4.4135, 5e-4),
        (m.a, 0.7929, 3e-4),
        (m.b, 2.4258, 1e-3),
        (m.log_likelihood, -9582.43, 1e-2),
    ] {
        assert!((got - want).abs() <= within, "{got} for {want}: {m:?}");
    }
}

/// Fader & Hardie 2013: 6.25, 3.74, 15.44 on the 946 customers who came back.
#[test]
fn gamma_gamma_finds_the_published_maximum() {
    let values: Vec<(u32, f64)> = rows().iter().map(|r| (r.0.frequency, r.1)).collect();
    assert_eq!(values.iter().filter(|v| v.0 > 0).count(), 946);
    let m = GammaGamma::fit(&values, Cancel::NEVER).unwrap();
    for (got, want, within) in [(m.p, 6.25, 0.01), (m.q, 3.74, 0.01), (m.v, 15.44, 0.05)] {
        assert!((got - want).abs() <= within, "{got} for {want}: {m:?}");
    }
    // Population mean p v / (q - 1) = 35.2 dollars.
    assert!((m.expected_value(0, 0.0).unwrap() - 35.2).abs() < 0.2);
}
