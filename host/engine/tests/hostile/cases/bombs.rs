//! Files whose compiling, linking or starting is the attack.

use super::{Case, End, answers, guest, refused};
use crate::guests::{Guest, component};

const RETURN: &str = "(i32.const 8192)";

pub fn cases() -> Vec<Case> {
    vec![
        refused("one enormous function", enormous_function, "compile-limit", "it took more than"),
        refused(
            "a million locals",
            || guest(RETURN, &format!("(func (local {}))", "i32 ".repeat(60_000))).bytes(),
            "invalid-wasm",
            "too many locals",
        ),
        refused("blocks nested 300,000 deep", nested_blocks, "compile-limit", "it took more than 3 s of the processor"),
        answers("10,000 functions", || guest(RETURN, &"(func (result i32) (i32.const 1))".repeat(10_000)), |_| {}),
        answers("jump table of 60,000", || jump_table(60_000), |_| {}),
        refused(
            "jump table of 100,000",
            || jump_table(100_000).bytes(),
            "invalid-wasm",
            "exceeds the implementation limit",
        ),
        answers(
            "10,000 exports",
            || {
                guest(
                    RETURN,
                    &(0..10_000).map(|i| format!("(global (export \"g{i}\") i32 (i32.const 0))")).collect::<String>(),
                )
            },
            |_| {},
        ),
        refused("components nested 500 deep", || nested_components(500), "contract", "no export `decide`"),
        refused("components nested 300,000 deep", || nested_components(300_000), "compile-limit", "it took more than"),
        refused("types that double 40 times", doubling_types, "invalid-wasm", "effective type size"),
        Case::new(
            "100 core instances",
            many_instances,
            End::Undescribed("memory-limit", "more instances than 64".into()),
        ),
        Case::new("custom section of 10 MB", large_custom_section, End::Answers(Box::new(|_| {}))),
        answers(
            "5,000 imports of the same function",
            || Guest {
                imports: r#"(import "wattwright:strategy/host@0.2.0" "log" (func (param i32 i32 i32)))"#.repeat(5000),
                ..Guest::new("test")
            },
            |_| {},
        ),
    ]
}

/// A function in which a great many values are alive at once.
fn enormous_function() -> Vec<u8> {
    const VALUES: usize = 300_000;
    let mut body = String::with_capacity(VALUES * 60);
    for i in 0..VALUES {
        body.push_str(&format!("(i32.mul (local.get 0) (i32.const {i}))\n"));
    }
    body.push_str(&"i32.add\n".repeat(VALUES - 1));
    guest(RETURN, &format!("(func (export \"bomb\") (param i32) (result i32) {body})")).bytes()
}

fn nested_blocks() -> Vec<u8> {
    const DEPTH: usize = 300_000;
    guest(RETURN, &format!("(func {} {})", "block ".repeat(DEPTH), "end ".repeat(DEPTH))).bytes()
}

fn jump_table(targets: usize) -> Guest {
    let targets = "0 ".repeat(targets);
    guest(RETURN, &format!("(func (param i32) (block (br_table {targets} (local.get 0))))"))
}

fn nested_components(depth: usize) -> Vec<u8> {
    const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";
    let mut length = HEADER.len();
    // What is in front of each but the innermost, from the inside.
    let fronts: Vec<_> = (0..depth)
        .map(|_| {
            let front = [HEADER, &[4], &leb(length)].concat();
            length += front.len();
            front
        })
        .collect();
    fronts.into_iter().rev().flatten().chain(HEADER.to_vec()).collect()
}

fn doubling_types() -> Vec<u8> {
    let types: String = (1..40).map(|i| format!("(type $t{i} (tuple $t{0} $t{0}))", i - 1)).collect();
    wat::parse_str(format!("(component (type $t0 (tuple u8 u8)) {types})")).unwrap()
}

fn many_instances() -> Vec<u8> {
    let mut bytes = component(&Guest::new("test").bytes());
    let modules = sections(&bytes).iter().filter(|id| **id == 1).count();
    section(&mut bytes, 1, b"\0asm\x01\0\0\0");
    // A hundred times: instantiate that module with nothing.
    let mut instances = leb(100);
    for _ in 0..100 {
        instances.push(0);
        instances.extend(leb(modules));
        instances.push(0);
    }
    section(&mut bytes, 2, &instances);
    bytes
}

fn large_custom_section() -> Vec<u8> {
    let mut bytes = component(&Guest::new("test").bytes());
    let mut content = b"\x05large".to_vec();
    content.resize(10_000_000, 0x55);
    section(&mut bytes, 0, &content);
    bytes
}

/// <https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md>
fn section(bytes: &mut Vec<u8>, id: u8, content: &[u8]) {
    bytes.push(id);
    bytes.extend(leb(content.len()));
    bytes.extend_from_slice(content);
}

fn leb(value: usize) -> Vec<u8> {
    let (mut value, mut bytes) = (value, Vec::new());
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The kinds of a component's sections.
fn sections(bytes: &[u8]) -> Vec<u8> {
    let mut ids = Vec::new();
    let mut at = 8;
    while at < bytes.len() {
        ids.push(bytes[at]);
        at += 1;
        let (mut length, mut shift) = (0usize, 0);
        loop {
            let byte = bytes[at];
            at += 1;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        at += length;
    }
    ids
}
