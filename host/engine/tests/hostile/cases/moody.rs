//! Strategies that talk too much, and strategies that would decide otherwise each time.

use super::{Case, End, answers, guest};
use crate::guests::{Guest, with_wasi};

pub fn cases() -> Vec<Case> {
    let mut cases = floods();
    cases.extend(moods());
    cases
}

fn floods() -> Vec<Case> {
    let repeated = |what: &str, times: u32| {
        format!(
            "(local $i i32) (loop $again {what}
                (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {times}))))
             (i32.const 8192)"
        )
    };
    let log = repeated("(call $log (i32.const 1) (i32.const 16) (i32.const 4))", 100_000);
    let write = repeated("(call $write (call $stderr) (i32.const 131072) (i32.const 60000) (i32.const 4096))", 200);
    let functions = [
        ("wasi:cli/stderr@0.2.3", "get-stderr", "(func $stderr (result i32))"),
        ("wasi:io/streams@0.2.3", "[method]output-stream.write", "(func $write (param i32 i32 i32 i32))"),
    ];
    vec![
        answers(
            "100,000 log lines",
            move || Guest::deciding(log.clone()),
            |answer| {
                assert_eq!(answer.log.len(), 101);
                assert_eq!(answer.log[100].message, "99900 more lines dropped");
            },
        ),
        answers(
            "12 MB to its standard error without a line's end",
            move || with_wasi(&functions, &write),
            |answer| {
                assert_eq!((answer.log.len(), answer.log[0].message.len() < 20_000), (1, true));
            },
        ),
        answers(
            "log with a terminal's escapes and false lines",
            || {
                let line = "(call $log (i32.const 1) (i32.const 131072) (i32.const 26)) (i32.const 8192)";
                guest(line, r#"(data (i32.const 131072) "ok\0aERROR \1b[31m red \e2\80\aeevil")"#)
            },
            |answer| assert_eq!(answer.log[0].message, "ok ERROR \\u{1b}[31m red \\u{202e}evil"),
        ),
    ]
}

/// Each call has to give the same as the one before; the suite compares them.
fn moods() -> Vec<Case> {
    let random = [
        ("wasi:random/random@0.2.3", "get-random-u64", "(func $random (result i64))"),
        ("wasi:clocks/monotonic-clock@0.2.3", "now", "(func $now (result i64))"),
    ];
    let dice = "(i64.store (i32.const 4096) (i64.xor (call $random) (call $now))) (i32.const 8192)";
    vec![
        answers(
            "counts its calls",
            || {
                let count =
                    "(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1))) (i32.const 8192)";
                Guest::deciding(count).answer(36, (4096, 4))
            },
            |answer| assert_eq!(answer.plan.memory, [1, 0, 0, 0]),
        ),
        answers(
            "decides by dice and by the time of day",
            move || with_wasi(&random, dice).answer(36, (4096, 8)),
            |answer| {
                assert_eq!(answer.plan.memory.len(), 8);
            },
        ),
        answers(
            "decides by what it finds in fresh memory",
            || {
                let sum = "(local $i i32) (local $sum i32) (local.set $i (i32.const 200000))
                (loop $again (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $i))))
                    (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000000))))
                (i32.store (i32.const 4096) (local.get $sum)) (i32.const 8192)";
                Guest::deciding(sum).answer(36, (4096, 4))
            },
            |answer| assert_eq!(answer.plan.memory, [0; 4]),
        ),
        answers(
            "decides by the bits of what is no number",
            || {
                let nan = "(local $z f64) (f64.store (i32.const 4096) (f64.sub (f64.const inf) (f64.const inf)))
                (f64.store (i32.const 4104) (f64.div (local.get $z) (local.get $z))) (i32.const 8192)";
                Guest::deciding(nan).answer(36, (4096, 16))
            },
            |answer| {
                assert_eq!(answer.plan.memory[..8], 0x7ff8_0000_0000_0000u64.to_le_bytes());
                assert_eq!(answer.plan.memory[8..], 0x7ff8_0000_0000_0000u64.to_le_bytes());
            },
        ),
        Case {
            end: End::Fails("declined", "has no plan: it does not like the input".into()),
            ..answers(
                "declines",
                || {
                    let mut guest = Guest::new("test");
                    let text = guest.image().text("it does not like the input");
                    guest.answer(4, text).answer_byte(0, 1)
                },
                |_| {},
            )
        },
        Case {
            end: End::Fails("declined", "has no plan: gave no reason".into()),
            ..answers("declines without a word", || Guest::new("test").answer_byte(0, 1), |_| {})
        },
        Case {
            end: End::Fails("declined", "has no plan: ".into()),
            ..answers(
                "declines with 1 MB",
                || Guest { pages: 100, ..Guest::new("test") }.answer(4, (131_072, 1_000_000)).answer_byte(0, 1),
                |_| {},
            )
        },
    ]
}
