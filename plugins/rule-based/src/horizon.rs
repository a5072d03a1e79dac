//! The slots ahead with every gap filled by an assumption, and every number checked.

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
    pub errors: [Error; 3],
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

    /// The mean of something that depends on what the home needs beyond the sun. A battery that may give 800 W
    /// gives less than 400 W where the home needs nothing as often as 800 W and more: what is expected of it is not what
    /// it would do if the home did what is expected.
    pub fn mean(&self, of: impl Fn(f64) -> f64) -> f64 {
        let net_w = self.net_w();
        self.errors.iter().map(|error| error.share * of(net_w + error.by_w)).sum()
    }
}

/// So often a forecast is wrong by so much.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Error {
    pub share: f64,
    pub by_w: f64,
}

/// Outer errors stand for all that lies beyond the marks as well, and for hours that err in the same way. Share of the
/// achievable saving on the shipped year, 1.92 kWh: 0.66 at 1, 0.70 at 1.4, 0.67 at 1.9.
const TAIL: f64 = 1.4;

/// Three errors whose mean is none, from the marks below and above which a tenth lies of what is forecast: by Swanson's
/// rule these and the half weigh 0.3, 0.3 and 0.4 (Hurst, Brown, Swanson, AAPG Bulletin 84, 2000). Use and sun are taken
/// to err independently.
fn errors(load: Range, solar: Range) -> [Error; 3] {
    let up_w = TAIL * (load.high_w - load.mean_w).hypot(solar.mean_w - solar.low_w);
    let down_w = TAIL * (load.mean_w - load.low_w).hypot(solar.high_w - solar.mean_w);
    let middle_w = (0.3 * (down_w - up_w) / 0.4).clamp(-down_w, up_w);
    let mean_w = 0.3 * (up_w - down_w) + 0.4 * middle_w;
    [(0.3, -down_w), (0.4, middle_w), (0.3, up_w)].map(|(share, by_w)| Error { share, by_w: by_w - mean_w })
}

/// A forecast, watt.
#[derive(Clone, Copy)]
struct Range {
    low_w: f64,
    mean_w: f64,
    high_w: f64,
}

impl Range {
    fn of(mean_w: f64, low_w: Option<f64>, high_w: Option<f64>) -> Self {
        let (low_w, high_w) = (power(low_w).unwrap_or(mean_w), power(high_w).unwrap_or(mean_w));
        Self { low_w: low_w.min(mean_w), mean_w, high_w: high_w.max(mean_w) }
    }
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
                errors: errors(
                    Range::of(load_w, slot.load_low_w, slot.load_high_w),
                    Range::of(solar_w, slot.solar_low_w, slot.solar_high_w),
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
            solar_w: solar.mean_w,
            load_w: load.mean_w,
            errors: errors(load, solar),
            import_limit_w: MOST_W,
            export_limit_w: MOST_W,
        }
    }

    #[test]
    fn errors_change_nothing_in_the_mean() {
        for (low_w, high_w) in [(400.0, 400.0), (100.0, 500.0), (300.0, 2000.0), (0.0, 400.0)] {
            let period = period(Range::of(400.0, Some(low_w), Some(high_w)), Range::of(150.0, Some(0.0), None));
            assert!((period.mean(|net_w| net_w) - 250.0).abs() < 1e-9);
            assert!((period.errors.iter().map(|error| error.share).sum::<f64>() - 1.0).abs() < 1e-9);
        }
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
