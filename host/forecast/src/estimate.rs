//! What is expected of one slot, and how sure that is.

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
