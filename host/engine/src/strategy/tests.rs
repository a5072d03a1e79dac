use model::{Allowance, Command};

use super::*;
use crate::guests::{Guest, Span, input, outlook_slot};
use crate::{EngineConfig, LoadError, LogLevel};

const ENDLESS: &str = "(loop $again (br $again)) (unreachable)";

/// Patient, so that a busy machine fails no test.
fn engine() -> Engine {
    Engine::new(EngineConfig { deadline: Duration::from_secs(30), ..EngineConfig::default() }).unwrap()
}

/// For what never ends and counts.
fn frugal() -> Engine {
    let config = EngineConfig { fuel: 1_000_000, deadline: Duration::from_secs(30), ..EngineConfig::default() };
    Engine::new(config).unwrap()
}

/// For what never ends and hardly counts.
fn hasty() -> Engine {
    let config = EngineConfig { fuel: u64::MAX, deadline: Duration::from_millis(300), ..EngineConfig::default() };
    Engine::new(config).unwrap()
}

fn load(guest: &Guest) -> Strategy {
    engine().load(&guest.bytes()).unwrap()
}

fn failed(guest: &Guest) -> DecideError {
    load(guest).decide(&input()).unwrap_err()
}

#[track_caller]
fn never_ends(guest: &Guest) {
    let frugal = frugal().load(&guest.bytes()).unwrap();
    let error = frugal.decide(&input()).unwrap_err();
    let message = "used more than 1000000 instructions (fuel); an endless loop?";
    assert_eq!((error.code(), error.message()), ("out-of-fuel", message));
    assert_eq!(error.fuel, 1_000_000);
    let error = hasty().load(&guest.bytes()).unwrap().decide(&input()).unwrap_err();
    assert_eq!((error.code(), error.message()), ("out-of-time", "took longer than 300ms"));
}

#[track_caller]
fn fails(guest: &Guest, code: &str, part: &str) {
    let error = failed(guest);
    assert_eq!(error.code(), code, "{error}");
    assert!(error.message().contains(part), "{error}");
}

fn refusal(bytes: &[u8]) -> LoadError {
    engine().load(bytes).unwrap_err()
}

