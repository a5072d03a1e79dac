//! Takes the strategies that ship inside the binary from where `cargo xtask build` puts them.

use std::path::{Path, PathBuf};
use std::{env, fs};

const SHIPPED: [&str; 2] = ["rule-based", "linear"];

fn main() -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    for name in SHIPPED {
        let from = root.join("target/plugins").join(format!("{name}.wasm"));
        println!("cargo::rerun-if-changed={}", from.display());
        fs::copy(&from, out.join(format!("{name}.wasm"))).map_err(|error| {
            format!("target/plugins/{name}.wasm: {error}; `cargo xtask build` makes it, then builds this crate")
        })?;
    }
    Ok(())
}
