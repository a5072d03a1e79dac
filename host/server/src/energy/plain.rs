//! What plain self-consumption would have cost: a battery that only follows the meter, from what was measured. Pure.

use jiff::Timestamp;
use model::snapshot::PastSlot;
use simulator::{Battery, BatteryParameters, Drive, Home, Inputs};

use super::price;

/// Plays the home's battery beside the past. It begins each day charged as the real one, so that no day carries
/// what another one gained; what differs at the day's end is valued at the day's mean import price.
pub(super) struct Plain<'a> {
    battery: &'a BatteryParameters,
    under_way: Option<Day>,
    /// State of charge at the end of the slot before.
    before: Option<(Timestamp, f64)>,
    /// Of stretches that ended within the day.
    owed: f64,
}

struct Day {
    home: Home,
    prices: f64,
    slots: u32,
    real_soc_pct: f64,
}

impl<'a> Plain<'a> {
    pub fn new(battery: &'a BatteryParameters) -> Self {
        Self { battery, under_way: None, before: None, owed: 0.0 }
    }

    /// What this slot would have cost more than it did. `None`: too little is known.
    pub fn dearer(&mut self, slot: &PastSlot) -> Option<f64> {
        let begun_pct = self.before.filter(|(end, _)| *end == slot.start).map(|(_, soc_pct)| soc_pct);
        self.before = slot.soc_pct.map(|soc_pct| (slot.end, soc_pct));
        let hours = slot.end.duration_since(slot.start).as_secs_f64() / 3600.0;
        let known = slot.load_w.zip(slot.solar_w).zip(slot.grid_w).zip(slot.import_price).zip(slot.soc_pct);
        if begun_pct.is_none() {
            self.owed += self.settle();
        }
        let Some(((((load_w, solar_w), grid_w), import_price), soc_pct)) = known else {
            self.owed += self.settle();
            return None;
        };
        if self.under_way.is_none() {
            let mut home = Home::new(Battery::new(self.battery.clone(), begun_pct?).ok()?, None);
            home.command(Drive::FOLLOW);
            self.under_way = Some(Day { home, prices: 0.0, slots: 0, real_soc_pct: soc_pct });
        }
        let day = self.under_way.as_mut()?;
        let step = day.home.step(Inputs { load_w, solar_w, plugs_w: 0.0 }, hours * 3600.0);
        day.prices += import_price;
        day.slots += 1;
        day.real_soc_pct = soc_pct;
        let (plain, real) = (price(slot, step.grid_w * hours), price(slot, grid_w * hours));
        plain.zip(real).map(|(plain, real)| plain - real)
    }

    /// Ends the day: what is stored more than plain self-consumption would have left.
    pub fn end_of_day(&mut self) -> f64 {
        self.settle() + std::mem::take(&mut self.owed)
    }

    /// Ends a stretch without a gap.
    fn settle(&mut self) -> f64 {
        let Some(day) = self.under_way.take() else { return 0.0 };
        let more_kwh = (day.real_soc_pct - day.home.soc_pct()) / 100.0 * self.battery.capacity_wh / 1000.0;
        more_kwh * self.battery.discharge_efficiency * day.prices / f64::from(day.slots.max(1))
    }
}
