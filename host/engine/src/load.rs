//! From a file's bytes to a strategy.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;
use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};
use wasmtime::component::Component;

use crate::artefact::{Artefact, CompileError, shown};
use crate::budget::Budget;
use crate::contract::{self, Prelinked, Version};
use crate::recognize::recognize;
use crate::{Compiler, Engine, Strategy, description, failure, wasi};

/// Why a file is no strategy.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is too large.
    #[error("the file has {bytes} bytes, at most {limit}")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// What is allowed.
        limit: usize,
    },
    /// It is something else.
    #[error("no WebAssembly but {0}")]
    NotWasm(String),
    /// It is broken, or uses what is switched off here.
    #[error("the WebAssembly is not valid: {0}")]
    InvalidWasm(String),
    /// A core module without the `component-type` section that `wit-bindgen` writes.
    #[error(
        "WebAssembly, but no strategy: it does not say which contract it is built for; build it with the \
         Wattwright SDK or with `wit-bindgen` for `wattwright:strategy`"
    )]
    NoContract,
    /// Compiling it takes more than is allowed.
    #[error("it cannot be compiled within limits: it {0}")]
    CompileLimit(String),
    /// The compiler failed, which is not its fault, or not known to be.
    #[error("it could not be compiled: {0}")]
    Compiler(String),
    /// It needs something that a strategy cannot have.
    #[error("it imports `{import}`, which strategies cannot have: {hint}")]
    Import {
        /// What it needs.
        import: String,
        /// The way out.
        hint: String,
    },
    /// It is built for another version of the contract, or lacks a function.
    #[error("it does not fit the contract `wattwright:strategy`: {0}")]
    Contract(String),
    /// Its `describe` failed.
    #[error("`describe` failed ({code}): {message}")]
    Describe {
        /// As [`crate::DecideError::code`].
        code: &'static str,
        /// One sentence.
        message: String,
    },
    /// What it says of itself is not allowed.
    #[error("its description's {field}: {message}")]
    Description {
        /// Which field.
        field: &'static str,
        /// What is wrong.
        message: String,
    },
    /// The schema of its settings is not allowed.
    #[error("its settings schema{}: {message}", if path.is_empty() { String::new() } else { format!(", `{path}`") })]
    Schema {
        /// Where; empty: the whole.
        path: String,
        /// What is wrong.
        message: String,
    },
}

impl LoadError {
    /// Stable, for machines: `unreadable`, `too-large`, `not-wasm`, `invalid-wasm`, `compile-limit`,
    /// `compiler`, `no-contract`, `import`, `contract`, `description`, `settings-schema`, or the code of a failed call.
    pub fn code(&self) -> &'static str {
        match self {
            LoadError::Unreadable { .. } => "unreadable",
            LoadError::TooLarge { .. } => "too-large",
            LoadError::NotWasm(_) => "not-wasm",
            LoadError::InvalidWasm(_) => "invalid-wasm",
            LoadError::CompileLimit(_) => "compile-limit",
            LoadError::Compiler(_) => "compiler",
            LoadError::NoContract => "no-contract",
            LoadError::Import { .. } => "import",
            LoadError::Contract(_) => "contract",
            LoadError::Describe { code, .. } => code,
            LoadError::Description { .. } => "description",
            LoadError::Schema { .. } => "settings-schema",
        }
    }
}

impl From<CompileError> for LoadError {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::NotWasm(text) => Self::NotWasm(text),
            CompileError::InvalidWasm(text) => Self::InvalidWasm(text),
            CompileError::NoContract => Self::NoContract,
            CompileError::Import(import) => refused(&import),
            CompileError::Limit(text) => Self::CompileLimit(text),
            CompileError::Compiler(text) => Self::Compiler(text),
        }
    }
}

impl Engine {
    /// Makes a strategy of a component, or of a core module with a `component-type` section. Compiles,
    /// which takes some tens of milliseconds to seconds, unless the cache has it, and calls `describe`.
    ///
    /// # Errors
    /// When it is no strategy that can be used here; the message says why and what to do.
    pub fn load(&self, bytes: &[u8]) -> Result<Strategy, LoadError> {
        self.load_by(&self.config.compiler, bytes)
    }

    /// The same for a strategy that is part of this program, and so no danger to the compiler: when no
    /// process can be had to compile it, it is compiled here.
    pub(crate) fn load_own(&self, bytes: &[u8]) -> Result<Strategy, LoadError> {
        match self.load(bytes) {
            Err(LoadError::Compiler(why)) if self.config.compiler != Compiler::InProcess => {
                tracing::warn!("a shipped strategy is compiled by this process: {why}");
                self.load_by(&Compiler::InProcess, bytes)
            }
            result => result,
        }
    }

