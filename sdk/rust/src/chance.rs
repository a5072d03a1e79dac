//! How far what a home needs may lie from what is forecast. A forecast of one quarter-hour of one home is mostly wrong,
//! so a strategy does better to reckon with what may come than with the mean alone.

/// A forecast in any unit: its mean, and the marks below and above which a tenth lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// A tenth lies below.
    pub low: f64,
    /// What is expected.
    pub mean: f64,
    /// A tenth lies above.
    pub high: f64,
}

impl Range {
    /// A mark that nobody knows, or on the wrong side of the mean, is the mean.
    pub fn of(mean: f64, low: Option<f64>, high: Option<f64>) -> Self {
        Self { low: low.unwrap_or(mean).min(mean), mean, high: high.unwrap_or(mean).max(mean) }
    }
}

/// So often a forecast is wrong by so much.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Deviation {
    /// How likely it is; those of a forecast are 1 together.
    pub share: f64,
    /// In the unit of the forecast; positive: more is needed than is expected.
    pub by: f64,
}

/// Three deviations of load less solar, the lowest first, whose mean is none: by Swanson's rule the marks of a tenth,
/// the half and nine tenths weigh 0.3, 0.4 and 0.3 (Hurst, Brown, Swanson, AAPG Bulletin 84, 2000). Load and solar are
/// taken to err independently. The outer ones lie `spread` times as far out as the marks: more than 1 for what lies
/// beyond them and for hours that err in the same way.
pub fn deviations(load: Range, solar: Range, spread: f64) -> [Deviation; 3] {
    let up = (load.high - load.mean).hypot(solar.mean - solar.low) * spread;
    let down = (load.mean - load.low).hypot(solar.high - solar.mean) * spread;
    let middle = (0.3 * (down - up) / 0.4).clamp(-down, up);
    let mean = 0.3 * (up - down) + 0.4 * middle;
    [(0.3, -down), (0.4, middle), (0.3, up)].map(|(share, by)| Deviation { share, by: by - mean })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_change_nothing_in_the_mean_and_keep_their_order() {
        for (low, high) in [(400.0, 400.0), (100.0, 500.0), (300.0, 2000.0), (0.0, 400.0)] {
            let load = Range::of(400.0, Some(low), Some(high));
            let all = deviations(load, Range::of(150.0, Some(0.0), None), 1.4);
            assert!(all.iter().map(|it| it.share * it.by).sum::<f64>().abs() < 1e-9);
            assert!((all.iter().map(|it| it.share).sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(all.windows(2).all(|pair| pair[0].by <= pair[1].by), "{all:?}");
        }
    }

    #[test]
    fn the_outer_ones_lie_as_far_apart_as_the_marks_times_the_spread() {
        let sure = Range::of(150.0, None, None);
        let [low, middle, high] = deviations(Range::of(400.0, Some(300.0), Some(500.0)), sure, 2.0);
        assert_eq!((low.by, middle.by, high.by), (-200.0, 0.0, 200.0));
        assert!(deviations(sure, sure, 2.0).iter().all(|it| it.by == 0.0));
    }

    #[test]
    fn a_mark_on_the_wrong_side_is_none() {
        assert_eq!(Range::of(1.0, Some(2.0), Some(0.5)), Range { low: 1.0, mean: 1.0, high: 1.0 });
    }
}
