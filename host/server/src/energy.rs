//! Energy, money and cycles of days, weeks and months, from what was measured. Pure.
//!
//! A slot counts for what it knows: a missing value is unknown and never zero, so each sum comes with the
//! share of the period that it covers.

mod plain;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use model::snapshot::PastSlot;
use serde::{Deserialize, Serialize};
use simulator::BatteryParameters;
use utoipa::ToSchema;

use plain::Plain;

/// How the past is divided, by the home's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// From midnight to midnight: 92, 96 or 100 slots.
    Day,
    /// From Monday on.
    Week,
    /// From the first on.
    Month,
}

impl By {
    /// As a query names it.
    pub(crate) const NAMES: [(&'static str, Self); 3] =
        [("day", Self::Day), ("week", Self::Week), ("month", Self::Month)];

    fn first_day(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => {
                let since_monday = i32::from(day.weekday().since(Weekday::Monday));
                day.checked_sub(Span::new().days(since_monday)).unwrap_or(day)
            }
            Self::Month => day.first_of_month(),
        }
    }

    fn span(self) -> Span {
        match self {
            Self::Day => Span::new().days(1),
            Self::Week => Span::new().weeks(1),
            Self::Month => Span::new().months(1),
        }
    }

    /// Start of the period that contains `at`.
    pub(crate) fn start_of(self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        midnight(self.first_day(zone.to_datetime(at).date()), zone).unwrap_or(at)
    }

    /// `[start, end)` of the period that contains `at`.
    fn period(self, at: Timestamp, zone: &TimeZone) -> (Date, Timestamp, Timestamp) {
        let first = self.first_day(zone.to_datetime(at).date());
        let start = midnight(first, zone).unwrap_or(at);
        let end = first.checked_add(self.span()).ok().and_then(|next| midnight(next, zone)).unwrap_or(Timestamp::MAX);
        (first, start, end)
    }
}

fn midnight(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_timestamp(day.to_datetime(Time::midnight())).ok()
}

/// A sum over the slots that know what it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sum {
    /// In Wh or in the home's currency.
    pub value: f64,
    /// How many slots it covers.
    pub slots: u32,
}

impl Sum {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            self.value += value;
            self.slots += 1;
        }
    }
}

/// What happened in one period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EnergyPeriod {
    /// Its first day in the home's calendar.
    #[schema(value_type = String, format = Date)]
    pub first_day: Date,
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// Slots of it that were recorded.
    pub slots: u32,
    /// From the grid, Wh.
    pub import_wh: Sum,
    /// To the grid, Wh.
    pub export_wh: Sum,
    /// From the sun, Wh.
    pub solar_wh: Sum,
    /// Used by the home, Wh.
    pub load_wh: Sum,
    /// Into the batteries, Wh.
    pub charge_wh: Sum,
    /// Out of the batteries, Wh.
    pub discharge_wh: Sum,
    /// Paid for import less what export earned, in the home's currency.
    pub cost: Sum,
    /// What the same load and sun would have cost without a battery, at the prices of then, less what it cost.
    /// Charge that is still in the battery is not valued.
    pub saving: Sum,
    /// What plain self-consumption with the same battery would have cost, less what it cost; what is stored at a
    /// day's end more than that would have left is credited at the day's mean import price. It covers nothing where
    /// the home has not one battery.
    pub saving_self_consumption: Sum,
    /// Equivalent full cycles: energy out of the batteries over their capacity; `None`: one is unknown.
    pub cycles: Option<f64>,
}

impl EnergyPeriod {
    fn new((first_day, start, end): (Date, Timestamp, Timestamp)) -> Self {
        let none = Sum::default();
        Self {
            first_day,
            start,
            end,
            slots: 0,
            import_wh: none,
            export_wh: none,
            solar_wh: none,
            load_wh: none,
            charge_wh: none,
            discharge_wh: none,
            cost: none,
            saving: none,
            saving_self_consumption: none,
            cycles: None,
        }
    }

    fn add(&mut self, slot: &PastSlot) {
        let hours = slot.end.duration_since(slot.start).as_secs_f64() / 3600.0;
        let wh = |power_w: Option<f64>| power_w.map(|w| w * hours);
        self.slots += 1;
        self.import_wh.add(wh(slot.grid_w.map(|w| w.max(0.0))));
        self.export_wh.add(wh(slot.grid_w.map(|w| (-w).max(0.0))));
        self.solar_wh.add(wh(slot.solar_w));
        self.load_wh.add(wh(slot.load_w));
        self.charge_wh.add(wh(slot.battery_w.map(|w| (-w).max(0.0))));
        self.discharge_wh.add(wh(slot.battery_w.map(|w| w.max(0.0))));
        let cost = wh(slot.grid_w).and_then(|net_wh| price(slot, net_wh));
        self.cost.add(cost);
        // A home without panels measures 0; what is not known is not the battery's merit.
        let without_wh = wh(slot.load_w.zip(slot.solar_w).map(|(load_w, solar_w)| load_w - solar_w));
        let without = without_wh.and_then(|net_wh| price(slot, net_wh));
        self.saving.add(without.zip(cost).map(|(without, cost)| without - cost));
    }

