//! False discoveries over all points of a call (Benjamini and Hochberg 1995).

use super::Mode;

/// Turns p-values into q-values over all series of a call, in place of the p-values.
///
/// * `p` - one slice a series; NaN marks a point that was not judged and stays NaN.
/// * `mode` - [`Mode::Retrospective`] adjusts all points together. [`Mode::Monitoring`] gives
///   each point the value it would have had on its day: adjusted over the points up to and
///   including its position, counted from the end so that series which end on the same day
///   align, and over no fewer than `least` positions. No later point can change it.
/// * `least` - positions in a year (365 for days); ignored in retrospect.
/// * `ceiling` - in monitoring, p-values above it get q = 1 (they could not be found at a rate
///   below it). At least 0.05 is used.
pub fn adjust(p: &mut [&mut [f64]], mode: Mode, least: usize, ceiling: f64) {
    match mode {
        Mode::Retrospective => together(p),
        Mode::Monitoring => as_of_each_day(p, least, ceiling.max(0.05)),
    }
}

fn together(p: &mut [&mut [f64]]) {
    let mut all: Vec<(f64, u32, u32)> = Vec::new();
    for (s, series) in p.iter().enumerate() {
        for (t, value) in series.iter().enumerate() {
            if !value.is_nan() {
                all.push((*value, s as u32, t as u32));
            }
        }
    }
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let m = all.len() as f64;
    let mut least = 1.0_f64;
    for (rank, (value, s, t)) in all.into_iter().enumerate().rev() {
        least = least.min(value * m / (rank + 1) as f64);
        p[s as usize][t as usize] = least;
    }
}

fn as_of_each_day(p: &mut [&mut [f64]], least: usize, ceiling: f64) {
    let longest = p.iter().map(|s| s.len()).max().unwrap_or(0);
    // Candidates and counts by day; day 0 is the earliest of the longest series.
    let mut by_day: Vec<Vec<(f64, u32)>> = vec![Vec::new(); longest];
    let mut judged = vec![0_usize; longest];
    let mut groups = 0_usize;
    for (s, series) in p.iter_mut().enumerate() {
        let offset = longest - series.len();
        let mut any = false;
        for (t, value) in series.iter_mut().enumerate() {
            if value.is_nan() {
                continue;
            }
            any = true;
            judged[offset + t] += 1;
            if *value <= ceiling {
                by_day[offset + t].push((*value, s as u32));
            }
            *value = 1.0;
        }
        groups += usize::from(any);
    }
    let mut sorted: Vec<f64> = Vec::new();
    let mut tests = 0_usize;
    for (day, found) in by_day.iter().enumerate() {
        tests += judged[day];
        if found.is_empty() {
            continue;
        }
        let m = tests.max(least.saturating_mul(groups)) as f64;
        let mut added: Vec<f64> = found.iter().map(|f| f.0).collect();
        added.sort_unstable_by(f64::total_cmp);
        sorted = merged(&sorted, &added);
        let mut q = vec![0.0; sorted.len()];
        let mut running = 1.0_f64;
        for (rank, value) in sorted.iter().enumerate().rev() {
            running = running.min(value * m / (rank + 1) as f64);
            q[rank] = running;
        }
        for (value, s) in found {
            let rank = sorted.partition_point(|x| x.total_cmp(value).is_lt());
            let series = &mut p[*s as usize];
            let t = day + series.len() - longest;
            series[t] = q[rank.min(q.len() - 1)];
        }
    }
}

fn merged(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut out = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] <= b[j] {
            out.push(a[i]);
            i += 1;
        } else {
            out.push(b[j]);
            j += 1;
        }
    }
    out.extend_from_slice(&a[i..]);
    out.extend_from_slice(&b[j..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn together_is_benjamini_hochberg() {
        // R: p.adjust(c(.01, .02, .03, .04, .5), "BH") = .05 .05 .05 .05 .5
        let mut a = [0.01, f64::NAN, 0.5];
        let mut b = [0.02, 0.03, 0.04];
        adjust(&mut [&mut a, &mut b], Mode::Retrospective, 365, 0.05);
        for q in [a[0], b[0], b[1], b[2]] {
            assert!((q - 0.05).abs() < 1e-12);
        }
        assert_eq!(a[2], 0.5);
        assert!(a[1].is_nan());
    }

    #[test]
    fn monitoring_does_not_look_ahead() {
        let p: Vec<f64> = (0..500)
            .map(|i| f64::from((i * 7919) % 997) / 997.0 * if i % 90 == 0 { 1e-5 } else { 1.0 })
            .collect();
        let mut whole = p.clone();
        adjust(&mut [&mut whole], Mode::Monitoring, 365, 0.05);
        for end in [100, 200, 377] {
            let mut part = p[..end].to_vec();
            adjust(&mut [&mut part], Mode::Monitoring, 365, 0.05);
            assert_eq!(part, whole[..end]);
        }
    }
}
