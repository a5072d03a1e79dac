//! Linear programs by a primal-dual interior point method: Mehrotra, "On the implementation of a primal-dual interior
//! point method", SIAM Journal on Optimization 2, 1992, with upper bounds.
//!
//! What makes it fast is the order of the rows: those of a slot follow each other, and a column meets two slots at the
//! most, so that the normal equations are a narrow band and are solved in time that grows with the number of slots.

/// Iterations at the most; a dozen or two are usual.
const ITERATIONS: usize = 60;
/// Good enough, relative.
const ENOUGH: f64 = 1e-8;

/// One variable, between zero and an upper bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Cost of each unit.
    pub cost: f64,
    /// Its upper bound, above zero.
    pub upper: f64,
    /// Rows, ascending, with its coefficient in each.
    pub entries: Vec<(usize, f64)>,
}

/// The values that cost least and meet `rows` (right-hand sides), and the price of each row, or as near as the method
/// came.
pub fn solve(columns: &[Column], rows: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut state = State::new(columns, rows.len());
    let mut band = Band::of(columns, rows.len());
    for _ in 0..ITERATIONS {
        let residuals = Residuals::of(columns, rows, &state);
        let mu = state.mu();
        if mu < ENOUGH && residuals.largest() < 1e-7 {
            break;
        }
        let theta: Vec<f64> = state.each().map(|[x, w, z, v]| 1.0 / (z / x + v / w)).collect();
        band.factor(columns, &theta);
        let affine = state.step(columns, &band, &theta, &residuals, 0.0, None);
        let (primal, dual) = state.longest(&affine);
        let then = state.mu_after(&affine, primal, dual);
        let centre = (then / mu).powi(3) * mu;
        let step = state.step(columns, &band, &theta, &residuals, centre, Some(&affine));
        let (primal, dual) = state.longest(&step);
        state.advance(&step, 0.9995 * primal, 0.9995 * dual);
    }
    (state.x, state.y)
}

/// Primal values `x`, what is left to the bounds `w`, prices of the rows `y`, of both bounds `z` and `v`.
struct State {
    x: Vec<f64>,
    w: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
    v: Vec<f64>,
}

impl State {
    fn new(columns: &[Column], rows: usize) -> Self {
        let x: Vec<f64> = columns.iter().map(|column| column.upper / 2.0).collect();
        let price = |cost: f64| cost.max(0.0) + 0.1;
        Self {
            w: x.clone(),
            y: vec![0.0; rows],
            z: columns.iter().map(|column| price(column.cost)).collect(),
            v: columns.iter().map(|column| price(-column.cost)).collect(),
            x,
        }
    }

    fn each(&self) -> impl Iterator<Item = [f64; 4]> + '_ {
        (0..self.x.len()).map(|i| [self.x[i], self.w[i], self.z[i], self.v[i]])
    }

    /// The mean product of values and prices: how far from the optimum it is.
    fn mu(&self) -> f64 {
        self.each().map(|[x, w, z, v]| x * z + w * v).sum::<f64>() / (2 * self.x.len()) as f64
    }

    fn mu_after(&self, step: &Self, primal: f64, dual: f64) -> f64 {
        let product = |([x, w, z, v], [dx, dw, dz, dv]): ([f64; 4], [f64; 4])| {
            (x + primal * dx) * (z + dual * dz) + (w + primal * dw) * (v + dual * dv)
        };
        self.each().zip(step.each()).map(product).sum::<f64>() / (2 * self.x.len()) as f64
    }

    /// The way to a point where each product is `centre`, the products of `affine` taken into account.
    fn step(
        &self,
        columns: &[Column],
        band: &Band,
        theta: &[f64],
        residuals: &Residuals,
        centre: f64,
        affine: Option<&Self>,
    ) -> Self {
        let corrected = |i: usize, product: f64, of: fn(&Self, usize) -> f64| {
            centre - product - affine.map_or(0.0, |affine| of(affine, i))
        };
        let n = columns.len();
        let lower: Vec<f64> = (0..n).map(|i| corrected(i, self.x[i] * self.z[i], |a, i| a.x[i] * a.z[i])).collect();
        let upper: Vec<f64> = (0..n).map(|i| corrected(i, self.w[i] * self.v[i], |a, i| a.w[i] * a.v[i])).collect();
        let gradient: Vec<f64> = (0..n)
            .map(|i| residuals.dual[i] - lower[i] / self.x[i] + (upper[i] - self.v[i] * residuals.bound[i]) / self.w[i])
            .collect();
        let mut y = residuals.primal.clone();
        for (i, column) in columns.iter().enumerate() {
            column.entries.iter().for_each(|(row, value)| y[*row] += value * theta[i] * gradient[i]);
        }
        band.solve(&mut y);
        let x: Vec<f64> = columns
            .iter()
            .enumerate()
            .map(|(i, column)| {
                let priced: f64 = column.entries.iter().map(|(row, value)| value * y[*row]).sum();
                theta[i] * (priced - gradient[i])
            })
            .collect();
        let w: Vec<f64> = (0..n).map(|i| residuals.bound[i] - x[i]).collect();
        let z = (0..n).map(|i| (lower[i] - self.z[i] * x[i]) / self.x[i]).collect();
        let v = (0..n).map(|i| (upper[i] - self.v[i] * w[i]) / self.w[i]).collect();
        Self { x, w, y, z, v }
    }

    /// How far one can go until something becomes zero, at most 1.
    fn longest(&self, step: &Self) -> (f64, f64) {
        let most = |values: &[f64], steps: &[f64]| {
            let falling = values.iter().zip(steps).filter(|(_, step)| **step < 0.0);
            falling.map(|(value, step)| -value / step).fold(1.0, f64::min)
        };
        let primal = most(&self.x, &step.x).min(most(&self.w, &step.w));
        (primal, most(&self.z, &step.z).min(most(&self.v, &step.v)))
    }

    fn advance(&mut self, step: &Self, primal: f64, dual: f64) {
        let go = |values: &mut [f64], steps: &[f64], far: f64| {
            values.iter_mut().zip(steps).for_each(|(value, step)| *value += far * step);
        };
        go(&mut self.x, &step.x, primal);
        go(&mut self.w, &step.w, primal);
        go(&mut self.y, &step.y, dual);
        go(&mut self.z, &step.z, dual);
        go(&mut self.v, &step.v, dual);
    }
}