    fn close(mut self, capacity_wh: Option<f64>) -> Self {
        let known = self.discharge_wh.slots > 0;
        self.cycles = capacity_wh.filter(|wh| known && *wh > 0.0).map(|wh| self.discharge_wh.value / wh);
        self
    }
}

/// What that much from the grid costs; less than 0: to the grid. `None`: the price is unknown.
fn price(slot: &PastSlot, net_wh: f64) -> Option<f64> {
    match net_wh {
        0.0 => Some(0.0),
        wh if wh > 0.0 => slot.import_price.map(|price| wh / 1000.0 * price),
        wh => slot.export_price.map(|price| wh / 1000.0 * price),
    }
}

/// The batteries of a home, as they are now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batteries {
    /// Of all together; `None`: there are none.
    pub(crate) capacity_wh: Option<f64>,
    /// The only one.
    pub(crate) single: Option<BatteryParameters>,
}

/// Sums of `slots`, which come in order of time; periods with no slot are left out.
pub(crate) fn periods(slots: &[PastSlot], by: By, zone: &TimeZone, batteries: &Batteries) -> Vec<EnergyPeriod> {
    let capacity_wh = batteries.capacity_wh;
    let mut plain = batteries.single.as_ref().map(Plain::new);
    let mut day_end = Timestamp::MIN;
    let mut all = Vec::new();
    let mut open: Option<EnergyPeriod> = None;
    for slot in slots {
        if slot.start >= day_end {
            credit(open.as_mut(), plain.as_mut());
            day_end = By::Day.period(slot.start, zone).2;
        }
        if open.as_ref().is_none_or(|period| slot.start >= period.end) {
            all.extend(open.replace(EnergyPeriod::new(by.period(slot.start, zone))));
        }
        if let Some(period) = &mut open {
            period.add(slot);
            period.saving_self_consumption.add(plain.as_mut().and_then(|plain| plain.dearer(slot)));
        }
    }
    credit(open.as_mut(), plain.as_mut());
    all.extend(open);
    all.into_iter().map(|period| period.close(capacity_wh)).collect()
}