#[track_caller]
fn refuses(bytes: &[u8], code: &str, part: &str) {
    let error = refusal(bytes);
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

/// Charges with 500 W and logs a line.
fn well_behaved() -> Guest {
    let mut guest = Guest::new("well-behaved");
    let line = guest.image().text("deciding\nnow");
    let action = guest.image().action("battery", (1, &500f64.to_le_bytes()), "It is cheap.");
    let memory = guest.image().text([9, 8, 7]);
    let outlook = guest.image().list(&[outlook_slot(900, 1800, Some(-5.0))]);
    guest.decide = format!("(call $log (i32.const 2) (i32.const {}) (i32.const {})) {}", line.0, line.1, guest.decide);
    guest.with_actions(&[action]).with_summary("Charges.").answer(12, outlook).answer(36, memory)
}

#[test]
fn a_strategy_says_what_it_is() {
    let guest = well_behaved();
    let bytes = guest.bytes();
    let strategy = engine().load(&bytes).unwrap();
    let description = strategy.description();
    assert_eq!((description.name.as_str(), description.version.as_str()), ("well-behaved", "1.0.0"));
    assert_eq!((description.author.as_str(), description.summary.as_str()), ("A. Uthor", "For tests."));
    assert_eq!(description.commands, [model::CommandKind::Hold, model::CommandKind::Balance].into());
    assert_eq!(strategy.imports(), ["wattwright:strategy/host@0.2.0", "wattwright:strategy/types@0.2.0"]);
    assert_eq!(strategy.size_bytes(), bytes.len());
    assert_eq!(strategy.reference().hash, crate::load::hash(&bytes));
    assert_eq!(strategy.hash().len(), 64);
}

#[test]
fn a_plan_comes_out_as_the_strategy_gave_it() {
    let answer = load(&well_behaved()).decide(&input()).unwrap();
    let plan = answer.plan;
    assert_eq!(plan.summary, "Charges.");
    assert_eq!(plan.actions.len(), 1);
    assert_eq!(plan.actions[0].target, "battery");
    assert_eq!(plan.actions[0].command, Command::Charge { power_w: 500.0 });
    assert_eq!((plan.actions[0].reason.code.as_str(), plan.actions[0].until), ("test", None));
    assert_eq!(plan.outlook[0].start.as_second(), 900);
    assert_eq!(plan.outlook[0].grid_w, Some(-5.0));
    assert_eq!(plan.memory, [9, 8, 7]);
    assert_eq!(answer.log, [LogLine { level: LogLevel::Warn, message: "deciding now".into() }]);
}

#[test]
fn a_component_is_taken_as_it_is() {
    let component =
        wit_component::ComponentEncoder::default().module(&well_behaved().bytes()).unwrap().encode().unwrap();
    let strategy = engine().load(&component).unwrap();
    assert_eq!(strategy.hash(), crate::load::hash(&component));
    assert!(strategy.decide(&input()).is_ok());
}

#[test]
fn nothing_survives_between_two_calls() {
    // Counts its calls in memory and answers with the count.
    let mut guest = well_behaved();
    guest.decide =
        format!("(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1))) {}", guest.decide);
    let strategy = load(&guest.answer(36, (4096, 4)));
    let text = |answer: Answer| serde_json::to_string(&answer.plan).unwrap();
    let first = strategy.decide(&input()).unwrap();
    assert_eq!(first.plan.memory, [1, 0, 0, 0]);
    let first = text(first);
    for _ in 0..3 {
        assert_eq!(text(strategy.decide(&input()).unwrap()), first);
    }
}

#[test]
fn what_is_found_in_a_nan_is_the_same_everywhere() {
    // Answers with the bits of 0/0, whose sign x86 sets and other processors do not.
    let mut guest = Guest::new("test");
    guest.decide = format!(
        "(local $zero f64) (f64.store (i32.const 4096) (f64.div (local.get $zero) (local.get $zero))) {}",
        guest.decide
    );
    let plan = load(&guest.answer(36, (4096, 8))).decide(&input()).unwrap().plan;
    assert_eq!(plan.memory, 0x7ff8_0000_0000_0000u64.to_le_bytes());
}

#[test]
fn numbers_of_commands_pass_for_the_guard_to_judge() {
    let mut guest = Guest::new("test");
    let action = guest.image().action("elsewhere", (1, &f64::NAN.to_le_bytes()), "");
    let plan = load(&guest.with_actions(&[action])).decide(&input()).unwrap().plan;
    assert!(matches!(plan.actions[0].command, Command::Charge { power_w } if power_w.is_nan()));
    assert_eq!(plan.actions[0].target, "elsewhere");
}

#[test]
fn an_endless_loop_ends_at_its_budget_and_without_one_at_the_deadline() {
    never_ends(&Guest::deciding(ENDLESS));
}

#[test]
fn taking_in_the_input_counts_too() {
    let guest = Guest { realloc: ENDLESS.into(), ..Guest::new("test") };
    never_ends(&guest);
}

#[test]
fn filling_memory_again_and_again_costs_little_fuel_and_ends_at_the_deadline() {
    let fill = "(loop $again (memory.fill (i32.const 131072) (i32.const 1) (i32.const 60000000)) (br $again))";
    let guest = Guest { pages: 1000, ..Guest::deciding(format!("{fill} (unreachable)")) };
    let error = hasty().load(&guest.bytes()).unwrap().decide(&input()).unwrap_err();
    assert_eq!(error.code(), "out-of-time");
}

#[test]
fn the_same_input_costs_the_same_and_no_more_than_the_budget() {
    let mut guest = well_behaved();
    guest.decide = format!(
        "(local $i i32) (loop $again
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000)))) {}",
        guest.decide
    );
    let cost = load(&guest).decide(&input()).unwrap().fuel;
    assert!((5_000..20_000).contains(&cost), "{cost}");
    for _ in 0..3 {
        assert_eq!(load(&guest).decide(&input()).unwrap().fuel, cost);
    }
    let with = |fuel| Engine::new(EngineConfig { fuel, ..EngineConfig::default() }).unwrap();
    let spent = |fuel| with(fuel).load(&guest.bytes()).unwrap().decide(&input()).map(|answer| answer.fuel);
    assert_eq!(spent(cost + 1).unwrap(), cost);
    // It is compared at loops and calls, not at each instruction.
    assert_eq!(spent(cost - 1000).unwrap_err().code(), "out-of-fuel");
}

