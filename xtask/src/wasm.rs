//! A Rust compiler with the target that strategies are built for.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, output, program, say, succeed, which};
use crate::{debian, stamp};

/// What strategies are compiled to.
pub const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "lld-19"];

/// A compiler that has the target.
pub struct Compiler {
    rustc: PathBuf,
    linker: Option<PathBuf>,
}

impl Compiler {
    /// Finds one, or prepares one: the compiler in use, with the target from rustup where that works;
    /// else Debian's, which brings the standard library's source along.
    pub fn find() -> Result<Self> {
        let in_use = PathBuf::from(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        let debian = PathBuf::from(DEBIAN_RUSTC);
        if let Some(rustc) = [&in_use, &debian].into_iter().find(|rustc| has_target(rustc)) {
            return Ok(Self::with(rustc));
        }
        if which(&["rustup"]).is_some() {
            say(format!("rustup target add {TARGET}: strategies are compiled to it"));
            if succeed(program("rustup").args(["target", "add", TARGET])).is_ok() && has_target(&in_use) {
                return Ok(Self::with(&in_use));
            }
        }
        if debian::can_install() {
            build_debian_std()?;
            return Ok(Self::with(&debian));
        }
        bail!(
            "the Rust compiler has no target `{TARGET}`; install it: `rustup target add {TARGET}`, or on Debian run this once as root"
        )
    }

    fn with(rustc: &Path) -> Self {
        let own_linker = output(program(rustc).args(["--print", "sysroot"])).is_some_and(|sysroot| {
            let host = output(program(rustc).args(["--print", "host-tuple"])).unwrap_or_default();
            Path::new(&sysroot).join("lib/rustlib").join(host).join("bin/rust-lld").exists()
        });
        // Compilers of a distribution come without rust-lld.
        let linker = if own_linker { None } else { which(&["wasm-ld-19", "wasm-ld", "rust-lld"]) };
        Self { rustc: rustc.to_owned(), linker }
    }

    /// A `cargo build` for the target with this compiler.
    pub fn cargo_build(&self) -> Command {
        let mut command = cargo();
        command.env("RUSTC", &self.rustc);
        if let Some(linker) = &self.linker {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        command.args(["build", "--target", TARGET]);
        command
    }
}

fn library_folder(rustc: &Path) -> Option<PathBuf> {
    output(program(rustc).args(["--print", "target-libdir", "--target", TARGET])).map(PathBuf::from)
}

fn has_target(rustc: &Path) -> bool {
    let entries = library_folder(rustc).and_then(|folder| std::fs::read_dir(folder).ok());
    entries.into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

/// Builds the standard library from the source that Debian ships and puts it where that compiler looks
/// for it, so that no nightly option is needed afterwards.
fn build_debian_std() -> Result<()> {
    let missing: Vec<&str> = DEBIAN_PACKAGES
        .into_iter()
        .filter(|package| {
            let status = output(program("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]));
            status.as_deref() != Some("installed")
        })
        .collect();
    if !missing.is_empty() {
        debian::install(&missing, "a compiler with the standard library's source")?;
    }
    say(format!("building the standard library for {TARGET}: once, about a minute"));
    let rustc = Path::new(DEBIAN_RUSTC);
    let destination =
        library_folder(rustc).with_context(|| format!("`{DEBIAN_RUSTC}` does not know the target `{TARGET}`"))?;

    let work = std::env::temp_dir().join(format!("wattwright-std-{}", std::process::id()));
    let built = build_std_in(&work, rustc, &destination);
    // What is left in the temporary folder does no harm.
    let _ = std::fs::remove_dir_all(&work);
    built
}

fn build_std_in(work: &Path, rustc: &Path, destination: &Path) -> Result<()> {
    stamp::write(&work.join("src/lib.rs"), b"")?;
    stamp::write(
        &work.join("Cargo.toml"),
        b"[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\
          [profile.release]\npanic = \"abort\"\n[workspace]\n",
    )?;
    let mut build = cargo();
    // Bitcode is kept so that strategies can be linked with LTO.
    build.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Cembed-bitcode=yes");
    build.args(["build", "--quiet", "--release", "-Z", "build-std=std,panic_abort", "--target", TARGET]);
    build.arg("--manifest-path").arg(work.join("Cargo.toml")).arg("--target-dir").arg(work.join("target"));
    succeed(&mut build)?;

    std::fs::create_dir_all(destination)?;
    for entry in std::fs::read_dir(work.join("target").join(TARGET).join("release/deps"))? {
        let file = entry?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libempty") {
            std::fs::copy(&file, destination.join(&name))
                .with_context(|| format!("cannot write to `{}`", destination.display()))?;
        }
    }
    Ok(())
}
