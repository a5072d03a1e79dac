//! The strategies that are written in Rust: the shipped ones, the examples and those of the tests.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::shell::{root, say, succeed};
use crate::{stamp, wasm};

/// Folders of strategies, and where the compiled ones go. The daemon embeds what is in `target/plugins`.
const SHIPPED: [(&str, &str); 2] = [("plugins", "target/plugins"), ("examples/strategies", "target/plugins")];
const OF_TESTS: (&str, &str) = ("tests/strategies", "target/test-strategies");

/// Builds the shipped strategies and the examples; for the tests also theirs.
pub fn build(with_tests: bool) -> Result<()> {
    let mut folders = SHIPPED.to_vec();
    folders.extend(with_tests.then_some(OF_TESTS));
    let mut strategies = Vec::new();
    for (folder, destination) in folders {
        let names = packages(&root().join(folder))?;
        strategies.extend(names.into_iter().map(|name| (name, root().join(destination))));
    }

    let compiler = wasm::Compiler::find()?;
    let names: Vec<&str> = strategies.iter().map(|(name, _)| name.as_str()).collect();
    say(format!("strategies to WebAssembly: {}", names.join(", ")));
    let built = root().join("target/wasm");
    let mut build = compiler.cargo_build();
    build.args(["--profile", "plugin", "--target-dir"]).arg(&built);
    for name in &names {
        build.args(["-p", name]);
    }
    succeed(&mut build)?;
    for (name, destination) in &strategies {
        let file = format!("{}.wasm", name.replace('-', "_"));
        let bytes = stamp::read(&built.join(wasm::TARGET).join("plugin").join(file))?;
        let target = destination.join(format!("{name}.wasm"));
        // An unchanged file keeps its time, and the daemon that embeds it is not built again.
        if std::fs::read(&target).ok().as_deref() != Some(&bytes) {
            stamp::write(&target, &bytes)?;
        }
    }
    Ok(())
}

/// Names of the strategy packages of this workspace in a folder: those that become a `cdylib`. One with
/// a workspace of its own is somebody's start, not ours to build.
fn packages(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(names);
    };
    let mut manifests: Vec<PathBuf> = entries.flatten().map(|entry| entry.path().join("Cargo.toml")).collect();
    manifests.sort();
    for manifest in manifests.into_iter().filter(|file| file.is_file()) {
        let text = String::from_utf8_lossy(&stamp::read(&manifest)?).into_owned();
        if text.contains("cdylib") && !text.lines().any(|line| line.trim() == "[workspace]") {
            names.push(package_name(&text).with_context(|| format!("no package name in `{}`", manifest.display()))?);
        }
    }
    Ok(names)
}

fn package_name(manifest: &str) -> Option<String> {
    let package = manifest.split("[package]").nth(1)?;
    let line = package.lines().find(|line| line.trim_start().starts_with("name"))?;
    Some(line.split('"').nth(1)?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::package_name;

    #[test]
    fn the_package_name_is_not_the_librarys() {
        let manifest = "[lib]\nname = \"rule_based\"\n\n[package]\nname = \"rule-based\"\nversion = \"1.0.0\"\n";
        assert_eq!(package_name(manifest).as_deref(), Some("rule-based"));
        assert_eq!(package_name("[lib]\nname = \"x\"\n"), None);
    }
}
