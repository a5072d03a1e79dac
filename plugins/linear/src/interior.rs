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
    let mut variables: Vec<Variable<'_>> = columns.iter().map(Variable::of).collect();
    let mut band = Band::of(columns, rows.len());
    let mut prices = vec![0.0; rows.len()];
    let mut missing = vec![0.0; rows.len()];
    let mut price_steps = vec![0.0; rows.len()];
    let count = (2 * columns.len()).max(1) as f64;
    for _ in 0..ITERATIONS {
        missing.copy_from_slice(rows);
        let (mut product, mut largest) = (0.0, 0.0_f64);
        for variable in &mut variables {
            variable.look(&prices, &mut missing);
            product += variable.x * variable.z + variable.w * variable.v;
            largest = largest.max(variable.dual.abs());
        }
        // How far from the optimum it is: the mean product of values and prices.
        let mu = product / count;
        if mu < ENOUGH && missing.iter().fold(largest, |most, value| most.max(value.abs())) < 1e-7 {
            break;
        }
        band.factor(&variables);
        let affine = step(&mut variables, &band, &missing, &mut price_steps, None);
        let then = affine.product_after(product) / count;
        let centre = (then / mu).powi(3) * mu;
        let last = step(&mut variables, &band, &missing, &mut price_steps, Some(centre));
        let (primal, dual) = (0.9995 * last.primal, 0.9995 * last.dual);
        variables.iter_mut().for_each(|variable| variable.advance(primal, dual));
        prices.iter_mut().zip(&price_steps).for_each(|(price, step)| *price += dual * step);
    }
    (variables.iter().map(|variable| variable.x).collect(), prices)
}

/// The way to a point where each product of a value and its price is `centre`, what the way found before would do to
/// them taken into account; without one to where each is none.
fn step(
    variables: &mut [Variable<'_>],
    band: &Band,
    missing: &[f64],
    price_steps: &mut [f64],
    centre: Option<f64>,
) -> Way {
    price_steps.copy_from_slice(missing);
    variables.iter_mut().for_each(|variable| variable.aim(centre, price_steps));
    band.solve(price_steps);
    let mut way = Way { primal: 1.0, dual: 1.0, by_values: 0.0, by_prices: 0.0, by_both: 0.0 };
    variables.iter_mut().for_each(|variable| variable.go(price_steps, &mut way));
    way
}

/// A column's value `x`, what is left to its bound `w`, the prices of both bounds `z` and `v`, and the way on.
struct Variable<'a> {
    column: &'a Column,
    x: f64,
    w: f64,
    z: f64,
    v: f64,
    /// What is not met yet: its price, and its bound.
    dual: f64,
    bound: f64,
    theta: f64,
    /// Where the products shall go, and what that costs.
    lower: f64,
    upper: f64,
    gradient: f64,
    dx: f64,
    dw: f64,
    dz: f64,
    dv: f64,
}

impl<'a> Variable<'a> {
    fn of(column: &'a Column) -> Self {
        let price = |cost: f64| cost.max(0.0) + 0.1;
        let half = column.upper / 2.0;
        let (z, v) = (price(column.cost), price(-column.cost));
        let (dual, bound, theta, lower, upper, gradient) = Default::default();
        let (dx, dw, dz, dv) = Default::default();
        Self { column, x: half, w: half, z, v, dual, bound, theta, lower, upper, gradient, dx, dw, dz, dv }
    }

    fn look(&mut self, prices: &[f64], missing: &mut [f64]) {
        let mut priced = 0.0;
        for (row, value) in &self.column.entries {
            missing[*row] -= value * self.x;
            priced += value * prices[*row];
        }
        self.dual = self.column.cost - priced - self.z + self.v;
        self.bound = self.column.upper - self.x - self.w;
        self.theta = 1.0 / (self.z / self.x + self.v / self.w);
    }

    fn aim(&mut self, centre: Option<f64>, price_steps: &mut [f64]) {
        let (mut lower, mut upper) = (-self.x * self.z, -self.w * self.v);
        if let Some(centre) = centre {
            lower += centre - self.dx * self.dz;
            upper += centre - self.dw * self.dv;
        }
        self.gradient = self.dual - lower / self.x + (upper - self.v * self.bound) / self.w;
        (self.lower, self.upper) = (lower, upper);
        let push = self.theta * self.gradient;
        self.column.entries.iter().for_each(|(row, value)| price_steps[*row] += value * push);
    }

    fn go(&mut self, price_steps: &[f64], way: &mut Way) {
        let priced: f64 = self.column.entries.iter().map(|(row, value)| value * price_steps[*row]).sum();
        self.dx = self.theta * (priced - self.gradient);
        self.dw = self.bound - self.dx;
        self.dz = (self.lower - self.z * self.dx) / self.x;
        self.dv = (self.upper - self.v * self.dw) / self.w;
        let least = |most: &mut f64, value: f64, step: f64| {
            if value + *most * step < 0.0 {
                *most = -value / step;
            }
        };
        least(&mut way.primal, self.x, self.dx);
        least(&mut way.primal, self.w, self.dw);
        least(&mut way.dual, self.z, self.dz);
        least(&mut way.dual, self.v, self.dv);
        way.by_values += self.dx * self.z + self.dw * self.v;
        way.by_prices += self.x * self.dz + self.w * self.dv;
        way.by_both += self.dx * self.dz + self.dw * self.dv;
    }

    fn advance(&mut self, primal: f64, dual: f64) {
        self.x += primal * self.dx;
        self.w += primal * self.dw;
        self.z += dual * self.dz;
        self.v += dual * self.dv;
    }
}

/// How far one can go until a value or a price becomes zero, at most 1; and what that does to the sum of their
/// products.
struct Way {
    primal: f64,
    dual: f64,
    by_values: f64,
    by_prices: f64,
    by_both: f64,
}

impl Way {
    fn product_after(&self, product: f64) -> f64 {
        product + self.primal * self.by_values + self.dual * self.by_prices + self.primal * self.dual * self.by_both
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

    fn factor(&mut self, variables: &[Variable<'_>]) {
        self.values.fill(0.0);
        for variable in variables {
            for (i, (row, value)) in variable.column.entries.iter().enumerate() {
                let (begin, value) = (self.at[*row] - self.first[*row], value * variable.theta);
                for (other, by) in &variable.column.entries[..=i] {
                    self.values[begin + other] += value * by;
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
