//! Small symmetric positive definite systems.

/// A symmetric matrix, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Symmetric {
    n: usize,
    cells: Vec<f64>,
}

/// The Cholesky factor of a [`Symmetric`].
#[derive(Clone, Debug)]
pub(crate) struct Factor {
    n: usize,
    cells: Vec<f64>,
}

impl Symmetric {
    /// An `n` by `n` matrix of zeros.
    pub(crate) fn zeros(n: usize) -> Self {
        Self {
            n,
            cells: vec![0.0; n * n],
        }
    }

    /// Adds `value` at row `i`, column `j` only; callers keep the lower triangle up to date.
    pub(crate) fn add(&mut self, i: usize, j: usize, value: f64) {
        self.cells[i * self.n + j] += value;
    }

    /// The cell at row `i`, column `j`.
    pub(crate) fn get(&self, i: usize, j: usize) -> f64 {
        self.cells[i * self.n + j]
    }

    /// The factor of the lower triangle, `None` where the matrix is not positive definite.
    pub(crate) fn factor(&self) -> Option<Factor> {
        let n = self.n;
        let mut l = self.cells.clone();
        for j in 0..n {
            let (done, rest) = l.split_at_mut((j + 1) * n);
            let row_j = &mut done[j * n..];
            let pivot = row_j[j] - row_j[..j].iter().map(|v| v * v).sum::<f64>();
            // A pivot lost to rounding is as good as none.
            if pivot.is_nan() || pivot <= 1e-12 * self.get(j, j).abs().max(f64::MIN_POSITIVE) {
                return None;
            }
            let root = pivot.sqrt();
            row_j[j] = root;
            let row_j = &row_j[..j];
            for row in rest.chunks_exact_mut(n) {
                let dot: f64 = row[..j].iter().zip(row_j).map(|(a, b)| a * b).sum();
                row[j] = (row[j] - dot) / root;
            }
        }
        Some(Factor { n, cells: l })
    }
}

impl Factor {
    /// Solves the system for `b`.
    pub(crate) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let n = self.n;
        let mut x = b.to_vec();
        for i in 0..n {
            let row = &self.cells[i * n..i * n + i];
            let dot: f64 = row.iter().zip(&x).map(|(a, b)| a * b).sum();
            x[i] = (x[i] - dot) / self.cells[i * n + i];
        }
        for i in (0..n).rev() {
            x[i] /= self.cells[i * n + i];
            let at = x[i];
            for (xj, l) in x.iter_mut().zip(&self.cells[i * n..i * n + i]) {
                *xj -= l * at;
            }
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::Symmetric;

    #[test]
    fn solves_a_known_system() {
        let mut a = Symmetric::zeros(3);
        for (i, row) in [[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 6.0]]
            .iter()
            .enumerate()
        {
            for (j, v) in row.iter().enumerate() {
                a.add(i, j, *v);
            }
        }
        let x = a.factor().unwrap().solve(&[9.0, 15.0, 13.0]);
        let back: Vec<f64> = (0..3)
            .map(|i| (0..3).map(|j| a.get(i, j) * x[j]).sum())
            .collect();
        for (got, want) in back.iter().zip([9.0, 15.0, 13.0]) {
            assert!((got - want).abs() < 1e-12);
        }
        assert!(Symmetric::zeros(2).factor().is_none());
    }
}
