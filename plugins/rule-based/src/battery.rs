//! What one battery does in each slot: forwards through the slots, asking of each what a stored kWh is
//! worth at its end.

mod cell;
mod why;

use wattwright_strategy::{BalanceLimits, Battery, Command, InForce, Instant, Reason};

use crate::horizon::{Horizon, Period};
use crate::worth::{self, Offer, Worth};
pub(crate) use cell::Cell;
use wattwright_strategy::text::Clock;
use why::{Case, Rule};

/// Differences of worth below this are none, currency per kWh.
const EQUAL: f64 = 1e-7;
/// A command in force stays when nothing gains more than this share of the mean price: forecasts move
/// a little from minute to minute, and each change costs a relay and people's trust.
const STICKY_SHARE: f64 = 0.01;
/// An expected share of a slot's use or surplus above this is all of it.
const ALL: f64 = 0.9;
/// A slot is dear when its price is above the mean by more than this share of it.
const DEAR_SHARE: f64 = 0.02;
/// A charge power in force stays when the new one differs less than this share.
const SAME_POWER: f64 = 0.1;

/// One battery in one slot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub command: Command,
    /// Mean at the bus over the slot: discharge positive.
    pub power_w: f64,
    /// At the end of the slot.
    pub soc_pct: f64,
    pub reason: Reason,
}

/// All slots of one battery.
pub(crate) fn plan(cell: &Cell, battery: &Battery, horizon: &Horizon, clock: &Clock<'_>) -> Vec<Step> {
    let by_hand = by_hand(battery, horizon.now);
    let is_set = |period: &Period| by_hand.is_some_and(|it| it.until.is_some_and(|until| period.start < until));
    let offer = |period: &Period| if is_set(period) { Offer::default() } else { cell.offer(period) };
    let offers: Vec<Offer> = horizon.periods.iter().map(offer).collect();
    let last = cell.last(horizon);
    let erring = |side: f64| {
        let offers: Vec<Offer> = horizon.periods.iter().map(|period| offer(&period.erring(side))).collect();
        Worth::of(&offers, &last)
    };
    let (less, more, mut list) = (erring(-1.0), erring(1.0), Vec::new());
    let mut stored_wh = cell.stored_wh;
    let mut moves = Vec::with_capacity(offers.len());
    for (t, offer) in offers.iter().enumerate() {
        let in_force = if t == 0 { battery.in_force.as_ref().map(|it| &it.command) } else { None };
        let period = &horizon.periods[t];
        worth::mean(less.after(t), more.after(t), &mut list);
        let slot = Slot { cell, horizon, period, offer, list: &list, stored_wh };
        let next = match by_hand.filter(|_| is_set(period)) {
            Some(set) => slot.set(&set.command),
            None => slot.decide(in_force),
        };
        stored_wh = next.end_wh;
        moves.push(next);
    }
    let purposes = purposes(cell, horizon, &moves);
    let step = |(t, (one, purpose)): (usize, (Move, Option<usize>))| {
        let charge_w = if let Command::Charge(power_w) = one.command { power_w } else { 0.0 };
        let until = by_hand.and_then(|it| it.until);
        let case = Case { cell, horizon, clock, t, charge_w, stored_wh: one.begin_wh, purpose, until };
        Step {
            reason: case.reason(one.rule),
            command: one.command,
            power_w: one.power_w,
            soc_pct: cell.pct(one.end_wh),
        }
    };
    moves.into_iter().zip(purposes).enumerate().map(step).collect()
}

/// What the owner has set by hand and no plan changes now.
pub(crate) fn by_hand(battery: &Battery, now: Instant) -> Option<&InForce> {
    battery.in_force.as_ref().filter(|it| it.until.is_some_and(|until| until > now))
}

/// For each slot the dearest later one in which what is stored by then is used: what comes after the battery
/// was empty is used from other energy.
fn purposes(cell: &Cell, horizon: &Horizon, moves: &[Move]) -> Vec<Option<usize>> {
    let mut purposes = vec![None; moves.len()];
    let mut dearest: Option<usize> = None;
    for (t, one) in moves.iter().enumerate().rev() {
        if one.end_wh <= cell.floor_wh + worth::TINY_WH {
            dearest = None;
        }
        purposes[t] = dearest;
        let price = |t: usize| horizon.periods[t].import_price;
        if one.power_w > 0.0 && dearest.is_none_or(|then| price(t) >= price(then)) {
            dearest = Some(t);
        }
    }
    purposes
}

/// What a battery does in one slot.
struct Move {
    command: Command,
    rule: Rule,
    /// Mean at the bus: discharge positive.
    power_w: f64,
    /// Stored at its start.
    begin_wh: f64,
    /// Stored at its end.
    end_wh: f64,
}

