//! The slots ahead with every gap filled by an assumption, and every number checked.

use wattwright_strategy::chance::{Deviation, Range, deviations};
use wattwright_strategy::{Instant, Snapshot};

/// Beyond these a number is no longer one of a home; it keeps the arithmetic finite.
const MOST_W: f64 = 1e7;
const MOST_PRICE: f64 = 1e6;

/// What is expected of one slot, or of what is left of the first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Period {
    pub start: Instant,
    pub end: Instant,
    /// Never 0.
    pub hours: f64,
    /// Currency per kWh.
    pub import_price: f64,
    /// Whether that is known, or only assumed.
    pub priced: bool,
    /// Currency per kWh; 0 where it is unknown: not to count on what may not be paid.
    pub export_price: f64,
    pub solar_w: f64,
    /// With the flexible loads that are planned so far.
    pub load_w: f64,
    /// How far what the home needs beyond the sun may lie from what is expected, and how likely that is.
    pub deviations_w: [Deviation; 3],
    /// Most that the grid gives, watt.
    pub import_limit_w: f64,
    /// Most that the grid takes, watt.
    pub export_limit_w: f64,
}

impl Period {
    /// What the home needs beyond the sun; negative: surplus.
    pub fn net_w(&self) -> f64 {
        self.load_w - self.solar_w
    }

    /// The same if the whole day needs more than is expected, or less where `side` is -1.
    pub fn erring(&self, side: f64) -> Self {
        let [low, _, high] = self.deviations_w;
        Self { load_w: self.load_w + side * PERSISTS * (high.by - low.by), ..self.clone() }
    }

    /// The mean of something that depends on what the home needs beyond the sun. A battery that may give 800 W
    /// gives less than 400 W where the home needs nothing as often as 800 W and more: what is expected of it is not what
    /// it would do if the home did what is expected.
    pub fn mean(&self, of: impl Fn(f64) -> f64) -> f64 {
        let net_w = self.net_w();
        self.deviations_w.iter().map(|it| it.share * of(net_w + it.by)).sum()
    }
}

/// Outer deviations stand for all that lies beyond the marks as well, and for hours that err in the same way: as in
/// `linear`.
const TAIL: f64 = 1.4;
/// How far all slots ahead err together, as share of what lies between the outer deviations of each. Chosen on the
/// shipped year and on the same year with half the use and more sun: with less, a battery that is large for its home is
/// filled for use that does not come; with more, too little is stored anywhere.
const PERSISTS: f64 = 0.16;

fn range_w(mean_w: f64, low_w: Option<f64>, high_w: Option<f64>) -> Range {
    Range::of(mean_w, power(low_w), power(high_w))
}

/// All slots ahead.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Horizon {
    pub now: Instant,
    pub periods: Vec<Period>,
    /// Mean of the import prices that are known; `None`: none is.
    pub mean_price: Option<f64>,
}

impl Horizon {
    /// Reads the slots ahead. Slots that are over, empty or out of order are left out.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mean_price = mean(snapshot.ahead.iter().filter_map(|slot| price(slot.import_price)))
            .or_else(|| mean(snapshot.past.iter().filter_map(|slot| price(slot.import_price))));
        // Without any price all slots are alike: the battery then follows the meter.
        let assumed_price = mean_price.unwrap_or(1.0);
        let usual_load_w = mean(snapshot.past.iter().filter_map(|slot| power(slot.load_w)))
            .or(power(snapshot.load_power_w))
            .unwrap_or(0.0);

        let ever = (limit(snapshot.grid.import_limit_w), limit(snapshot.grid.export_limit_w));

        let mut periods: Vec<Period> = Vec::with_capacity(snapshot.ahead.len());
        let mut past = snapshot.past.iter().peekable();
        for slot in &snapshot.ahead {
            let start = slot.start.max(snapshot.now);
            if slot.end <= start || periods.last().is_some_and(|before| slot.start < before.end) {
                continue;
            }
            // Both lists are in order of time, so each is read once.
            let a_day_before = slot.start.saturating_sub(86_400);
            while past.next_if(|was| was.start < a_day_before).is_some() {}
            let yesterday = past.peek().filter(|was| was.start == a_day_before);
            let measured_w = if slot.contains(snapshot.now) { power(snapshot.solar_power_w) } else { None };
            let solar_w = measured_w.or(power(slot.solar_w)).or_else(|| power(yesterday?.solar_w)).unwrap_or(0.0);
            let load_w = power(slot.load_w).or_else(|| power(yesterday?.load_w)).unwrap_or(usual_load_w);
            periods.push(Period {
                start: slot.start,
                end: slot.end,
                hours: f64::from(slot.end - start) / 3600.0,
                import_price: price(slot.import_price).unwrap_or(assumed_price),
                priced: price(slot.import_price).is_some(),
                export_price: price(slot.export_price).unwrap_or(0.0),
                solar_w,
                load_w,
                deviations_w: deviations(
                    range_w(load_w, slot.load_low_w, slot.load_high_w),
                    range_w(solar_w, slot.solar_low_w, slot.solar_high_w),
                    TAIL,
                ),
                import_limit_w: limit(slot.import_limit_w).min(ever.0),
                export_limit_w: limit(slot.export_limit_w).min(ever.1),
            });
        }
        Self { now: snapshot.now, periods, mean_price }
    }
}

fn price(value: Option<f64>) -> Option<f64> {
    value.filter(|price| price.is_finite()).map(|price| price.clamp(-MOST_PRICE, MOST_PRICE))
}

fn power(value: Option<f64>) -> Option<f64> {
    value.filter(|watt| watt.is_finite()).map(|watt| watt.clamp(0.0, MOST_W))
}

fn limit(value: Option<f64>) -> f64 {
    value.filter(|watt| watt.is_finite()).map_or(MOST_W, |watt| watt.abs().min(MOST_W))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(load: Range, solar: Range) -> Period {
        Period {
            start: 0,
            end: 900,
            hours: 0.25,
            import_price: 0.3,
            priced: true,
            export_price: 0.08,
            solar_w: solar.mean,
            load_w: load.mean,
            deviations_w: deviations(load, solar, TAIL),
            import_limit_w: MOST_W,
            export_limit_w: MOST_W,
        }
    }

    #[test]
    fn a_day_errs_to_either_side_as_far_and_not_at_all_where_all_is_sure() {
        let unsure = period(Range::of(400.0, Some(200.0), Some(1000.0)), Range::of(100.0, None, None));
        let (less, more) = (unsure.erring(-1.0).net_w(), unsure.erring(1.0).net_w());
        assert!((less + more - 600.0).abs() < 1e-9);
        assert!((more - less - 2.0 * PERSISTS * 800.0 * TAIL).abs() < 1e-9);
        let sure = period(Range::of(400.0, None, None), Range::of(100.0, None, None));
        assert_eq!(sure.erring(1.0), sure);
    }

    #[test]
    fn where_the_sun_may_leave_something_over_some_of_it_is_expected() {
        let surplus_w = |net_w: f64| (-net_w).max(0.0);
        let sure = period(Range::of(400.0, None, None), Range::of(400.0, None, None));
        assert_eq!(sure.mean(surplus_w), 0.0);
        let unsure = period(Range::of(400.0, None, None), Range::of(400.0, Some(0.0), Some(800.0)));
        assert!((unsure.mean(surplus_w) - 0.3 * 1.4 * 400.0).abs() < 1e-9);
    }
}
