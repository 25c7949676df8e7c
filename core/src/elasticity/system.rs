//! A Newton system: gradient and curvature, with the terms of items taken out.

use super::model::{BEND, COMMON, Model, OWN, SHARED, SORTS, Seen, TERMS, TREND, dot};
use crate::dense::{Factor, Symmetric};
use crate::{Cancel, Result};

/// Sums over the rows of a kind's week, which have season and week in common.
#[derive(Clone, Copy, Default)]
struct Sums {
    /// Score times each sort.
    scores: [f64; SORTS],
    /// Weight times each two sorts.
    weights: [[f64; SORTS]; SORTS],
}

impl Sums {
    fn add(&mut self, weight: f64, score: f64, seen: &Seen) {
        if seen.promotion == 0.0 && seen.after == 0.0 {
            self.scores[0] += score;
            self.weights[0][0] += weight;
            return;
        }
        let sorts = seen.sorts();
        for (i, x) in sorts.iter().enumerate() {
            self.scores[i] += score * x;
            for (j, y) in sorts.iter().enumerate() {
                self.weights[i][j] += weight * x * y;
            }
        }
    }

    /// Adds the week to gradient and curvature: column, value and sort of its terms, in order of column.
    fn spread(
        &self,
        terms: &[(usize, f64, usize); TERMS],
        gradient: &mut [f64],
        curvature: &mut Symmetric,
    ) {
        if self.weights[0][0] == 0.0 {
            return;
        }
        for (n, (j, zj, sj)) in terms.iter().enumerate() {
            gradient[*j] += zj * self.scores[*sj];
            for (i, zi, si) in terms.iter().skip(n) {
                curvature.add(*i, *j, zi * zj * self.weights[*si][*sj]);
            }
        }
    }
}

/// One Newton system, factored.
pub(super) struct System {
    pub(super) blocks: Vec<Option<Factor>>,
    /// Of each item: the columns it touches and its OWN rows over them.
    pub(super) cross: Vec<Vec<(usize, [f64; OWN])>>,
    pub(super) schur: Option<Factor>,
    pub(super) shared_gradient: Vec<f64>,
    pub(super) own_gradient: Vec<[f64; OWN]>,
    pub(super) diagonal: Vec<f64>,
}

