//! Compiling in a process of its own, with this very program as that process.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

#[path = "../src/guests.rs"]
mod guests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use guests::{Guest, input};
use libtest_mimic::{Arguments, Failed, Trial};
use wattwright_engine::{
    ChildCompiler, CompileLimits, Compiler, Engine, EngineConfig, Library, LibraryConfig, LoadError, compile_child,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, _, memory_bytes, _, processor_s] = arguments.as_slice()
        && command == "compile"
    {
        return compile_child(&CompileLimits {
            memory_bytes: memory_bytes.parse().unwrap(),
            processor_s: processor_s.parse().unwrap(),
            ..CompileLimits::default()
        });
    }
    let test = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    };
    let tests = vec![
        test("gives_the_same_as_compiling_here", gives_the_same_as_compiling_here),
        test("refusals_are_told_as_by_compiling_here", refusals_are_told_as_by_compiling_here),
        test("a_bomb_ends_at_the_memory_limit", a_bomb_ends_at_the_memory_limit),
        test("a_bomb_ends_at_the_processor_limit", a_bomb_ends_at_the_processor_limit),
        test("a_bomb_ends_at_the_wall_clock_limit", a_bomb_ends_at_the_wall_clock_limit),
        test("too_much_machine_code_is_refused", too_much_machine_code_is_refused),
        test("a_compiler_that_is_none_is_named_and_what_is_shipped_loads", a_compiler_that_is_none),
        test("a_bomb_in_the_folder_leaves_the_last_good_version", a_bomb_in_the_folder),
    ];
    // One measures the whole process.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, tests).exit_code()
}

fn child(limits: CompileLimits) -> Compiler {
    let program = std::env::current_exe().unwrap();
    Compiler::Child(ChildCompiler { program, arguments: vec!["compile".into()], limits })
}

fn engine(compiler: Compiler) -> Engine {
    Engine::new(EngineConfig { compiler, ..EngineConfig::default() }).unwrap()
}

/// A compiler that is ended by what is tested and by nothing else.
fn patient() -> CompileLimits {
    CompileLimits {
        memory_bytes: 2 << 30,
        processor_s: 600,
        wall: Duration::from_secs(600),
        ..CompileLimits::default()
    }
}

fn good(version: &str) -> Vec<u8> {
    Guest { version: version.into(), ..Guest::new("alpha") }.with_summary(version).bytes()
}

/// A strategy with one function in which a great many values are alive at once.
fn bomb() -> Vec<u8> {
    const VALUES: usize = 300_000;
    let mut body = String::with_capacity(VALUES * 60);
    for i in 0..VALUES {
        body.push_str(&format!("(i32.mul (local.get 0) (i32.const {i}))\n"));
    }
    body.push_str(&"i32.add\n".repeat(VALUES - 1));
    let items = format!("(func (export \"bomb\") (param i32) (result i32) {body})");
    Guest { items, ..Guest::new("alpha") }.bytes()
}

