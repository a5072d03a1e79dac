//! What is expected of one slot, and how sure that is.

use model::snapshot::Slot;

/// Mean power expected of a slot, with its spread. Watt; never negative; `low_w ≤ high_w`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The expected value: what energy and money are reckoned with, and what goes into a snapshot.
    pub mean_w: f64,
    /// As often above as below. Nearer to a typical quarter-hour than the mean, but its sum over a day
    /// is too small wherever use comes in bursts.
    pub median_w: f64,
    /// Nine of ten times it is more than this.
    pub low_w: f64,
    /// Nine of ten times it is less than this.
    pub high_w: f64,
}

impl Estimate {
    /// Puts it into a slot as what the home will use.
    pub fn put_load(self, slot: &mut Slot) {
        (slot.load_w, slot.load_low_w, slot.load_high_w) = (Some(self.mean_w), Some(self.low_w), Some(self.high_w));
    }

    /// Puts it into a slot as what the sun will give.
    pub fn put_solar(self, slot: &mut Slot) {
        (slot.solar_w, slot.solar_low_w, slot.solar_high_w) = (Some(self.mean_w), Some(self.low_w), Some(self.high_w));
    }
}