struct Slot<'a> {
    cell: &'a Cell,
    horizon: &'a Horizon,
    period: &'a Period,
    offer: &'a Offer,
    /// The worth at the end of the slot.
    list: &'a [worth::Piece],
    /// At its start.
    stored_wh: f64,
}

/// What is done in a slot, stored Wh.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    spent: f64,
    sun: f64,
    bought: f64,
}

impl Slot<'_> {
    /// Above the list's beginning.
    fn level(&self, stored_wh: f64) -> f64 {
        stored_wh - self.cell.base_wh()
    }

    fn decide(&self, in_force: Option<&Command>) -> Move {
        let sticky = Sticky::of(in_force, self.horizon.mean_price.unwrap_or_default().abs() * STICKY_SHARE);
        let flow = self.flow(&sticky);
        let end_wh = self.stored_wh - flow.spent + flow.sun + flow.bought;
        let (command, rule) = self.command(&flow, end_wh, &sticky);
        let given_w = flow.spent * self.cell.discharge_efficiency / self.period.hours;
        let power_w = given_w - self.taken_w(flow.sun + flow.bought);
        Move { command, rule, power_w, begin_wh: self.stored_wh, end_wh }
    }

    /// What comes of a command that the owner has set, as far as the battery goes.
    fn set(&self, command: &Command) -> Move {
        let cell = self.cell;
        let wanted_w = match command {
            Command::Charge(power_w) => -power_w.max(0.0),
            Command::Discharge(power_w) => power_w.max(0.0),
            Command::Balance(limits) => {
                let most = |bound: Option<f64>| bound.unwrap_or(f64::MAX).max(0.0);
                self.period.net_w().clamp(-most(limits.max_charge_w), most(limits.max_discharge_w))
            }
            _ => 0.0,
        };
        let most_taken_w = self.taken_w((cell.ceiling_wh - self.stored_wh).max(0.0)).min(cell.max_charge_w);
        let most_given_wh = (self.stored_wh - cell.floor_wh).max(0.0) * cell.discharge_efficiency;
        let power_w = wanted_w.clamp(-most_taken_w, (most_given_wh / self.period.hours).min(cell.max_discharge_w));
        let lost_wh =
            if power_w > 0.0 { power_w / cell.discharge_efficiency } else { power_w * cell.charge_efficiency };
        let end_wh = self.stored_wh - lost_wh * self.period.hours;
        Move { command: command.clone(), rule: Rule::ByHand, power_w, begin_wh: self.stored_wh, end_wh }
    }

    /// Mean at the bus of what is stored in the slot.
    fn taken_w(&self, stored_wh: f64) -> f64 {
        stored_wh / self.cell.charge_efficiency / self.period.hours
    }

    fn flow(&self, sticky: &Sticky) -> Flow {
        let (cell, offer) = (self.cell, self.offer);
        let spendable = (self.stored_wh - cell.floor_wh).max(0.0).min(offer.spend_wh);
        let worth_now = offer.spend_worth + sticky.spend + EQUAL;
        let spent = worth::down(self.list, self.level(self.stored_wh), spendable, worth_now);
        let trifle = spent < cell.least_w * self.period.hours && spent < ALL * spendable;
        let spent = if spent > worth::TINY_WH && !trifle { spent } else { 0.0 };
        let left_wh = self.stored_wh - spent;
        let room = |stored_wh: f64, ceiling_wh: f64| (ceiling_wh - stored_wh).max(0.0);
        let mut sun = 0.0;
        for (most_wh, cost) in [(offer.lost_wh, 0.0), (offer.sun_wh, offer.sun_cost)] {
            let most_wh = most_wh.min(room(left_wh + sun, cell.ceiling_wh));
            sun += worth::up(self.list, self.level(left_wh + sun), most_wh, cost - EQUAL);
        }
        if spent > 0.0 {
            return Flow { spent, sun, bought: 0.0 };
        }
        let stored_wh = self.stored_wh + sun;
        let most_wh = offer.buy_wh.min(room(stored_wh, cell.grid_ceiling_wh));
        let bought = worth::up(self.list, self.level(stored_wh), most_wh, offer.buy_cost - sticky.buy - EQUAL);
        let bought = if self.taken_w(bought) < cell.least_w { 0.0 } else { bought };
        Flow { spent: 0.0, sun, bought }
    }

    fn command(&self, flow: &Flow, end_wh: f64, sticky: &Sticky) -> (Command, Rule) {
        let (cell, offer, period) = (self.cell, self.offer, self.period);
        if flow.bought > 0.0 {
            // Behind its inverter all of the sun is stored while it charges.
            let sun_w = if cell.carries_solar { period.solar_w } else { 0.0 };
            let wanted_w = self.taken_w(flow.sun + flow.bought) - sun_w;
            if wanted_w < cell.least_w && cell.carries_solar {
                return (Command::Hold, Rule::StoreSun);
            }
            let rule = if self.stored_wh + worth::TINY_WH < cell.floor_wh {
                Rule::ChargeReserve
            } else if period.import_price < 0.0 {
                Rule::ChargePaid
            } else {
                Rule::ChargeCheap
            };
            return (Command::Charge(sticky.charge_w(wanted_w, cell)), rule);
        }
        let deficit_w = period.net_w();
        // The sun on its way to the home's use counts as discharging.
        let through_w = Some(cell.through_w(period)).filter(|w| *w >= cell.least_w).unwrap_or(0.0);
        let at_floor = end_wh <= cell.floor_wh + worth::TINY_WH;
        let full = end_wh >= cell.ceiling_wh - worth::TINY_WH;

        let spends = flow.spent > worth::TINY_WH;
        let max_discharge_w = if spends {
            let spent_w = flow.spent * cell.discharge_efficiency / period.hours;
            if at_floor || flow.spent >= ALL * offer.spend_wh { None } else { Some(tens_up(spent_w + through_w)) }
        } else {
            let now_worth_more = period.import_price > 0.0
                && worth::below(self.list, self.level(end_wh))
                    .is_none_or(|kept| kept.worth <= cell.spend_worth(period.import_price) + sticky.spend + EQUAL);
            if now_worth_more && !at_floor {
                None
            } else {
                Some(if through_w > 0.0 { tens_up(through_w) } else { 0.0 })
            }
        };
        let keeps = !spends && max_discharge_w.is_some();

        let surplus_wh = offer.sun_wh + offer.lost_wh;
        let max_charge_w = if full {
            None
        } else if surplus_wh > worth::TINY_WH {
            let all_wh = surplus_wh.min(cell.ceiling_wh - self.stored_wh);
            if flow.sun >= ALL * all_wh { None } else { Some(tens_up(self.taken_w(flow.sun))) }
        } else {
            let worth_storing = worth::above(self.list, self.level(end_wh))
                .is_none_or(|next| next.worth >= cell.sun_cost(period.export_price) - EQUAL);
            if worth_storing { None } else { Some(0.0) }
        };

        let rule = if spends && flow.spent >= flow.sun {
            let dear = self.horizon.mean_price.is_some_and(|mean| period.import_price > mean + DEAR_SHARE * mean.abs());
            if dear { Rule::UseDear } else { Rule::SelfUse }
        } else if flow.sun > worth::TINY_WH {
            Rule::StoreSun
        } else if deficit_w < 0.0 {
            if full { Rule::Full } else { Rule::FeedIn }
        } else if period.import_price <= 0.0 && deficit_w > 0.0 {
            Rule::HoldPaid
        } else if at_floor {
            Rule::Empty
        } else if keeps {
            Rule::HoldForDear
        } else {
            Rule::Idle
        };
        let nothing_to_take = period.solar_w < cell.least_w || max_charge_w == Some(0.0);
        let command = if max_discharge_w == Some(0.0) && nothing_to_take {
            Command::Hold
        } else {
            Command::Balance(BalanceLimits { max_charge_w, max_discharge_w })
        };
        (command, rule)
    }
}

