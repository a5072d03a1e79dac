//! What a plan comes down to when all comes as expected. Pure.

use model::Snapshot;
use model::slot::SLOT_S;
use model::{Command, Plan, Verdict};
use server::what_if::{Bill, BilledSlot};
use simulator::{Account, BatteryParameters, Drive, Home, Inputs};

/// Plays a plan through the slots whose price, use and sun are known: now what the guard let through, then what
/// the plan has in mind. `None`: see [`server::what_if::Alternative::bill`].
pub fn bill(snapshot: &Snapshot, plan: &Plan, verdicts: &[Verdict]) -> Option<Bill> {
    let [battery] = snapshot.batteries.as_slice() else { return None };
    if plan.outlook.is_empty() || battery.carries_solar {
        return None;
    }
    let soc_pct = battery.soc_pct?;
    let mut home = Home::new(
        simulator::Battery::new(BatteryParameters::from(battery), soc_pct).ok()?,
        snapshot.grid.export_limit_w,
    );
    let mut account = Account::of(&home);
    let mut slots = Vec::new();
    for slot in &snapshot.ahead {
        let known = slot.import_price.zip(slot.load_w).zip(slot.solar_w);
        let Some(((import_price, load_w), solar_w)) = known else { break };
        let step_s = slot.end.duration_since(slot.start.max(snapshot.now)).as_secs_f64().clamp(0.0, SLOT_S as f64);
        if step_s <= 0.0 {
            continue;
        }
        let command = match slot.start <= snapshot.now {
            true => verdicts.iter().find(|v| v.target == battery.id).and_then(|verdict| verdict.approved.clone()),
            false => outlook(plan, &battery.id, slot.start),
        };
        home.command(command.as_ref().and_then(Drive::of).unwrap_or_default());
        let step = home.step(Inputs { load_w, solar_w, plugs_w: tasks_w(snapshot, plan, slot.start) }, step_s);
        account.add(&step, &home, import_price, slot.export_price.unwrap_or(0.0), step_s);
        slots.push(BilledSlot {
            start: slot.start,
            end: slot.end,
            command,
            power_w: step.battery_w,
            grid_w: step.grid_w,
            soc_pct: step.soc_pct,
        });
    }
    if slots.is_empty() {
        return None;
    }
    let totals = account.totals();
    Some(Bill {
        cost: totals.cost_eur,
        cost_adjusted: totals.cost_adjusted_eur,
        import_kwh: totals.import_kwh,
        export_kwh: totals.export_kwh,
        cycles: totals.cycles,
        slots,
    })
}

/// What the plan has flexible loads use in a slot: the expected use is without them.
fn tasks_w(snapshot: &Snapshot, plan: &Plan, start: jiff::Timestamp) -> f64 {
    let Some(slot) = plan.outlook.iter().find(|slot| slot.start == start) else { return 0.0 };
    let is_task = |target: &str| snapshot.tasks.iter().any(|task| task.device == target);
    let own = slot.targets.iter().filter(|target| is_task(&target.target)).filter_map(|target| target.power_w);
    own.filter(|power_w| power_w.is_finite() && *power_w > 0.0).sum()
}

fn outlook(plan: &Plan, battery: &str, start: jiff::Timestamp) -> Option<Command> {
    let slot = plan.outlook.iter().find(|slot| slot.start == start)?;
    slot.targets.iter().find(|target| target.target == battery).map(|target| target.command.clone())
}

#[cfg(test)]
mod tests {
    use model::{Decision, Expectation, OutlookSlot, Reason};

    use super::*;
    use crate::sample;

    fn plan(snapshot: &Snapshot, command: &Command) -> Plan {
        let battery = &snapshot.batteries[0].id;
        let target = Expectation {
            target: battery.clone(),
            command: command.clone(),
            power_w: None,
            soc_pct: None,
            reason: Reason::default(),
        };
        let slot = |slot: &model::snapshot::Slot| OutlookSlot {
            start: slot.start,
            end: slot.end,
            grid_w: None,
            targets: vec![target.clone()],
        };
        Plan { outlook: snapshot.ahead.iter().map(slot).collect(), ..Plan::default() }
    }

    fn verdict(snapshot: &Snapshot, command: &Command) -> Verdict {
        Verdict {
            target: snapshot.batteries[0].id.clone(),
            by: None,
            decision: Decision::Accepted,
            proposed: command.clone(),
            approved: Some(command.clone()),
            findings: Vec::new(),
        }
    }

    #[tokio::test]
    async fn following_the_meter_costs_less_than_holding_and_holds_no_charge_back() {
        let snapshot = sample::input(serde_json::json!({})).unwrap().snapshot;
        let of =
            |command: Command| bill(&snapshot, &plan(&snapshot, &command), &[verdict(&snapshot, &command)]).unwrap();
        let (hold, follow) = (of(Command::Hold), of(Command::Balance(Default::default())));
        assert!(follow.cost < hold.cost, "{} is not below {}", follow.cost, hold.cost);
        assert_eq!(hold.cycles, 0.0);
        let prices = snapshot.ahead.iter().take_while(|slot| slot.import_price.is_some()).count();
        assert_eq!(hold.slots.len(), prices, "only what has a price counts");
        // The first slot is under way: 5 of its 15 minutes are left.
        let first = &hold.slots[0];
        assert_eq!((first.power_w, first.soc_pct), (0.0, snapshot.batteries[0].soc_pct.unwrap()));
    }

    #[tokio::test]
    async fn what_the_guard_refused_is_not_played() {
        let snapshot = sample::input(serde_json::json!({})).unwrap().snapshot;
        let charge = Command::Charge { power_w: 500.0 };
        let mut refused = verdict(&snapshot, &charge);
        refused.approved = None;
        let bill = bill(&snapshot, &plan(&snapshot, &charge), &[refused]).unwrap();
        assert_eq!((bill.slots[0].power_w, bill.slots[1].power_w), (0.0, -500.0));
    }

    #[tokio::test]
    async fn a_plan_without_an_outlook_has_no_bill() {
        let snapshot = sample::input(serde_json::json!({})).unwrap().snapshot;
        assert_eq!(bill(&snapshot, &Plan::default(), &[]), None);
    }
}