    fn load_by(&self, compiler: &Compiler, bytes: &[u8]) -> Result<Strategy, LoadError> {
        if bytes.len() > self.config.file_bytes {
            return Err(LoadError::TooLarge { bytes: bytes.len() as u64, limit: self.config.file_bytes });
        }
        let begun = Instant::now();
        recognize(bytes).map_err(LoadError::NotWasm)?;
        let hash = hash(bytes);
        let (component, fresh) = self.component(compiler, bytes, &hash)?;
        let imports = imports(&component);
        // A wrong version of the contract explains everything else.
        let version = Version::of(&imports)?;
        check_imports(&imports)?;
        let prelinked = Prelinked::new(version, &component)?;
        let compile_time = begun.elapsed();
        let budget = Budget::of_all(&self.config);
        let mut store = self.store(&budget, Timestamp::UNIX_EPOCH);
        let raw = prelinked.describe(&mut store).map_err(|(phase, error)| {
            let failure = failure::explain(phase, &error, &budget, &self.config);
            LoadError::Describe { code: failure.kind.code(), message: failure.message }
        })?;
        let (description, settings) = description::admit(raw, &self.config)?;
        // Only now, so that files which are no strategies drive none out.
        if let (Some(cache), Some(artefact)) = (&self.cache, &fresh) {
            cache.put(&hash, artefact);
        }
        Ok(Strategy {
            engine: self.clone(),
            prelinked,
            description,
            settings,
            hash,
            from_cache: fresh.is_none(),
            size_bytes: bytes.len(),
            imports,
            compile_time,
        })
    }

    /// The component, and what was compiled for it; `None`: the cache had it.
    fn component(
        &self,
        compiler: &Compiler,
        bytes: &[u8],
        hash: &str,
    ) -> Result<(Component, Option<Artefact>), LoadError> {
        if let Some(cache) = &self.cache
            && let Some(artefact) = cache.get(hash)
        {
            match artefact.load(&self.wasmtime) {
                Ok(component) => return Ok((component, None)),
                Err(error) => cache.discard(hash, &format!("{error:#}")),
            }
        }
        let artefact = compiler.compile(&self.wasmtime, bytes)?;
        let component = artefact.load(&self.wasmtime).map_err(|error| {
            LoadError::Compiler(shown(format!("the machine code is none for this machine: {error:#}")))
        })?;
        Ok((component, Some(artefact)))
    }

    /// The same for a file, which is read once and not beyond what may be loaded.
    ///
    /// # Errors
    /// As [`Engine::load`], and when the file cannot be read.
    pub fn load_file(&self, path: &Path) -> Result<Strategy, LoadError> {
        self.load(&self.read(path)?)
    }

    /// Whether the cache seems to have the machine code for the file with that hash.
    pub(crate) fn has_cached(&self, hash: &str) -> bool {
        self.cache.as_ref().is_some_and(|cache| cache.has(hash))
    }

    /// A file's bytes, if they are not too many. Waits for nobody: a pipe is none.
    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
        let limit = self.config.file_bytes;
        // Without NONBLOCK, opening a pipe in the place of a file waits for somebody who writes to it.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| unreadable(error.into()))?;
        let file = File::from(file);
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a folder" } else { "a pipe or a device" };
            return Err(unreadable(std::io::Error::other(format!("it is {what}, not a file"))));
        }
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() > limit {
            return Err(LoadError::TooLarge { bytes: metadata.len().max(bytes.len() as u64), limit });
        }
        Ok(bytes)
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn imports(component: &Component) -> Vec<String> {
    let engine = component.engine();
    component.component_type().imports(engine).map(|(name, _)| name.to_owned()).collect()
}

fn check_imports(imports: &[String]) -> Result<(), LoadError> {
    let foreign = imports.iter().find(|import| !contract::offers(import) && !wasi::offers(import));
    foreign.map_or(Ok(()), |import| Err(refused(import)))
}

fn refused(import: &str) -> LoadError {
    let hint = if import.starts_with("wasi_") || import.starts_with("wasi:") {
        "of WASI only the command line, clocks, random numbers, files and sockets of version 0.2 can be imported, \
         with nothing behind them; build for `wasm32-unknown-unknown`, leave out the rest (`jco --disable http`), or \
         make a module with WASI 0.1 a component (`wasm-tools component new --adapt`)"
    } else if import.starts_with("__wbindgen") || import.starts_with("wbg") {
        "there is no JavaScript; turn off the `js` or `wasm-bindgen` feature of the crate that needs it"
    } else {
        "they have the interface `wattwright:strategy/host` and nothing else"
    };
    LoadError::Import { import: shown(import.to_owned()), hint: hint.into() }
}