impl Model<'_> {
    /// Gradient and curvature at the present estimates, with the item blocks eliminated.
    pub(super) fn system(&self, cancel: Cancel<'_>) -> Result<System> {
        let m = self.shared.len();
        let mut curvature = Symmetric::zeros(m);
        let mut shared_gradient: Vec<f64> = (0..m)
            .map(|j| -self.shared_precision(j) * self.shared[j])
            .collect();
        for j in 0..m {
            curvature.add(j, j, self.shared_precision(j));
        }
        let mut own_gradient = Vec::with_capacity(self.units.len());
        let mut blocks = Vec::with_capacity(self.units.len());
        let mut cross = Vec::with_capacity(self.units.len());
        let terms = self.by_kind_and_week(|kind, week, at| self.terms(kind, week, Some(at)));
        let mut sums = vec![Sums::default(); terms.len()];
        for (u, unit) in self.units.iter().enumerate() {
            cancel.check()?;
            let slope = self
                .slope_prior
                .get(unit.kind)
                .copied()
                .unwrap_or((0.0, 1e-6));
            let [trend, bend] = [TREND, BEND].map(|at| self.spreads[at].powi(-2));
            let held = [(0.0, 1e-6), (0.0, trend), (0.0, bend), slope];
            let mut gradient = [0.0; OWN];
            let mut block = [[0.0; OWN]; OWN];
            for (k, (mean, precision)) in held.iter().enumerate() {
                gradient[k] = precision * (mean - self.own[u][k]);
                block[k][k] = *precision;
            }
            // The item's terms with the kind's season, with promotion and the fortnight after, and with each week.
            let mut seasons = [[0.0; OWN]; SHARED - COMMON];
            let mut promotions = [[0.0; OWN]; COMMON];
            let (at, all) = (unit.kind * SHARED, self.kinds * SHARED);
            let mut columns = Vec::with_capacity(SHARED + COMMON + self.seen[u].len());
            columns.extend((at..at + SHARED).map(|j| (j, [0.0; OWN])));
            columns.extend((all..all + COMMON).map(|j| (j, [0.0; OWN])));
            for (seen, mean) in self.rows(u) {
                let scale = 1.0 / (self.dispersion[u] * (1.0 + self.excess * mean));
                let (weight, score) = (mean * scale, (seen.count - mean) * scale);
                let own = seen.own();
                let weighted = own.map(|x| weight * x);
                for k in 0..OWN {
                    gradient[k] += own[k] * score;
                    for l in 0..OWN {
                        block[k][l] += weighted[k] * own[l];
                    }
                }
                let terms = &terms[unit.kind * self.weeks.len() + seen.week];
                for (column, (_, z, _)) in seasons.iter_mut().zip(terms) {
                    for (c, w) in column.iter_mut().zip(&weighted) {
                        *c += w * z;
                    }
                }
                columns.push((self.week_column(seen.week), weighted));
                let sums = &mut sums[unit.kind * self.weeks.len() + seen.week];
                sums.add(weight, score, seen);
                // Most weeks are far from any promotion.
                if seen.promotion == 0.0 && seen.after == 0.0 {
                    continue;
                }
                for (column, z) in promotions.iter_mut().zip([seen.promotion, seen.after]) {
                    for (c, w) in column.iter_mut().zip(&weighted) {
                        *c += w * z;
                    }
                }
            }
            let crossed = seasons.iter().chain(&promotions).chain(&promotions);
            for (column, crossed) in columns.iter_mut().zip(crossed) {
                column.1 = *crossed;
            }
            own_gradient.push(gradient);
            blocks.push(Symmetric::of(&block).factor());
            cross.push(columns);
        }
        for (sums, terms) in sums.iter().zip(&terms) {
            sums.spread(terms, &mut shared_gradient, &mut curvature);
        }
        self.eliminate(
            &blocks,
            &cross,
            &own_gradient,
            &mut shared_gradient,
            &mut curvature,
            cancel,
        )?;
        let diagonal = (0..m).map(|j| curvature.get(j, j)).collect();
        Ok(System {
            blocks,
            cross,
            schur: curvature.factor(),
            shared_gradient,
            own_gradient,
            diagonal,
        })
    }

    /// Takes the items' own terms out: S = C - sum B'A^-1 B, and the gradient likewise. With A = LL' and H = L^-1 B each
    /// item takes away H'H, and columns that lie side by side, as weeks do, are taken away at once.
    fn eliminate(
        &self,
        blocks: &[Option<Factor>],
        cross: &[Vec<(usize, [f64; OWN])>],
        own_gradient: &[[f64; OWN]],
        shared_gradient: &mut [f64],
        curvature: &mut Symmetric,
        cancel: Cancel<'_>,
    ) -> Result<()> {
        let mut half: [Vec<f64>; OWN] = Default::default();
        // First column, its place in `half` and length of columns that follow each other.
        let mut runs: Vec<(usize, usize, usize)> = Vec::new();
        for ((factor, columns), gradient) in blocks.iter().zip(cross).zip(own_gradient) {
            cancel.check()?;
            let Some(factor) = factor else { continue };
            half.iter_mut().for_each(Vec::clear);
            runs.clear();
            let gradient = factor.half_small(gradient);
            for (at, (j, column)) in columns.iter().enumerate() {
                let solved = factor.half_small(column);
                shared_gradient[*j] -= dot(&solved, &gradient);
                for (h, s) in half.iter_mut().zip(solved) {
                    h.push(s);
                }
                match runs.last_mut() {
                    Some((start, _, length)) if *start + *length == *j => *length += 1,
                    _ => runs.push((*j, at, 1)),
                }
            }
            for (at, (j, _)) in columns.iter().enumerate() {
                let [a, b, c, d] = [&half[0], &half[1], &half[2], &half[3]].map(|h| h[at]);
                let row = curvature.row_mut(*j);
                for (start, from, length) in runs.iter().take_while(|r| r.1 <= at) {
                    let length = (*length).min(at - from + 1);
                    let [ha, hb, hc, hd] =
                        [&half[0], &half[1], &half[2], &half[3]].map(|h| &h[*from..from + length]);
                    let cells = row[*start..start + length].iter_mut();
                    for ((((cell, ha), hb), hc), hd) in cells.zip(ha).zip(hb).zip(hc).zip(hd) {
                        *cell -= a * ha + b * hb + c * hc + d * hd;
                    }
                }
            }
        }
        Ok(())
    }
}
