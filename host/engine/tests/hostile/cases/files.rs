//! Files that are no strategy at all.

use super::{Case, refused, undescribed};
use crate::guests::{Guest, component};

pub fn cases() -> Vec<Case> {
    let not_wasm = |name: &str, bytes: &'static [u8], part: &str| refused(name, || bytes.to_vec(), "not-wasm", part);
    vec![
        not_wasm("empty file", b"", "no WebAssembly but an empty file"),
        not_wasm("one byte", b"\0", "only 1 bytes long"),
        not_wasm("half a header", b"\0asm\x0d", "cut off; copy it again"),
        not_wasm("version of the day after tomorrow", b"\0asm\x63\0\0\0", "a version that is not known here"),
        not_wasm("program for Linux", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", "a program for Linux (ELF)"),
        not_wasm("web page", b"<!DOCTYPE html>\n<html><title>strategy.wasm</title></html>", "a web page (HTML)"),
        not_wasm("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "packed with gzip"),
        not_wasm("ZIP", b"PK\x03\x04\x14\0\0\0", "a ZIP archive"),
        not_wasm("text form", b"(module (func))", "translate it with `wasm-tools parse`"),
        not_wasm("picture", b"\x89PNG\r\n\x1a\n", "something that begins with [89, 50, 4e, 47]"),
        refused("header and nothing else", || b"\0asm\x0d\0\x01\0".to_vec(), "contract", "no export `decide`"),
        refused(
            "module that is a header and nothing else",
            || b"\0asm\x01\0\0\0".to_vec(),
            "no-contract",
            "does not say",
        ),
        refused("noise after a header", noise, "invalid-wasm", "the WebAssembly is not valid"),
        refused("larger than allowed", too_large, "too-large", "the file has 33554433 bytes, at most 33554432"),
        refused("module without the type section", || Guest::new("test").module(), "no-contract", "which contract"),
        refused("garbage in the type section", garbage_type, "invalid-wasm", "is not valid"),
        refused("cut in the middle of a function", || cut(&Guest::new("test").module()), "invalid-wasm", "not valid"),
        refused(
            "values of the wrong type",
            || Guest::deciding("(f64.const 1)").bytes(),
            "invalid-wasm",
            "type mismatch",
        ),
        refused("threads", || with("(memory $shared 1 1 shared)"), "invalid-wasm", "threads must be enabled"),
        refused("memory of 64 bits", || with("(memory $wide i64 1)"), "invalid-wasm", "memory64 must be enabled"),
        refused("garbage collection", || with("(type $s (struct (field i32)))"), "invalid-wasm", "gc"),
        undescribed(
            "data outside of memory",
            || Guest { items: r#"(data (i32.const 0x7ffffff0) "x")"#.into(), ..Guest::new("test") },
            "trap",
            "out of bounds memory access",
        ),
        undescribed(
            "functions outside of their table",
            || Guest {
                items: "(table $t 1 funcref) (elem (table $t) (i32.const 9) func $decide)".into(),
                ..Guest::new("test")
            },
            "trap",
            "out of bounds table access",
        ),
    ]
}

fn with(items: &str) -> Vec<u8> {
    Guest { items: items.into(), ..Guest::new("test") }.bytes()
}

fn noise() -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    let mut state = 1u32;
    bytes.extend((0..10_000).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    bytes
}

fn too_large() -> Vec<u8> {
    let mut bytes = component(&Guest::new("test").bytes());
    bytes.resize((32 << 20) + 1, 0);
    bytes
}

fn garbage_type() -> Vec<u8> {
    let mut bytes = Guest::new("test").module();
    // A custom section of 24 bytes, its name with its length in front.
    bytes.extend_from_slice(b"\0\x18\x12component-type:odd\xff\xff\xff\xff\xff");
    bytes
}

fn cut(module: &[u8]) -> Vec<u8> {
    module[..module.len() - 20].to_vec()
}
