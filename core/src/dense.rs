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
    /// The same column by column, so that solving runs along memory both ways.
    columns: Vec<f64>,
}

impl Symmetric {
    /// An `n` by `n` matrix of zeros.
    pub(crate) fn zeros(n: usize) -> Self {
        Self {
            n,
            cells: vec![0.0; n * n],
        }
    }

    /// The matrix of these rows.
    pub(crate) fn of<const N: usize>(rows: &[[f64; N]; N]) -> Self {
        Self {
            n: N,
            cells: rows.concat(),
        }
    }

    /// Adds `value` at row `i`, column `j` only; callers keep the lower triangle up to date.
    pub(crate) fn add(&mut self, i: usize, j: usize, value: f64) {
        self.cells[i * self.n + j] += value;
    }

    /// The cells of row `i`.
    pub(crate) fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.cells[i * self.n..(i + 1) * self.n]
    }

    /// The cell at row `i`, column `j`.
    pub(crate) fn get(&self, i: usize, j: usize) -> f64 {
        self.cells[i * self.n + j]
    }

    /// The factor of the lower triangle, `None` where the matrix is not positive definite.
    ///
    /// Column by column, with the sums of products of all cells to come kept beside: a sum has its terms in the order of
    /// the columns, and neighbouring cells are added to at once.
    pub(crate) fn factor(&self) -> Option<Factor> {
        let n = self.n;
        let mut cells = vec![0.0; n * n];
        let mut columns = vec![0.0; n * n];
        // Of cell (i, j) at j * n + i.
        let mut sums = vec![0.0; n * n];
        for j in 0..n {
            let pivot = self.get(j, j) - sums[j * n + j];
            // A pivot lost to rounding is as good as none.
            if pivot.is_nan() || pivot <= 1e-12 * self.get(j, j).abs().max(f64::MIN_POSITIVE) {
                return None;
            }
            let root = pivot.sqrt();
            cells[j * n + j] = root;
            columns[j * n + j] = root;
            for i in j + 1..n {
                let cell = (self.get(i, j) - sums[j * n + i]) / root;
                cells[i * n + j] = cell;
                columns[j * n + i] = cell;
            }
            let column = &columns[j * n..(j + 1) * n];
            for k in j + 1..n {
                let at = column[k];
                let sums = &mut sums[k * n + k..(k + 1) * n];
                for (sum, below) in sums.iter_mut().zip(&column[k..]) {
                    *sum += below * at;
                }
            }
        }
        Some(Factor { n, cells, columns })
    }
}

impl Factor {
    /// Solves the system for `b`.
    pub(crate) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut x = b.to_vec();
        let mut sums = vec![0.0; self.n];
        solve(self.n, &self.cells, &self.columns, &mut x, &mut sums);
        x
    }

    /// The quadratic form b'A^-1 b: the square of the first half of the solution.
    pub(crate) fn form(&self, b: &[f64]) -> f64 {
        let mut x = b.to_vec();
        forward(self.n, &self.columns, &mut x);
        x.iter().map(|v| v * v).sum()
    }

    /// The first half of the solution of a system of `N`: L^-1 b of A = LL'.
    pub(crate) fn half_small<const N: usize>(&self, b: &[f64; N]) -> [f64; N] {
        debug_assert_eq!(self.n, N);
        let mut x = *b;
        forward(N, &self.columns[..N * N], &mut x);
        x
    }

    /// Solves a system of `N` for `b`, without a place on the heap.
    pub(crate) fn solve_small<const N: usize>(&self, b: &[f64; N]) -> [f64; N] {
        debug_assert_eq!(self.n, N);
        let mut x = *b;
        // With the size known, loops are written out.
        let (cells, columns) = (&self.cells[..N * N], &self.columns[..N * N]);
        solve(N, cells, columns, &mut x, &mut [0.0; N]);
        x
    }
}

/// The lower triangle alone.
#[inline(always)]
fn forward(n: usize, columns: &[f64], x: &mut [f64]) {
    for j in 0..n {
        let at = x[j] / columns[j * n + j];
        x[j] = at;
        let column = &columns[j * n + j + 1..(j + 1) * n];
        for (below, l) in x[j + 1..].iter_mut().zip(column) {
            *below -= l * at;
        }
    }
}

/// Both triangles one after the other; `sums` are zeros.
#[inline(always)]
fn solve(n: usize, cells: &[f64], columns: &[f64], x: &mut [f64], sums: &mut [f64]) {
    for j in 0..n {
        x[j] = (x[j] - sums[j]) / cells[j * n + j];
        let at = x[j];
        let column = &columns[j * n + j + 1..(j + 1) * n];
        for (sum, l) in sums[j + 1..].iter_mut().zip(column) {
            *sum += l * at;
        }
    }
    for i in (0..n).rev() {
        x[i] /= cells[i * n + i];
        let at = x[i];
        for (xj, l) in x.iter_mut().zip(&cells[i * n..i * n + i]) {
            *xj -= l * at;
        }
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
        let factor = a.factor().unwrap();
        let b = [9.0, 15.0, 13.0];
        let form: f64 = x.iter().zip(b).map(|(x, b)| x * b).sum();
        let half: f64 = factor.half_small(&b).iter().map(|h| h * h).sum();
        assert!((factor.form(&b) - form).abs() < 1e-12 && (half - form).abs() < 1e-12);
        assert!(Symmetric::zeros(2).factor().is_none());
    }
}
