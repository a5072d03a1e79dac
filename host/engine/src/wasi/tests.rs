use super::offers;
use crate::guests::{Guest, input, with_wasi};
use crate::{Answer, DecideError, Engine, EngineConfig, LogLevel, LogLine};

/// Where the tests' strategies put what they saw; the plan hands it out as `memory`.
const SEEN: usize = 4096;

const WALL: (&str, &str, &str) = ("wasi:clocks/wall-clock@0.2.3", "now", "(func $wall (param i32))");
const MONOTONIC: (&str, &str, &str) = ("wasi:clocks/monotonic-clock@0.2.3", "now", "(func $monotonic (result i64))");
const STDOUT: (&str, &str, &str) = ("wasi:cli/stdout@0.2.3", "get-stdout", "(func $stdout (result i32))");
const STDERR: (&str, &str, &str) = ("wasi:cli/stderr@0.2.3", "get-stderr", "(func $stderr (result i32))");
const WRITE: (&str, &str, &str) = (
    "wasi:io/streams@0.2.3",
    "[method]output-stream.blocking-write-and-flush",
    "(func $write (param i32 i32 i32 i32))",
);
const BYTES: (&str, &str, &str) = ("wasi:random/random@0.2.3", "get-random-bytes", "(func $bytes (param i64 i32))");

fn engine() -> Engine {
    Engine::new(EngineConfig::default()).unwrap()
}

/// Runs `body`, and then answers with what it left at [`SEEN`].
fn try_out(functions: &[(&str, &str, &str)], body: &str) -> Result<Answer, DecideError> {
    let guest = with_wasi(functions, &format!("{body} (i32.const 8192)")).answer(36, (SEEN as u32, 64));
    engine().load(&guest.bytes()).unwrap().decide(&input())
}

#[track_caller]
fn seen(functions: &[(&str, &str, &str)], body: &str) -> Vec<u8> {
    try_out(functions, body).unwrap().plan.memory
}

#[track_caller]
fn words(functions: &[(&str, &str, &str)], body: &str) -> Vec<u32> {
    seen(functions, body).chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
}

#[track_caller]
fn ends(functions: &[(&str, &str, &str)], body: &str, message: &str) {
    let error = try_out(functions, body).unwrap_err();
    assert_eq!((error.code(), error.message()), ("trap", message));
}

#[test]
fn the_interfaces_of_0_2_are_offered_and_no_others() {
    for good in ["wasi:io/poll@0.2.0", "wasi:cli/exit@0.2.12", "wasi:sockets/udp@0.2.3", "wasi:random/random@0.2.999"] {
        assert!(offers(good), "{good}");
    }
    let bad = [
        "wasi:io/poll@0.3.0",
        "wasi:io/poll@0.2.",
        "wasi:io/poll@0.2.0-rc-2023-11-10",
        "wasi:io/poll@0.2.1234",
        "wasi:io/poll",
        "wasi:io/pole@0.2.0",
        "wasi:http/types@0.2.0",
        "wasi:clocks/timezone@0.2.0",
        "io/poll@0.2.0",
        "wasi_snapshot_preview1",
    ];
    for bad in bad {
        assert!(!offers(bad), "{bad}");
    }
}

#[test]
fn clocks_stand_at_the_snapshots_now() {
    let body = format!(
        "(call $wall (i32.const {SEEN})) (i64.store (i32.const {}) (call $monotonic))
         (i64.store (i32.const {}) (call $monotonic))",
        SEEN + 16,
        SEEN + 24
    );
    let seen = seen(&[WALL, MONOTONIC], &body);
    let second = u64::try_from(input().snapshot.now.as_second()).unwrap();
    assert_eq!(seen[..8], second.to_le_bytes());
    assert_eq!(seen[8..12], [0; 4]);
    assert_eq!(seen[16..24], (second * 1_000_000_000).to_le_bytes());
    assert_eq!(seen[16..24], seen[24..32]);
}

