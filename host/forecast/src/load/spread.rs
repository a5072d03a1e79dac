//! A weighted distribution of powers, coarse enough to be filled two hundred times in a millisecond.

/// Bins a factor of e apart.
const BINS_PER_E: f64 = 32.0;
/// Below this the bins are about equally wide, above it they grow with the value.
const KNEE_W: f64 = 50.0;
const BINS: usize = 256;

/// The bin of a value: 0 W is the first, and everything above 149 kW in the last.
pub(super) fn bin(value_w: f32) -> u8 {
    (BINS_PER_E * (f64::from(value_w).max(0.0) / KNEE_W).ln_1p()) as u8
}

fn edge_w(bin: f64) -> f64 {
    KNEE_W * (bin / BINS_PER_E).exp_m1()
}

/// Weights by bin, and the exact weighted sum.
pub(super) struct Spread {
    weights: [f64; BINS],
    total: f64,
    sum: f64,
}

impl Spread {
    pub(super) fn new() -> Self {
        Self { weights: [0.0; BINS], total: 0.0, sum: 0.0 }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(super) fn add(&mut self, bin: u8, value_w: f32, weight: f64) {
        self.weights[usize::from(bin)] += weight;
        self.total += weight;
        self.sum += weight * f64::from(value_w);
    }

    pub(super) fn mean_w(&self) -> Option<f64> {
        (self.total > 0.0).then(|| self.sum / self.total)
    }

    /// The values below which the given shares of the weight lie; `shares` in ascending order.
    pub(super) fn quantiles_w<const N: usize>(&self, shares: [f64; N]) -> [f64; N] {
        let mut found = shares;
        let (mut bin, mut below) = (0, 0.0);
        for value in &mut found {
            let wanted = *value * self.total;
            while bin + 1 < BINS && below + self.weights[bin] < wanted {
                below += self.weights[bin];
                bin += 1;
            }
            let within = if self.weights[bin] > 0.0 { (wanted - below) / self.weights[bin] } else { 0.0 };
            *value = edge_w(bin as f64 + within.clamp(0.0, 1.0));
        }
        found
    }
}
