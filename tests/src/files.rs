//! Where the things under test are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The repository's root.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The binary under test: `$WATTWRIGHT_BIN`, else the one that was built beside this test.
///
/// # Errors
///
/// It is not there.
pub fn wattwright() -> Result<PathBuf> {
    let file = match std::env::var_os("WATTWRIGHT_BIN") {
        Some(file) => file.into(),
        // target/debug/deps/e2e-…
        None => std::env::current_exe()?.ancestors().nth(2).context("no target folder")?.join("wattwright"),
    };
    ensure!(file.is_file(), "there is no `{}`; `cargo xtask test build` builds it", file.display());
    Ok(file)
}

/// The strategy of these tests that always discharges with 800 W.
///
/// # Errors
///
/// It was not built.
pub fn always_discharge() -> Result<Vec<u8>> {
    test_strategy("always-discharge")
}

/// The strategy of these tests that does wrong.
///
/// # Errors
///
/// It was not built.
pub fn misbehave() -> Result<Vec<u8>> {
    test_strategy("misbehave")
}

fn test_strategy(name: &str) -> Result<Vec<u8>> {
    let file = root().join(format!("target/test-strategies/{name}.wasm"));
    std::fs::read(&file)
        .with_context(|| format!("there is no `{}`; `cargo xtask test build` builds it", file.display()))
}

/// The same strategy as another file: a custom section more, which changes nothing but the hash.
///
/// # Errors
///
/// It was not built.
pub fn always_discharge_again() -> Result<Vec<u8>> {
    let mut bytes = always_discharge()?;
    let name = b"again";
    let content_len = 1 + name.len();
    bytes.extend([0, u8::try_from(content_len)?, u8::try_from(name.len())?]);
    bytes.extend(name);
    Ok(bytes)
}