#[test]
fn waiting_for_a_thousand_years_is_over_at_once() {
    let functions = [
        MONOTONIC,
        ("wasi:clocks/monotonic-clock@0.2.3", "subscribe-duration", "(func $subscribe (param i64) (result i32))"),
        ("wasi:io/poll@0.2.3", "[method]pollable.block", "(func $block (param i32))"),
        ("wasi:io/poll@0.2.3", "[method]pollable.ready", "(func $ready (param i32) (result i32))"),
        ("wasi:io/poll@0.2.3", "poll", "(func $poll (param i32 i32 i32))"),
    ];
    let body = "(local $p i32)
        (local.set $p (call $subscribe (i64.const 0x7fff_ffff_ffff_ffff)))
        (call $block (local.get $p))
        (i32.store (i32.const 4096) (call $ready (local.get $p)))
        (i32.store (i32.const 4160) (local.get $p)) (i32.store (i32.const 4164) (local.get $p))
        (call $poll (i32.const 4160) (i32.const 2) (i32.const 4100))
        (i64.store (i32.const 4108) (i64.load (i32.load (i32.const 4100))))";
    let seen = words(&functions, body);
    // Ready; two of two, which are the first and the second.
    assert_eq!((seen[0], seen[2], &seen[3..5]), (1, 2, &[0, 1][..]));
}

#[test]
fn random_numbers_are_the_same_in_each_call() {
    let functions = [
        BYTES,
        ("wasi:random/random@0.2.3", "get-random-u64", "(func $number (result i64))"),
        ("wasi:random/insecure-seed@0.2.3", "insecure-seed", "(func $seed (param i32))"),
    ];
    let body = "(call $bytes (i64.const 13) (i32.const 4096))
        (memory.copy (i32.const 4104) (i32.load (i32.const 4096)) (i32.const 13))
        (i64.store (i32.const 4120) (call $number))
        (call $seed (i32.const 4128))";
    let first = seen(&functions, body);
    assert_eq!(first[4], 13);
    let numbers: Vec<_> = [8..16, 24..32, 32..40, 40..48].map(|at| first[at].to_vec()).into();
    for (i, number) in numbers.iter().enumerate() {
        assert!(!numbers[..i].contains(number) && *number != [0; 8], "{numbers:?}");
    }
    assert_eq!(seen(&functions, body), first);
    ends(
        &functions,
        "(call $bytes (i64.const -1) (i32.const 4096))",
        "called `wasi:random` for 18446744073709551615 bytes: at most 65536 at once",
    );
}

#[test]
fn there_is_no_environment_and_there_are_no_files() {
    let functions = [
        ("wasi:cli/environment@0.2.3", "get-environment", "(func $environment (param i32))"),
        ("wasi:cli/environment@0.2.3", "get-arguments", "(func $arguments (param i32))"),
        ("wasi:cli/environment@0.2.3", "initial-cwd", "(func $cwd (param i32))"),
        ("wasi:filesystem/preopens@0.2.3", "get-directories", "(func $directories (param i32))"),
        ("wasi:cli/terminal-stdout@0.2.3", "get-terminal-stdout", "(func $terminal (param i32))"),
        ("wasi:filesystem/types@0.2.3", "[method]descriptor.sync", "(func $sync (param i32 i32))"),
    ];
    let body = "(memory.fill (i32.const 4096) (i32.const 0xff) (i32.const 64))
        (call $environment (i32.const 4096)) (call $arguments (i32.const 4104)) (call $cwd (i32.const 4112))
        (call $directories (i32.const 4120)) (call $terminal (i32.const 4128))";
    let seen = words(&functions, body);
    assert_eq!((seen[1], seen[3], seen[4] & 0xff, seen[7], seen[8] & 0xff), (0, 0, 0, 0, 0), "{seen:x?}");
    // Nobody has a descriptor to call it with.
    let error = try_out(&functions, "(call $sync (i32.const 1) (i32.const 4096))").unwrap_err();
    assert!(error.message().contains("unknown handle index"), "{error}");
}

#[test]
fn there_is_no_network() {
    let functions = [
        ("wasi:sockets/tcp-create-socket@0.2.3", "create-tcp-socket", "(func $create (param i32 i32))"),
        ("wasi:sockets/instance-network@0.2.3", "instance-network", "(func $network (result i32))"),
        ("wasi:sockets/ip-name-lookup@0.2.3", "resolve-addresses", "(func $resolve (param i32 i32 i32 i32))"),
    ];
    let body = "(call $create (i32.const 0) (i32.const 4096))
        (call $resolve (call $network) (i32.const 8192) (i32.const 3) (i32.const 4112))
        (call $resolve (call $network) (i32.const 8192) (i32.const 3) (i32.const 4120))";
    let seen = seen(&functions, body);
    // An error, and `access-denied`, each.
    assert_eq!((seen[0], seen[4]), (1, 1));
    assert_eq!((seen[16], seen[20]), (1, 1));
    assert_eq!((seen[24], seen[28]), (1, 1));
}