/// Rounded up to tens of watts.
fn tens_up(watt: f64) -> f64 {
    (watt / 10.0 - 1e-6).ceil().max(0.0) * 10.0
}

/// How much the command in force is preferred, currency per kWh: added to what speaks for it.
#[derive(Clone, Copy, Debug, Default)]
struct Sticky {
    spend: f64,
    buy: f64,
    charging_w: Option<f64>,
}

impl Sticky {
    fn of(in_force: Option<&Command>, margin: f64) -> Self {
        match in_force {
            None => Self::default(),
            Some(Command::Charge(power_w)) => Self { spend: -margin, buy: margin, charging_w: Some(*power_w) },
            Some(Command::Balance(limits)) if limits.max_discharge_w != Some(0.0) => {
                Self { spend: margin, buy: -margin, charging_w: None }
            }
            Some(Command::Discharge(_)) => Self { spend: margin, buy: -margin, charging_w: None },
            Some(_) => Self { spend: -margin, buy: -margin, charging_w: None },
        }
    }

    /// The charge power, which stays as it is when it differs little.
    fn charge_w(&self, wanted_w: f64, cell: &Cell) -> f64 {
        match self.charging_w {
            Some(now_w) if (now_w - wanted_w).abs() <= SAME_POWER * wanted_w => {
                now_w.max(cell.least_w).min(cell.max_charge_w)
            }
            _ => tens_up(wanted_w).min(cell.max_charge_w),
        }
    }
}