#[test]
fn an_endless_describe_does_not_load() {
    let guest = Guest { describe: ENDLESS.into(), ..Guest::new("test") };
    let error = frugal().load(&guest.bytes()).unwrap_err();
    assert_eq!(error.code(), "out-of-fuel");
    let message = "`describe` failed (out-of-fuel): used more than 1000000 instructions (fuel); an endless loop?";
    assert_eq!(error.to_string(), message);
    let error = hasty().load(&guest.bytes()).unwrap_err();
    assert_eq!(error.to_string(), "`describe` failed (out-of-time): took longer than 300ms");
}

#[test]
fn an_endless_start_does_not_load() {
    for start in ["(start $begin) (func $begin", r#"(func (export "_initialize")"#] {
        let guest = Guest { items: format!("{start} (loop $again (br $again)))"), ..Guest::new("test") };
        let error = frugal().load(&guest.bytes()).unwrap_err();
        assert_eq!(error.code(), "out-of-fuel", "{error}");
        assert!(error.to_string().contains("(fuel) while starting"), "{error}");
        let error = hasty().load(&guest.bytes()).unwrap_err();
        assert_eq!(error.code(), "out-of-time", "{error}");
        assert!(error.to_string().ends_with("while starting"), "{error}");
    }
}

#[test]
fn memory_is_limited() {
    let bomb = "(loop $again (drop (memory.grow (i32.const 16))) (br $again)) (unreachable)";
    fails(&Guest::deciding(bomb), "memory-limit", "asked for 68157440 bytes of memory, at most 67108864");
    fails(&Guest::deciding("(memory.grow (i32.const 60000))"), "memory-limit", "asked for 3934257152 bytes");
}

#[test]
fn memory_at_the_start_is_limited() {
    let guest = Guest { pages: 1025, ..Guest::new("test") };
    refuses(&guest.bytes(), "memory-limit", "asked for 67174400 bytes of memory, at most 67108864 while starting");
}

#[test]
fn tables_are_limited() {
    let mut guest = Guest::deciding("(table.grow $big (ref.null func) (i32.const 200000))");
    guest.items = "(table $big 1 funcref)".into();
    fails(&guest, "memory-limit", "asked for 200002 table elements, at most 100000");
}

#[test]
fn recursion_is_limited() {
    let mut guest = Guest::deciding("(call $deep (local.get 0))");
    guest.items = "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))".into();
    fails(&guest, "stack-overflow", "used up its stack of 524288 bytes");
}

#[test]
fn an_allowance_replaces_what_all_may_use() {
    let fuel = |fuel| Allowance { fuel: Some(fuel), ..Allowance::default() };
    let memory = |bytes| Allowance { memory_bytes: Some(bytes), ..Allowance::default() };
    let endless = load(&Guest::deciding(ENDLESS));
    let error = endless.decide_within(&input(), &fuel(2_000_000)).unwrap_err();
    let message = "used more than 2000000 instructions (fuel); an endless loop?";
    assert_eq!((error.code(), error.message(), error.fuel), ("out-of-fuel", message, 2_000_000));
    // Less than the least that can be said.
    assert_eq!(endless.decide_within(&input(), &fuel(1)).unwrap_err().fuel, 1_000_000);
    let hasty = Allowance { fuel: Some(u64::MAX), deadline_s: Some(0.2), memory_bytes: None };
    let error = endless.decide_within(&input(), &hasty).unwrap_err();
    assert_eq!((error.code(), error.message()), ("out-of-time", "took longer than 200ms"));

    let hungry = load(&Guest::deciding("(drop (memory.grow (i32.const 1600))) (i32.const 8192)"));
    assert_eq!(hungry.decide(&input()).unwrap_err().code(), "memory-limit");
    assert!(hungry.decide_within(&input(), &memory(200 << 20)).is_ok());
    let error = hungry.decide_within(&input(), &memory(100 << 20)).unwrap_err();
    assert_eq!(error.message(), "asked for 106954752 bytes of memory, at most 104857600");
}

