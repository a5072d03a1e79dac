//! Strategies of every contract that ever shipped run as on the day on which they were built.
//!
//! The binary, its input and what it said are kept as they were; only the host changes.

#![allow(clippy::unwrap_used, reason = "a test's helpers may fail it")]

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::{Input, Plan};
use wattwright_engine::{Answer, Engine, EngineConfig, LogLevel, LogLine, Strategy};

/// What is kept of 0.1.0.
mod v0_1 {
    pub const FILE: &[u8] = include_bytes!("../../../tests/strategies/built-for-0.1.0/built-for-0.1.0.wasm");
    pub const INPUT: &str = include_str!("../../../tests/strategies/built-for-0.1.0/input.json");
    /// The input as the strategy saw it, which it puts into its memory.
    pub const TOLD: &str = include_str!("../../../tests/strategies/built-for-0.1.0/told.txt");
    /// The rest of its answer.
    pub const PLAN: &str = include_str!("../../../tests/strategies/built-for-0.1.0/plan.json");
}

fn load(file: &[u8]) -> Strategy {
    let config = EngineConfig { deadline: Duration::from_secs(60), ..EngineConfig::default() };
    Engine::new(config).unwrap().load(file).unwrap()
}

fn input() -> Input {
    serde_json::from_str(v0_1::INPUT).unwrap()
}

/// What the strategy says, apart from what it says that it was told.
fn ask(input: &Input) -> (Answer, String) {
    let mut answer = load(v0_1::FILE).decide(input).unwrap();
    let told = String::from_utf8(std::mem::take(&mut answer.plan.memory)).unwrap();
    (answer, told)
}

#[test]
fn a_strategy_built_for_0_1_0_says_what_it_is() {
    let strategy = load(v0_1::FILE);
    assert_eq!(strategy.imports(), ["wattwright:strategy/host@0.1.0", "wattwright:strategy/types@0.1.0"]);
    assert_eq!(strategy.description().name, "built-for-0-1-0");
    assert_eq!(strategy.description().commands.len(), 8);
}

#[test]
fn a_strategy_built_for_0_1_0_is_told_what_it_was_told_then_and_says_the_same() {
    let (answer, told) = ask(&input());
    assert_eq!(told, v0_1::TOLD);
    let recorded: Plan = serde_json::from_str(v0_1::PLAN).unwrap();
    assert_eq!(serde_json::to_string(&answer.plan).unwrap(), serde_json::to_string(&recorded).unwrap());
    assert_eq!(answer.log, [LogLine { level: LogLevel::Info, message: "0.1.0 decides".into() }]);
}

#[test]
fn a_strategy_built_for_0_1_0_is_not_told_what_is_new() {
    let mut input = input();
    let battery = &mut input.snapshot.batteries[0];
    battery.commands.clear();
    (battery.min_power_w, battery.grid_charging) = (15.0, false);
    (battery.grid_export, battery.carries_solar) = (false, true);
    let later: Timestamp = input.snapshot.now + SignedDuration::from_hours(1);
    battery.in_force.as_mut().unwrap().until = Some(later);
    input.snapshot.ahead[1].import_limit_w = Some(4200.0);
    assert_eq!(ask(&input).1, v0_1::TOLD);
}

#[test]
fn a_strategy_built_for_0_1_0_is_told_the_limits_of_the_moment_as_those_of_the_grid() {
    let mut input = input();
    let now = &mut input.snapshot.ahead[0];
    (now.import_limit_w, now.export_limit_w) = (Some(4200.0), Some(0.0));
    let told = ask(&input).1;
    assert!(told.contains("import-limit-w: Some(4200.0), export-limit-w: Some(0.0) }"), "{told}");
}

#[test]
fn a_strategy_built_for_0_1_0_gets_its_memory_and_may_decline() {
    let mut input = Input { memory: vec![1, 2, 3], ..input() };
    assert!(ask(&input).1.ends_with("[1, 2, 3]\n"));
    input.settings = serde_json::json!({ "polite": false });
    let error = load(v0_1::FILE).decide(&input).unwrap_err();
    assert_eq!((error.code(), error.message()), ("declined", "has no plan: not today"));
}
