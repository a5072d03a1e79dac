use super::*;
use crate::guests;

#[test]
fn a_strategy_is_told_what_is_new() {
    let mut snapshot = guests::input().snapshot;
    let told = &mut snapshot.batteries[0];
    told.commands = [CommandKind::Hold, CommandKind::Balance].into();
    (told.min_power_w, told.grid_charging, told.grid_export, told.carries_solar) = (15.0, false, true, true);
    told.in_force = Some(InForce { until: Some(snapshot.now), ..InForce::since(model::Command::Hold, snapshot.now) });
    (snapshot.ahead[0].import_limit_w, snapshot.ahead[0].export_limit_w) = (Some(4200.0), Some(0.0));

    let told = battery(&snapshot.batteries[0]);
    assert_eq!(told.commands, types::Commands::HOLD | types::Commands::BALANCE);
    assert_eq!((told.min_power_w, told.grid_charging, told.grid_export, told.carries_solar), (15.0, false, true, true));
    let now = instant(snapshot.now);
    assert!(told.in_force.is_some_and(|it| it.since == now && it.until == Some(now)));
    let told = slot(&snapshot.ahead[0]);
    assert_eq!((told.import_limit_w, told.export_limit_w), (Some(4200.0), Some(0.0)));
    // The grid's own limits stay beside those of a time.
    let told = grid(&snapshot);
    assert_eq!((told.import_limit_w, told.export_limit_w), (None, Some(800.0)));
}

#[test]
fn what_may_not_be_told_is_told_so() {
    let mut snapshot = guests::input().snapshot;
    snapshot.batteries[0].commands.clear();
    assert_eq!(battery(&snapshot.batteries[0]).commands, types::Commands::empty());
}