fn credit(period: Option<&mut EnergyPeriod>, plain: Option<&mut Plain<'_>>) {
    if let (Some(period), Some(plain)) = (period, plain) {
        period.saving_self_consumption.value += plain.end_of_day();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn slot(start: Timestamp, change: impl FnOnce(&mut PastSlot)) -> PastSlot {
        let mut slot = PastSlot {
            start,
            end: model::slot::next(start),
            import_price: Some(0.40),
            export_price: Some(0.08),
            solar_w: Some(0.0),
            load_w: Some(400.0),
            grid_w: Some(400.0),
            battery_w: Some(0.0),
            soc_pct: Some(50.0),
            temperature_c: None,
            extras: vec![],
        };
        change(&mut slot);
        slot
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn none() -> Batteries {
        Batteries::default()
    }

    fn one() -> Batteries {
        let parameters = BatteryParameters {
            capacity_wh: 2000.0,
            charge_efficiency: 1.0,
            discharge_efficiency: 1.0,
            ..BatteryParameters::default()
        };
        Batteries { capacity_wh: Some(2000.0), single: Some(parameters) }
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    #[test]
    fn days_are_those_of_the_home_also_when_the_clock_is_changed() {
        let starts = model::slot::starts(at("2026-10-23T22:00:00Z"), at("2026-10-26T23:00:00Z"));
        let slots: Vec<_> = starts.map(|start| slot(start, |_| ())).collect();
        let days = periods(&slots, By::Day, &berlin(), &none());
        let counts: Vec<_> = days.iter().map(|day| (day.first_day.to_string(), day.slots)).collect();
        let expected = [("2026-10-24", 96), ("2026-10-25", 100), ("2026-10-26", 96)];
        assert_eq!(counts, expected.map(|(day, slots)| (day.to_owned(), slots)));
        near(days[1].load_wh.value, 100.0 * 100.0);
        assert_eq!(days[1].end, at("2026-10-25T23:00:00Z"));
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let slots = ["2026-11-01T12:00:00Z", "2026-11-02T12:00:00Z", "2026-11-30T22:59:00Z", "2026-11-30T23:00:00Z"]
            .map(|start| slot(at(start), |_| ()));
        let first_days = |by| periods(&slots, by, &berlin(), &none()).iter().map(|p| p.first_day.to_string()).collect();
        let weeks: Vec<String> = first_days(By::Week);
        assert_eq!(weeks, ["2026-10-26", "2026-11-02", "2026-11-30"]);
        let months: Vec<String> = first_days(By::Month);
        assert_eq!(months, ["2026-11-01", "2026-12-01"]);
    }

    #[test]
    fn a_battery_saves_what_it_spares_at_the_prices_of_then() {
        let start = at("2026-11-24T12:00:00Z");
        let slots = [
            // Takes 800 W of sun that would have earned 8 ct.
            slot(start, |s| (s.solar_w, s.grid_w, s.battery_w) = (Some(1200.0), Some(0.0), Some(-800.0))),
            // Covers 400 W that would have cost 40 ct.
            slot(model::slot::next(start), |s| (s.grid_w, s.battery_w) = (Some(0.0), Some(400.0))),
        ];
        let day = periods(&slots, By::Day, &berlin(), &one()).remove(0);
        near(day.cost.value, 0.0);
        near(day.saving.value, 0.1 * 0.40 - 0.2 * 0.08);
        near(day.charge_wh.value, 200.0);
        near(day.discharge_wh.value, 100.0);
        near(day.cycles.unwrap(), 0.05);
    }

    #[test]
    fn plain_self_consumption_is_played_from_the_days_first_charge() {
        let start = at("2026-11-24T12:00:00Z");
        let next = model::slot::next(start);
        let slots = [
            slot(start, |_| ()),
            // Held for the evening, where following the meter would have covered 400 W.
            slot(next, |_| ()),
            slot(model::slot::next(next), |s| {
                (s.import_price, s.grid_w, s.soc_pct) = (Some(0.80), Some(0.0), Some(45.0))
            }),
        ];
        let day = periods(&slots, By::Day, &berlin(), &one()).remove(0);
        // Both would have been covered: 0.1 kWh at 40 ct less paid. And 0.1 kWh more is stored, worth 60 ct a kWh.
        near(day.saving_self_consumption.value, -0.1 * 0.40 + 0.1 * 0.60);
        assert_eq!(day.saving_self_consumption.slots, 2, "how charged it was at first is not known");
        let without = periods(&slots, By::Day, &berlin(), &none()).remove(0);
        assert_eq!(without.saving_self_consumption, Sum::default());
    }

    #[test]
    fn what_follows_the_meter_saves_nothing_against_it_on_any_day() {
        let starts = model::slot::starts(at("2026-11-23T23:00:00Z"), at("2026-11-25T23:00:00Z"));
        let mut soc_pct = 90.0;
        let slots: Vec<_> = starts
            .map(|start| {
                let covered_w = if soc_pct > 10.0 { 200.0 } else { 0.0 };
                soc_pct = f64::max(soc_pct - 2.5, 10.0);
                slot(start, |s| {
                    (s.load_w, s.soc_pct) = (Some(200.0), Some(soc_pct));
                    (s.grid_w, s.battery_w) = (Some(200.0 - covered_w), Some(covered_w));
                })
            })
            .collect();
        let days = periods(&slots, By::Day, &berlin(), &one());
        assert_eq!(days.len(), 2);
        for day in days {
            assert!(day.saving_self_consumption.value.abs() < 0.02, "{:?}", day.saving_self_consumption);
        }
    }

    #[test]
    fn what_is_unknown_is_left_out_and_told() {
        let start = at("2026-11-24T12:00:00Z");
        let slots = [
            slot(start, |s| s.import_price = None),
            slot(start, |s| s.grid_w = None),
            slot(start, |s| (s.grid_w, s.export_price) = (Some(-100.0), None)),
            slot(start, |s| s.load_w = None),
            slot(start, |_| ()),
        ];
        let day = periods(&slots, By::Day, &berlin(), &none()).remove(0);
        assert_eq!((day.slots, day.import_wh.slots, day.load_wh.slots), (5, 4, 4));
        assert_eq!((day.cost.slots, day.saving.slots, day.cycles), (2, 1, None));
        near(day.cost.value, 0.08);
    }

    #[test]
    fn nothing_recorded_is_no_period() {
        assert_eq!(periods(&[], By::Month, &berlin(), &one()), []);
    }
}