/// What is not met yet.
struct Residuals {
    primal: Vec<f64>,
    dual: Vec<f64>,
    bound: Vec<f64>,
}

impl Residuals {
    fn of(columns: &[Column], rows: &[f64], state: &State) -> Self {
        let mut primal = rows.to_vec();
        let mut dual = Vec::with_capacity(columns.len());
        for (i, column) in columns.iter().enumerate() {
            let mut priced = 0.0;
            for (row, value) in &column.entries {
                primal[*row] -= value * state.x[i];
                priced += value * state.y[*row];
            }
            dual.push(column.cost - priced - state.z[i] + state.v[i]);
        }
        let bound = columns.iter().enumerate().map(|(i, c)| c.upper - state.x[i] - state.w[i]).collect();
        Self { primal, dual, bound }
    }

    fn largest(&self) -> f64 {
        self.primal.iter().chain(&self.dual).fold(0.0, |most, value| most.max(value.abs()))
    }
}

/// A symmetric positive matrix whose rows begin near the diagonal, and its Cholesky factor in its place.
struct Band {
    /// The first column of each row, and where in `values` it is.
    first: Vec<usize>,
    at: Vec<usize>,
    values: Vec<f64>,
}

impl Band {
    /// Room for the normal equations of these columns.
    fn of(columns: &[Column], rows: usize) -> Self {
        let mut first: Vec<usize> = (0..rows).collect();
        for column in columns {
            if let Some((lowest, _)) = column.entries.first() {
                column.entries.iter().for_each(|(row, _)| first[*row] = first[*row].min(*lowest));
            }
        }
        let mut length = 0;
        let at = first
            .iter()
            .enumerate()
            .map(|(row, first)| {
                let begin = length;
                length += row - first + 1;
                begin
            })
            .collect();
        Self { first, at, values: vec![0.0; length] }
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.values[self.at[row]..self.at[row] + row - self.first[row] + 1]
    }

    fn factor(&mut self, columns: &[Column], theta: &[f64]) {
        self.values.fill(0.0);
        for (column, theta) in columns.iter().zip(theta) {
            for (i, (row, value)) in column.entries.iter().enumerate() {
                for (other, by) in &column.entries[..=i] {
                    self.values[self.at[*row] + other - self.first[*row]] += value * by * theta;
                }
            }
        }
        for row in 0..self.first.len() {
            let first = self.first[row];
            for column in first..=row {
                let from = first.max(self.first[column]);
                let (mine, theirs) = (self.at[row] + from - first, self.at[column] + from - self.first[column]);
                let length = column - from;
                let (a, b) = (&self.values[mine..mine + length], &self.values[theirs..theirs + length]);
                let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let at = self.at[row] + column - first;
                let left = self.values[at] - dot;
                // A row that depends on others gets a huge pivot, and with it no step.
                self.values[at] = if column < row {
                    left / self.values[self.at[column] + column - self.first[column]]
                } else if left > 1e-14 {
                    left.sqrt()
                } else {
                    1e30
                };
            }
        }
    }

    fn solve(&self, right: &mut [f64]) {
        for row in 0..right.len() {
            let (own, rest) = self.row(row).split_last().map_or((1.0, &[][..]), |(own, rest)| (*own, rest));
            let dot: f64 = rest.iter().zip(&right[self.first[row]..]).map(|(a, b)| a * b).sum();
            right[row] = (right[row] - dot) / own;
        }
        for row in (0..right.len()).rev() {
            let (own, rest) = self.row(row).split_last().map_or((1.0, &[][..]), |(own, rest)| (*own, rest));
            right[row] /= own;
            let value = right[row];
            rest.iter().zip(&mut right[self.first[row]..]).for_each(|(a, to)| *to -= a * value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_mix_is_found() {
        // 3 a + 2 b + 5 c least, where a + b + c = 10 and a - b = 1, a at most 4.
        let column = |cost, upper, entries: &[(usize, f64)]| Column { cost, upper, entries: entries.to_vec() };
        let columns = [
            column(3.0, 4.0, &[(0, 1.0), (1, 1.0)]),
            column(2.0, 10.0, &[(0, 1.0), (1, -1.0)]),
            column(5.0, 10.0, &[(0, 1.0)]),
        ];
        let (found, _) = solve(&columns, &[10.0, 1.0]);
        for (found, expected) in found.iter().zip([4.0, 3.0, 3.0]) {
            assert!((found - expected).abs() < 1e-5, "{found}, expected {expected}");
        }
    }
}