#[track_caller]
fn exceeds(limits: CompileLimits, part: &str) {
    let error = engine(child(limits)).load(&bomb()).unwrap_err();
    assert_eq!(error.code(), "compile-limit", "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

/// Forgets the peak until now.
fn reset_peak_kb() -> u64 {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    peak_kb()
}

/// Kilobytes that this process had resident at most.
fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn gives_the_same_as_compiling_here() {
    let bytes = good("1.0.0");
    let there = engine(child(CompileLimits::default())).load(&bytes).unwrap();
    let here = engine(Compiler::InProcess).load(&bytes).unwrap();
    assert_eq!((there.reference(), there.imports()), (here.reference(), here.imports()));
    let (there, here) = (there.decide(&input()).unwrap(), here.decide(&input()).unwrap());
    assert_eq!((there.plan, there.fuel), (here.plan, here.fuel));
}

fn refusals_are_told_as_by_compiling_here() {
    let (there, here) = (engine(child(CompileLimits::default())), engine(Compiler::InProcess));
    let wasi = r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#;
    let cases = [
        b"<html>".to_vec(),
        good("1.0.0")[..700].to_vec(),
        Guest::new("alpha").module(),
        Guest { imports: wasi.into(), ..Guest::new("alpha") }.bytes(),
        wat::parse_str("(component)").unwrap(),
        Guest { describe: "(unreachable)".into(), ..Guest::new("alpha") }.bytes(),
    ];
    for bytes in cases {
        let (there, here) = (there.load(&bytes).unwrap_err(), here.load(&bytes).unwrap_err());
        assert_eq!((there.code(), there.to_string()), (here.code(), here.to_string()));
    }
}

fn a_bomb_ends_at_the_memory_limit() {
    let memory_bytes = 300 << 20;
    exceeds(CompileLimits { memory_bytes, ..patient() }, "it took more than 314572800 bytes of memory");
}

fn a_bomb_ends_at_the_processor_limit() {
    exceeds(CompileLimits { processor_s: 1, ..patient() }, "it took more than 1 s of the processor");
}

fn a_bomb_ends_at_the_wall_clock_limit() {
    exceeds(CompileLimits { wall: Duration::from_millis(300), ..patient() }, "it took longer than 300ms");
}

fn too_much_machine_code_is_refused() {
    let limits = CompileLimits { artefact_bytes: 10_000, ..patient() };
    let error = engine(child(limits)).load(&good("1.0.0")).unwrap_err();
    assert_eq!(error.code(), "compile-limit");
    assert!(error.to_string().contains("its machine code has more than 10000 bytes"), "{error}");
}

fn a_compiler_that_is_none() {
    let shipped: &'static [u8] = good("1.0.0").leak();
    for program in ["/nonexistent/compiler", "/bin/true", "/bin/false", "/bin/cat"] {
        let compiler =
            ChildCompiler { program: PathBuf::from(program), arguments: Vec::new(), limits: CompileLimits::default() };
        let engine = engine(Compiler::Child(compiler));
        let error = engine.load(shipped).unwrap_err();
        assert!(matches!(error, LoadError::Compiler(_)), "{program}: {error}");
        let config = LibraryConfig { shipped: vec![("alpha", shipped)], ..LibraryConfig::default() };
        let library = Library::open(engine, config).unwrap();
        assert!(library.current("alpha").unwrap().decide(&input()).is_ok());
    }
}

fn put(folder: &Path, bytes: &[u8]) {
    let half = folder.join("incoming.part");
    fs::write(&half, bytes).unwrap();
    fs::rename(half, folder.join("a.wasm")).unwrap();
}

fn a_bomb_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &good("1.0.0"));
    let limits = CompileLimits { memory_bytes: 300 << 20, ..patient() };
    let config = LibraryConfig { folder: Some(folder.path().to_owned()), ..LibraryConfig::default() };
    let library = Library::open(engine(child(limits)), config).unwrap();
    let bomb = bomb();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (peak, files) = (reset_peak_kb(), open_files());
    let until = |what: &str, holds: &dyn Fn() -> bool| {
        let mut changes = library.changes();
        runtime.block_on(async {
            while !holds() {
                let changed = tokio::time::timeout(Duration::from_secs(120), changes.changed()).await;
                changed.unwrap_or_else(|_| panic!("not seen: {what}; {:?}", library.entries())).unwrap();
            }
        });
    };
    let error = || library.entries()[0].error.clone();
    let version = || library.current("alpha").unwrap().description().version.clone();

    put(folder.path(), &bomb);
    until("the error", &|| error().is_some());
    assert!(error().unwrap().contains("cannot be compiled within limits"), "{:?}", error());
    assert_eq!(version(), "1.0.0");
    assert_eq!(library.current("alpha").unwrap().decide(&input()).unwrap().plan.summary, "1.0.0");
    // The bomb's bytes are read, and nothing that compares with the 300 MiB that compiling it took.
    assert!(peak_kb() - peak < 64 << 10, "{} kB more", peak_kb() - peak);
    put(folder.path(), &good("1.1.0"));
    until("1.1.0", &|| version() == "1.1.0");
    assert_eq!((error(), open_files()), (None, files));
}