#[test]
fn outputs_are_lines_of_the_log() {
    let mut guest = with_wasi(&[STDOUT, STDERR, WRITE], "");
    let first = guest.image().text("out\nhalf");
    let second = guest.image().text(" a line\x1b\nrest");
    let oh = guest.image().text("oh");
    let write = |to: &str, (at, length): (u32, u32)| {
        format!("(call $write (call ${to}) (i32.const {at}) (i32.const {length}) (i32.const 4096))")
    };
    guest.decide =
        [write("stdout", first), write("stderr", oh), write("stdout", second), "(i32.const 8192)".into()].concat();
    let log = engine().load(&guest.bytes()).unwrap().decide(&input()).unwrap().log;
    let line = |level, message: &str| LogLine { level, message: message.into() };
    let (out, error) = (LogLevel::Info, LogLevel::Warn);
    assert_eq!(log, [line(out, "out"), line(out, "half a line\\u{1b}"), line(out, "rest"), line(error, "oh")]);
}

#[test]
fn a_flood_of_output_is_cut_as_that_of_the_log() {
    let body = "(local $i i32) (memory.fill (i32.const 131072) (i32.const 0x61) (i32.const 100000))
        (i32.store8 (i32.const 231071) (i32.const 10))
        (loop $again
            (call $write (call $stdout) (i32.const 131072) (i32.const 100000) (i32.const 4096))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 300))))";
    let log = try_out(&[STDOUT, WRITE], body).unwrap().log;
    assert!(log.len() < 30 && log.iter().map(|line| line.message.len()).sum::<usize>() < 34 << 10);
    assert_eq!(log[0].message.len(), 2000 + '…'.len_utf8());
    assert!(log.last().unwrap().message.ends_with("more lines dropped"), "{log:?}");
}

#[test]
fn the_input_has_ended() {
    let functions = [
        ("wasi:cli/stdin@0.2.3", "get-stdin", "(func $stdin (result i32))"),
        ("wasi:io/streams@0.2.3", "[method]input-stream.read", "(func $read (param i32 i64 i32))"),
    ];
    let seen = seen(&functions, "(call $read (call $stdin) (i64.const 10) (i32.const 4096))");
    // An error, and of those `closed`.
    assert_eq!((seen[0], seen[4]), (1, 1));
}

#[test]
fn an_exit_ends_the_call_and_says_so() {
    let exit = ("wasi:cli/exit@0.2.3", "exit", "(func $exit (param i32))");
    let message = "called `wasi:cli/exit exit`: a strategy returns a plan, or an error that says why it has none";
    ends(&[exit], "(call $exit (i32.const 0))", message);
    let guest = Guest {
        items: "(start $begin) (func $begin (call $exit (i32.const 1)))".into(),
        ..with_wasi(&[exit], "(i32.const 8192)")
    };
    let error = engine().load(&guest.bytes()).unwrap_err();
    assert_eq!(error.code(), "trap");
    assert_eq!(error.to_string(), format!("`describe` failed (trap): {message} while starting"));
}

#[test]
fn what_no_version_has_ends_the_call_by_name() {
    let rewind = ("wasi:io/streams@0.2.3", "[method]output-stream.rewind", "(func $rewind (param i32))");
    let message = "called `wasi:io/streams [method]output-stream.rewind`: strategies do not have it";
    ends(&[STDOUT, rewind], "(call $rewind (call $stdout))", message);
}

#[test]
fn handles_are_limited() {
    let body = "(loop $again (drop (call $stdout)) (br $again))";
    let error = try_out(&[STDOUT], body).unwrap_err();
    assert_eq!((error.code(), error.message()), ("memory-limit", "asked for more than 1000 handles"));
}

#[test]
fn what_is_not_offered_is_refused_by_name() {
    for (interface, name) in [
        ("wasi:http/outgoing-handler@0.2.3", "handle"),
        ("wasi:nn/inference@0.2.0-rc-2024-10-28", "compute"),
        ("wasi:clocks/system-clock@0.3.0", "now"),
    ] {
        let function = if name == "now" { "(func (result i64))" } else { "(func)" };
        let guest = with_wasi(&[(interface, name, function)], "(i32.const 8192)");
        let error = engine().load(&guest.bytes()).unwrap_err();
        assert_eq!(error.code(), "import");
        assert!(error.to_string().starts_with(&format!("it imports `{interface}`, which")), "{error}");
    }
}

#[test]
fn imports_are_listed() {
    let strategy = engine().load(&with_wasi(&[WALL], "(i32.const 8192)").bytes()).unwrap();
    assert!(strategy.imports().contains(&"wasi:clocks/wall-clock@0.2.3".to_owned()), "{:?}", strategy.imports());
}
