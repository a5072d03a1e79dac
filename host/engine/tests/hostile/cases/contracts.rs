//! Strategies for another host than this one.

use super::{Case, End, answers, fails, refused};
use crate::guests::{Guest, component, embed, with_wasi};

const RETURN: &str = "(i32.const 8192)";

pub fn cases() -> Vec<Case> {
    let built_for = |contract: &'static str| move || Guest { contract, ..Guest::new("test") }.bytes();
    let importing = |import: &'static str| move || Guest { imports: import.into(), ..Guest::new("test") }.bytes();
    let wasi = |interface: &'static str, name: &'static str, core: &'static str| {
        move || with_wasi(&[(interface, name, core)], RETURN).bytes()
    };
    let exit = ("wasi:cli/exit@0.2.3", "exit", "(func $exit (param i32))");
    vec![
        refused("newer contract", built_for("0.9.0"), "contract", "it is built for version 0.9.0"),
        refused("older contract", built_for("0.0.9"), "contract", "it is built for version 0.0.9"),
        refused("contract of the far future", built_for("7.0.0"), "contract", "it is built for version 7.0.0"),
        refused("another world", another_world, "contract", "no export `decide`"),
        refused("`decide` is missing", missing_export, "invalid-wasm", "decide"),
        refused("`decide` of another type", other_decide, "contract", "decide"),
        refused("`log` of another type", other_log, "contract", "log"),
        refused(
            "imports a clock of its own",
            importing(r#"(import "env" "now" (func (result f64)))"#),
            "import",
            "it imports `env",
        ),
        refused(
            "imports files of WASI 0.1",
            importing(r#"(import "wasi_snapshot_preview1" "path_open" (func (param i32)))"#),
            "import",
            "it imports `wasi_snapshot_preview1",
        ),
        refused(
            "imports JavaScript",
            importing(r#"(import "__wbindgen_placeholder__" "__wbindgen_throw" (func (param i32 i32)))"#),
            "import",
            "there is no JavaScript",
        ),
        refused(
            "imports the network",
            wasi("wasi:http/outgoing-handler@0.2.3", "handle", "(func)"),
            "import",
            "it imports `wasi:http/outgoing-handler@0.2.3`, which strategies cannot have",
        ),
        refused(
            "imports a neural network",
            wasi("wasi:nn/inference@0.2.0-rc-2024-10-28", "compute", "(func)"),
            "import",
            "it imports `wasi:nn/inference@0.2.0-rc-2024-10-28`",
        ),
        refused(
            "imports a clock of WASI 0.3",
            wasi("wasi:clocks/system-clock@0.3.0", "now", "(func (result i64))"),
            "import",
            "it imports `wasi:clocks/system-clock@0.3.0`",
        ),
        refused("WASI of another type", other_wasi, "contract", "get-random-u64"),
        refused(
            "function with the name of an interface",
            || wat::parse_str(r#"(component (import "wasi:cli/exit@0.2.0" (func)))"#).unwrap(),
            "contract",
            "wasi:cli/exit@0.2.0",
        ),
        fails(
            "exits",
            move || with_wasi(&[exit], "(call $exit (i32.const 0)) (unreachable)"),
            "trap",
            "called `wasi:cli/exit exit`: a strategy returns a plan",
        ),
        answers("sleeps for 292 years", sleeps, |answer| assert_eq!(answer.plan.summary, "awake")),
        answers("looks for files and for the environment", looks_around, |answer| {
            assert_eq!(answer.plan.memory, [0; 8], "no directories, no variables");
        }),
        answers("opens a socket", opens_socket, |answer| {
            assert_eq!(answer.plan.memory[..8], [1, 0, 0, 0, 1, 0, 0, 0], "an error, `access-denied`");
        }),
        Case {
            end: End::Fails("out-of-time", "took longer than 200ms".into()),
            allowance: model::Allowance { fuel: Some(u64::MAX), deadline_s: Some(0.2), ..Default::default() },
            ..answers("waits for a clock that stands still", waits_for_the_clock, |_| {})
        },
    ]
}

/// Built for another program's plugins.
fn another_world() -> Vec<u8> {
    let module = wat::parse_str(r#"(module (func (export "run")))"#).unwrap();
    component(&embed(module, "package other:program@1.0.0; world strategy { export run: func(); }"))
}

fn missing_export() -> Vec<u8> {
    let guest = Guest::new("test");
    let text = guest.text().replace(r#"(export "decide")"#, r#"(export "decode")"#);
    embed(wat::parse_str(text).unwrap(), &guest.wit())
}

fn other_decide() -> Vec<u8> {
    let guest = Guest::new("test");
    let text = guest.text().replace("$decide (export \"decide\") (param i32)", "$decide (export \"decide\")");
    let wit = guest.wit().replace("decide: func(input: input) ->", "decide: func() ->");
    component(&embed(wat::parse_str(text).unwrap(), &wit))
}

fn other_log() -> Vec<u8> {
    let guest = Guest::deciding("(call $log (i32.const 0) (i32.const 0)) (i32.const 8192)");
    let text = guest.text().replace("(func $log (param i32 i32 i32))", "(func $log (param i32 i32))");
    let wit = guest.wit().replace("log: func(level: log-level, message: string)", "log: func(message: string)");
    component(&embed(wat::parse_str(text).unwrap(), &wit))
}

fn other_wasi() -> Vec<u8> {
    let function = ("wasi:random/random@0.2.3", "get-random-u64", "(func $random (result i32))");
    let guest = with_wasi(&[function], RETURN);
    let wit = guest.wit().replace("get-random-u64: func() -> u64", "get-random-u64: func() -> bool");
    embed(guest.module(), &wit)
}

fn sleeps() -> Guest {
    let functions = [
        ("wasi:clocks/monotonic-clock@0.2.3", "subscribe-duration", "(func $subscribe (param i64) (result i32))"),
        ("wasi:io/poll@0.2.3", "[method]pollable.block", "(func $block (param i32))"),
    ];
    let body = "(call $block (call $subscribe (i64.const 0x7fff_ffff_ffff_ffff))) (i32.const 8192)";
    with_wasi(&functions, body).with_summary("awake")
}

fn looks_around() -> Guest {
    let functions = [
        ("wasi:cli/environment@0.2.3", "get-environment", "(func $environment (param i32))"),
        ("wasi:filesystem/preopens@0.2.3", "get-directories", "(func $directories (param i32))"),
    ];
    let body = "(call $environment (i32.const 4096)) (i32.store (i32.const 4112) (i32.load (i32.const 4100)))
        (call $directories (i32.const 4096)) (i32.store (i32.const 4116) (i32.load (i32.const 4100)))
        (i32.const 8192)";
    with_wasi(&functions, body).answer(36, (4112, 8))
}

fn opens_socket() -> Guest {
    let create = ("wasi:sockets/tcp-create-socket@0.2.3", "create-tcp-socket", "(func $create (param i32 i32))");
    with_wasi(&[create], "(call $create (i32.const 0) (i32.const 4096)) (i32.const 8192)").answer(36, (4096, 8))
}

fn waits_for_the_clock() -> Guest {
    let now = ("wasi:clocks/monotonic-clock@0.2.3", "now", "(func $now (result i64))");
    let body = "(local $until i64) (local.set $until (i64.add (call $now) (i64.const 1)))
        (loop $again (br_if $again (i64.lt_u (call $now) (local.get $until)))) (unreachable)";
    with_wasi(&[now], body)
}
