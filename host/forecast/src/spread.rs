//! A weighted distribution of powers, coarse enough to be filled two hundred times in a millisecond.
//!
//! Bins are read off the bits of a single-precision number, whose exponent and first four places make a
//! logarithm to sixteen steps an octave.

/// Below this the bins are about equally wide, above it they grow with the value.
const KNEE_W: f32 = 50.0;
/// Less is nothing.
const ZERO_W: f32 = 0.5;
/// Places of the significand that are left out.
const SHIFT: u32 = 19;
const FIRST: u32 = KNEE_W.to_bits() >> SHIFT;
/// From nothing to 200 kW.
const BINS: usize = 12 << (23 - SHIFT);

fn edge_w(bin: usize) -> f64 {
    f64::from(f32::from_bits((FIRST + bin as u32) << SHIFT) - KNEE_W).max(0.0)
}

/// Weights by bin, and the exact weighted sum.
pub(crate) struct Spread {
    weights: [f64; BINS],
    /// Of what is nothing: at night there is exactly none.
    zero: f64,
    total: f64,
    sum: f64,
}

impl Spread {
    pub(crate) fn new() -> Self {
        Self { weights: [0.0; BINS], zero: 0.0, total: 0.0, sum: 0.0 }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    /// Adds a value, multiplied by `level` with the knee under it: small values are hardly moved by much.
    pub(crate) fn add(&mut self, value_w: f32, level: f32, weight: f64) {
        let moved = ((value_w + KNEE_W) * level).max(KNEE_W);
        let bin = ((moved.to_bits() >> SHIFT) - FIRST) as usize;
        if moved - KNEE_W < ZERO_W {
            self.zero += weight;
        } else {
            self.weights[bin.min(BINS - 1)] += weight;
        }
        self.total += weight;
        self.sum += weight * f64::from(moved - KNEE_W);
    }

    /// Adds all that another one has, at a share of its weight.
    pub(crate) fn add_all(&mut self, other: &Self, share: f64) {
        for (weight, more) in self.weights.iter_mut().zip(&other.weights) {
            *weight += share * more;
        }
        self.zero += share * other.zero;
        self.total += share * other.total;
        self.sum += share * other.sum;
    }

    pub(crate) fn mean_w(&self) -> Option<f64> {
        (self.total > 0.0).then(|| self.sum / self.total)
    }

    /// The values below which the given shares of the weight lie; `shares` in ascending order.
    pub(crate) fn quantiles_w<const N: usize>(&self, shares: [f64; N]) -> [f64; N] {
        let (mut bin, mut below) = (0, self.zero);
        shares.map(|share| {
            let wanted = share * self.total;
            if wanted <= self.zero {
                return 0.0;
            }
            while bin + 1 < BINS && below + self.weights[bin] < wanted {
                below += self.weights[bin];
                bin += 1;
            }
            let within = if self.weights[bin] > 0.0 { (wanted - below) / self.weights[bin] } else { 0.0 };
            let (low_w, high_w) = (edge_w(bin), edge_w(bin + 1));
            low_w + within.clamp(0.0, 1.0) * (high_w - low_w)
        })
    }
}
