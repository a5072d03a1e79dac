//! Strategies that take too much, or stop, while they run.

use model::Allowance;

use super::{Case, answers, fails, guest, undescribed};
use crate::guests::{Guest, with_wasi};

const ENDLESS: &str = "(loop $again (br $again)) (unreachable)";
const RETURN: &str = "(i32.const 8192)";

/// For what costs little fuel and lasts long.
fn slow(name: &str, decide: &'static str, items: &'static str) -> Case {
    let guest = move || Guest { pages: 1000, ..guest(decide, items) };
    Case {
        allowance: Allowance { fuel: Some(u64::MAX), deadline_s: Some(0.3), memory_bytes: None },
        ..fails(name, guest, "out-of-time", "took longer than 300ms")
    }
}

pub fn cases() -> Vec<Case> {
    let mut cases = endless();
    cases.extend(memory());
    cases.extend(stops());
    cases
}

fn endless() -> Vec<Case> {
    let out_of_fuel = |name: &str, guest: fn() -> Guest| fails(name, guest, "out-of-fuel", "(fuel); an endless loop?");
    vec![
        out_of_fuel("endless loop", || Guest::deciding(ENDLESS)),
        out_of_fuel("endless loop that looks busy", || {
            let body = "(local $i i32) (loop $again (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $again (i32.ge_s (local.get $i) (i32.const -2147483648)))) (unreachable)";
            Guest::deciding(body)
        }),
        out_of_fuel("endless loop while it takes in the input", || Guest {
            realloc: ENDLESS.into(),
            ..Guest::new("test")
        }),
        out_of_fuel("endless loop after its answer", || {
            let items = r#"(func (export "cabi_post_decide") (param i32) (loop $again (br $again)))"#;
            guest(RETURN, items)
        }),
        out_of_fuel("endless tail calls", || {
            let items = "(func $round (param i32) (result i32) (return_call $round (local.get 0)))";
            guest("(call $round (i32.const 1))", items)
        }),
        undescribed(
            "endless loop in `describe`",
            || Guest { describe: ENDLESS.into(), ..Guest::new("test") },
            "out-of-fuel",
            "(fuel)",
        ),
        undescribed(
            "endless loop in the start function",
            || guest(RETURN, "(start $begin) (func $begin (loop $again (br $again)))"),
            "out-of-fuel",
            "(fuel) while starting",
        ),
        undescribed(
            "endless loop in `_initialize`",
            || guest(RETURN, r#"(func (export "_initialize") (loop $again (br $again)))"#),
            "out-of-fuel",
            "(fuel) while starting",
        ),
        fails(
            "deep recursion",
            || {
                guest(
                    "(call $deep (local.get 0))",
                    "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))",
                )
            },
            "stack-overflow",
            "used up its stack of 524288 bytes",
        ),
        fails(
            "recursion through a table",
            || {
                guest(
                    "(call_indirect $t (type $f) (i32.const 1) (i32.const 0))",
                    "(type $f (func (param i32) (result i32))) (table $t 1 funcref) (elem (table $t) (i32.const 0) func $deep) (func $deep (param i32) (result i32) (i32.add (i32.const 1) (call_indirect $t (type $f) (local.get 0) (i32.const 0))))",
                )
            },
            "stack-overflow",
            "too deep a recursion?",
        ),
        fails("recursion with 50,000 locals", large_frames, "stack-overflow", "too deep a recursion?"),
        undescribed(
            "deep recursion in the start function",
            || guest(RETURN, "(start $deep) (func $deep (call $deep) (call $deep))"),
            "stack-overflow",
            "while starting",
        ),
        slow(
            "fills its memory again and again",
            "(loop $again (memory.fill (i32.const 131072) (i32.const 1) (i32.const 60000000)) (br $again)) (unreachable)",
            "",
        ),
        slow(
            "copies its memory again and again",
            "(loop $again (memory.copy (i32.const 131072) (i32.const 131073) (i32.const 60000000)) (br $again)) (unreachable)",
            "",
        ),
        slow(
            "fills its table again and again",
            "(loop $again (table.fill $t (i32.const 0) (ref.null func) (i32.const 90000)) (br $again)) (unreachable)",
            "(table $t 90000 funcref)",
        ),
        slow(
            "logs for ever",
            "(loop $again (call $log (i32.const 1) (i32.const 131072) (i32.const 4000000)) (br $again)) (unreachable)",
            "",
        ),
    ]
}

fn large_frames() -> Guest {
    let locals = "(local i64)".repeat(45_000);
    let sum = "(local.set 1 (i64.add (local.get 1) (local.get 40000)))";
    let items = format!(
        "(func $deep (param i32) (result i32) {locals} {sum} (i32.add (i32.wrap_i64 (local.get 1)) (call $deep (local.get 0))))"
    );
    guest("(call $deep (local.get 0))", &items)
}

fn memory() -> Vec<Case> {
    vec![
        fails(
            "memory bomb in steps",
            || Guest::deciding("(loop $again (drop (memory.grow (i32.const 16))) (br $again)) (unreachable)"),
            "memory-limit",
            "bytes of memory, at most 67108864",
        ),
        fails(
            "memory bomb at once",
            || Guest::deciding("(drop (memory.grow (i32.const 63000))) (i32.const 8192)"),
            "memory-limit",
            "bytes of memory, at most 67108864",
        ),
        undescribed(
            "memory of 4 GiB from the start",
            || Guest { pages: 65_536, ..Guest::new("test") },
            "memory-limit",
            "asked for 4294967296 bytes of memory, at most 67108864 while starting",
        ),
        undescribed("many memories", || guest(RETURN, &"(memory 1)".repeat(8)), "memory-limit", "more memories than 4"),
        undescribed(
            "large memories that are small each",
            || guest(RETURN, &"(memory 500)".repeat(3)),
            "memory-limit",
            "bytes of memory, at most 67108864 while starting",
        ),
        undescribed(
            "many tables",
            || guest(RETURN, &"(table 10 funcref)".repeat(30)),
            "memory-limit",
            "more tables than 8",
        ),
        undescribed(
            "table of a billion",
            || guest(RETURN, "(table 1000000000 funcref)"),
            "memory-limit",
            "table elements, at most 100000 while starting",
        ),
        fails(
            "table bomb",
            || {
                guest(
                    "(loop $again (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $again)) (unreachable)",
                    "(table $t 1 funcref)",
                )
            },
            "memory-limit",
            "table elements, at most 100000",
        ),
        answers(
            "memory that grows from call to call",
            || {
                Guest::deciding(
                    "(i32.store (i32.const 4096) (memory.size)) (drop (memory.grow (i32.const 100))) (i32.const 8192)",
                )
                .answer(36, (4096, 4))
            },
            |answer| {
                assert_eq!(answer.plan.memory, 32u32.to_le_bytes(), "each call begins with its 32 pages");
            },
        ),
        fails(
            "handle bomb",
            || {
                let stdout = ("wasi:cli/stdout@0.2.3", "get-stdout", "(func $stdout (result i32))");
                with_wasi(&[stdout], "(loop $again (drop (call $stdout)) (br $again)) (unreachable)")
            },
            "memory-limit",
            "asked for more than 1000 handles",
        ),
        fails(
            "asks for all random bytes there are",
            || {
                let bytes = ("wasi:random/random@0.2.3", "get-random-bytes", "(func $bytes (param i64 i32))");
                with_wasi(&[bytes], "(call $bytes (i64.const -1) (i32.const 4096)) (unreachable)")
            },
            "trap",
            "called `wasi:random` for 18446744073709551615 bytes",
        ),
        Case {
            allowance: Allowance {
                fuel: Some(u64::MAX),
                deadline_s: Some(f64::INFINITY),
                memory_bytes: Some(u64::MAX),
            },
            ..fails(
                "memory bomb that is allowed everything",
                || Guest::deciding("(drop (memory.grow (i32.const 63000))) (i32.const 8192)"),
                "memory-limit",
                "bytes of memory, at most 536870912",
            )
        },
    ]
}

fn stops() -> Vec<Case> {
    let traps = |name: &str, decide: &'static str, items: &'static str, part: &str| {
        fails(name, move || guest(decide, items), "trap", part)
    };
    vec![
        traps("panics", "(unreachable)", "", "`unreachable` instruction executed"),
        traps("divides by zero", "(i32.div_s (i32.const 1) (i32.const 0))", "", "integer divide by zero"),
        traps("divides out of range", "(i32.div_s (i32.const 0x80000000) (i32.const -1))", "", "integer overflow"),
        traps("makes an integer of infinity", "(i32.trunc_f64_s (f64.const inf))", "", "integer overflow"),
        traps("reads outside of its memory", "(i32.load (i32.const -4))", "", "out of bounds memory access"),
        traps(
            "calls what is not there",
            "(call_indirect $t (result i32) (i32.const 0))",
            "(table $t 1 funcref)",
            "uninitialized element",
        ),
        traps(
            "calls by a wrong type",
            "(call_indirect $t (result f32) (i32.const 0)) drop (unreachable)",
            "(table $t 1 funcref) (elem (table $t) (i32.const 0) func $decide)",
            "indirect call type mismatch",
        ),
        fails(
            "stops while it takes in the input",
            || Guest { realloc: "(unreachable)".into(), ..Guest::new("test") },
            "trap",
            "`unreachable` instruction executed",
        ),
        fails(
            "puts the input outside of its memory",
            || Guest { realloc: "(i32.const 0x7fff0000)".into(), ..Guest::new("test") },
            "invalid-answer",
            "outside the contract",
        ),
        fails(
            "puts the input where it is not aligned",
            || Guest { realloc: "(i32.const 65537)".into(), ..Guest::new("test") },
            "invalid-answer",
            "outside the contract",
        ),
        fails(
            "calls the host while it takes in the input",
            || {
                let realloc = "(call $log (i32.const 1) (i32.const 16) (i32.const 4)) (i32.const 65536)".into();
                Guest { realloc, ..Guest::new("test") }
            },
            "trap",
            "cannot leave component instance",
        ),
        traps(
            "stops after its answer",
            RETURN,
            r#"(func (export "cabi_post_decide") (param i32) (unreachable))"#,
            "`unreachable` instruction executed",
        ),
        fails(
            "logs with a level that does not exist",
            || Guest::deciding("(call $log (i32.const 77) (i32.const 16) (i32.const 4)) (unreachable)"),
            "invalid-answer",
            "outside the contract",
        ),
        fails(
            "logs what is no text",
            || {
                guest(
                    "(call $log (i32.const 1) (i32.const 131072) (i32.const 2)) (unreachable)",
                    r#"(data (i32.const 131072) "\c3\28")"#,
                )
            },
            "invalid-answer",
            "utf-8",
        ),
        fails(
            "logs from outside of its memory",
            || Guest::deciding("(call $log (i32.const 1) (i32.const -16) (i32.const 8)) (unreachable)"),
            "invalid-answer",
            "out of bounds",
        ),
        fails(
            "panics with a message of 3 MB",
            || {
                let panic = "(memory.fill (i32.const 131072) (i32.const 0x61) (i32.const 3000000))
                (call $log (i32.const 3) (i32.const 131072) (i32.const 3000000)) (unreachable)";
                Guest { pages: 100, ..Guest::deciding(panic) }
            },
            "trap",
            "`unreachable` instruction executed",
        ),
        fails(
            "panics with a message of 30 MB",
            || {
                let panic = "(call $log (i32.const 3) (i32.const 131072) (i32.const 30000000)) (unreachable)";
                Guest { pages: 1000, ..Guest::deciding(panic) }
            },
            "answer-too-large",
            "passed more than 4194304 bytes in one answer or log line",
        ),
        fails("traps deep in functions with very long names", long_names, "trap", "`unreachable` instruction executed"),
    ]
}

fn long_names() -> Guest {
    let name = r"n\u{202e}\u{1b}".repeat(10_000);
    let functions: String = (0..20)
        .map(|i| format!("(func $\"{i}{name}\" (result i32) (i32.add (i32.const 1) (call $\"{}{name}\")))", i + 1))
        .collect();
    guest(&format!("(call $\"0{name}\")"), &format!("{functions} (func $\"20{name}\" (result i32) (unreachable))"))
}
