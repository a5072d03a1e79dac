//! The program as its own compiler, as `run` starts it.

#![allow(clippy::unwrap_used)]

use engine::{ChildCompiler, CompileLimits, Compiler, Engine, EngineConfig};

const RULE_BASED: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/plugins/rule-based.wasm"));

fn engine(limits: CompileLimits) -> Engine {
    let program = env!("CARGO_BIN_EXE_wattwright").into();
    let compiler = Compiler::Child(ChildCompiler { program, arguments: vec!["compile".into()], limits });
    Engine::new(EngineConfig { compiler, ..EngineConfig::default() }).unwrap()
}

#[test]
fn what_is_shipped_compiles_within_the_limits() {
    let strategy = engine(CompileLimits::default()).load(RULE_BASED).unwrap();
    assert_eq!(strategy.description().name, "rule-based");
}

#[test]
fn the_limits_reach_the_compiler() {
    let limits = CompileLimits { memory_bytes: 48 << 20, ..CompileLimits::default() };
    let error = engine(limits).load(RULE_BASED).unwrap_err();
    assert_eq!(error.code(), "compile-limit", "{error}");
    assert!(error.to_string().contains("50331648 bytes of memory"), "{error}");
}