#[test]
fn a_trap_says_where_and_keeps_the_log() {
    let mut guest = well_behaved();
    guest.decide = format!("{} (unreachable)", guest.decide);
    let error = failed(&guest);
    assert_eq!(error.code(), "trap");
    assert_eq!(error.message(), "stopped by itself: wasm trap: wasm `unreachable` instruction executed");
    assert!(error.backtrace().contains("decide"), "{}", error.backtrace());
    assert_eq!(error.log.len(), 1);
}

#[test]
fn a_strategy_may_decline() {
    let mut guest = Guest::new("test");
    let text = guest.image().text("no prices\x1b");
    fails(&guest.answer(4, text).answer_byte(0, 1), "declined", "has no plan: no prices\\u{1b}");
    fails(&Guest::new("test").answer_byte(0, 1), "declined", "gave no reason");
}

#[test]
fn answers_outside_of_memory_are_refused() {
    fails(&Guest::deciding("(i32.const 0x7fffff00)"), "invalid-answer", "outside the contract");
    fails(&Guest::deciding("(i32.const 2)"), "invalid-answer", "aligned");
    let outside: Span = (0x7fff_fff0, 3);
    fails(&Guest::new("test").answer(20, outside), "invalid-answer", "out of bounds");
    fails(&Guest::new("test").answer(4, outside), "invalid-answer", "out of bounds");
    fails(&Guest::new("test").answer(4, (8, u32::MAX)), "invalid-answer", "outside the contract");
    fails(&Guest::new("test").answer(4, (4097, 1)), "invalid-answer", "aligned");
}

#[test]
fn answers_that_are_no_values_are_refused() {
    fails(&Guest::new("test").with_summary([0x61, 0xff]), "invalid-answer", "utf-8");
    fails(&Guest::new("test").answer_byte(0, 2), "invalid-answer", "discriminant");
    let mut guest = Guest::new("test");
    let action = guest.image().action("battery", (9, &[]), "");
    fails(&guest.with_actions(&[action]), "invalid-answer", "discriminant");
    let mut guest = Guest::new("test");
    let mut action = guest.image().action("battery", (0, &[]), "");
    action[72] = 7;
    fails(&guest.with_actions(&[action]), "invalid-answer", "discriminant");
}

#[test]
fn huge_answers_are_refused_before_they_are_taken_over() {
    let many = Guest { pages: 1000, ..Guest::new("test") }.answer(4, (131_072, 700_000));
    fails(&many, "answer-too-large", "passed more than 4194304 bytes");
    let long = Guest { pages: 1000, ..Guest::new("test") }.answer(20, (131_072, 10_000_000));
    fails(&long, "answer-too-large", "passed more than 4194304 bytes");
    let count = Guest::new("test").answer(4, (131_072, 300));
    fails(&count, "answer-too-large", "actions has 300 actions, at most 256");
    let memory = Guest::new("test").answer(36, (131_072, 65_537));
    fails(&memory, "answer-too-large", "memory has 65537 bytes, at most 65536");
}

#[test]
fn an_outlook_out_of_order_is_refused() {
    let mut guest = Guest::new("test");
    let outlook = guest.image().list(&[outlook_slot(900, 1800, None), outlook_slot(0, 900, None)]);
    fails(&guest.answer(12, outlook), "invalid-answer", "outlook[1] starts at 1970-01-01T00:00:00Z, before");
}

#[test]
fn a_flood_of_log_lines_is_cut() {
    let mut guest = Guest::new("test");
    let (at, length) = guest.image().text("flood");
    let line = format!("(call $log (i32.const 1) (i32.const {at}) (i32.const {length}))");
    guest.decide = format!(
        "(local $i i32) (loop $again {line} (local.set $i (i32.add (local.get $i) (i32.const 1)))
         (br_if $again (i32.lt_u (local.get $i) (i32.const 1000)))) {}",
        guest.decide
    );
    let log = load(&guest).decide(&input()).unwrap().log;
    assert_eq!(log.len(), 101);
    assert_eq!(log[100].message, "900 more lines dropped");
    assert_eq!(log[99].message, "flood");
}

#[test]
fn long_log_lines_are_cut_and_huge_ones_end_the_call() {
    let log = |length| format!("(call $log (i32.const 1) (i32.const 131072) (i32.const {length})) (i32.const 8192)");
    let mut guest = Guest { pages: 1000, ..Guest::deciding(log(5000)) };
    guest.items = r#"(data (i32.const 131072) "xxxx")"#.into();
    let lines = load(&guest).decide(&input()).unwrap().log;
    assert!(lines[0].message.starts_with("xxxx\\u{0}"), "{lines:?}");
    guest.decide = log(30_000_000);
    fails(&guest, "answer-too-large", "in one answer or log line");
}

#[test]
fn imports_outside_of_the_contract_are_named() {
    let guest = Guest { imports: r#"(import "env" "now" (func (result f64)))"#.into(), ..Guest::new("test") };
    refuses(&guest.bytes(), "import", "it imports `env");
    let wasi = r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#;
    let guest = Guest { imports: wasi.into(), ..Guest::new("test") };
    refuses(&guest.bytes(), "import", "wasm32-unknown-unknown");
    let component = wat::parse_str(r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance)))"#).unwrap();
    refuses(&component, "contract", "no export `decide` found");
    let component = wat::parse_str(r#"(component (import "wasi:http/types@0.2.0" (instance)))"#).unwrap();
    refuses(&component, "import", "`wasi:http/types@0.2.0`, which strategies cannot have: of WASI only");
}

#[test]
fn other_contracts_are_refused() {
    let guest = Guest { contract: "0.3.0", ..Guest::new("test") };
    let message = "it is built for version 0.3.0, and this host serves 0.1.0 and 0.2.0; build it with an SDK of one";
    refuses(&guest.bytes(), "contract", message);
    let mixed = r#"(component
        (import "wattwright:strategy/host@0.1.0" (instance)) (import "wattwright:strategy/types@0.2.0" (instance)))"#;
    refuses(&wat::parse_str(mixed).unwrap(), "contract", "for the versions 0.1.0 and 0.2.0 at once");
    let foreign = r#"(component (import "wattwright:strategy/files@0.2.0" (instance)))"#;
    refuses(&wat::parse_str(foreign).unwrap(), "import", "`wattwright:strategy/files@0.2.0`");
    let empty = wat::parse_str("(component)").unwrap();
    refuses(&empty, "contract", "no export `decide` found");
    refuses(&Guest::new("test").module(), "no-contract", "does not say which contract");
}

#[test]
fn files_that_are_no_wasm_are_refused() {
    refuses(b"", "not-wasm", "no WebAssembly but an empty file");
    refuses(b"<!DOCTYPE html><html></html>", "not-wasm", "web page");
    let small = Engine::new(EngineConfig { file_bytes: 100, ..EngineConfig::default() }).unwrap();
    let error = small.load(&Guest::new("test").bytes()).unwrap_err();
    assert_eq!(error.code(), "too-large");
}

#[test]
fn broken_files_are_refused_wherever_they_break() {
    let engine = engine();
    let module = well_behaved().bytes();
    let component = wit_component::ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
    for bytes in [module, component] {
        for end in (0..bytes.len()).step_by(bytes.len() / 40) {
            let error = engine.load(&bytes[..end]).unwrap_err();
            assert!(["not-wasm", "invalid-wasm", "no-contract", "contract"].contains(&error.code()), "{end}: {error}");
        }
    }
}

#[test]
fn descriptions_are_checked() {
    let named = |name: &str| Guest::new(name).bytes();
    refuses(&named("../../etc"), "description", "name: `../../etc` is not 1 to 40");
    refuses(&named(""), "description", "name: `` is not");
    refuses(&named("a\x1b[31m"), "description", "`a\\u{1b}[31m`");
    let guest = Guest { version: "one".into(), ..Guest::new("test") };
    refuses(&guest.bytes(), "description", "version: `one` is no semantic version");
    let guest = Guest { schema: r#"{"type":"object","oneOf":[]}"#.into(), ..Guest::new("test") };
    refuses(&guest.bytes(), "settings-schema", "its settings schema, `oneOf`: not supported");
}

#[test]
fn an_engine_serves_after_every_hostile_call() {
    let engine = frugal();
    let good = engine.load(&well_behaved().bytes()).unwrap();
    for body in [ENDLESS, "(unreachable)", "(memory.grow (i32.const 60000))"] {
        let bad = engine.load(&Guest::deciding(body).bytes()).unwrap();
        assert!(bad.decide(&input()).is_err());
        assert_eq!(good.decide(&input()).unwrap().plan.summary, "Charges.");
    }
}
