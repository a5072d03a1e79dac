//! From a file's bytes to a strategy.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use sha2::{Digest, Sha256};
use wasmtime::component::Component;
use wit_component::ComponentEncoder;

use crate::contract::v0_1;
use crate::recognize::{Kind, recognize};
use crate::{Engine, Strategy, description, failure, text};

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
    /// It needs something that a strategy cannot have.
    #[error("it imports `{import}`, which strategies cannot have: {hint}")]
    Import {
        /// What it needs.
        import: String,
        /// The way out.
        hint: String,
    },
    /// It is built for another version of the contract, or lacks a function.
    #[error("it does not fit the contract `wattwright:strategy@0.1.0`: {0}")]
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
    /// Stable, for machines: `unreadable`, `too-large`, `not-wasm`, `invalid-wasm`, `no-contract`,
    /// `import`, `contract`, `description`, `settings-schema`, or the code of a failed call.
    pub fn code(&self) -> &'static str {
        match self {
            LoadError::Unreadable { .. } => "unreadable",
            LoadError::TooLarge { .. } => "too-large",
            LoadError::NotWasm(_) => "not-wasm",
            LoadError::InvalidWasm(_) => "invalid-wasm",
            LoadError::NoContract => "no-contract",
            LoadError::Import { .. } => "import",
            LoadError::Contract(_) => "contract",
            LoadError::Describe { code, .. } => code,
            LoadError::Description { .. } => "description",
            LoadError::Schema { .. } => "settings-schema",
        }
    }
}

impl Engine {
    /// Makes a strategy of a component, or of a core module with a `component-type` section. Compiles,
    /// which takes some tens of milliseconds to seconds, and calls `describe`.
    ///
    /// # Errors
    /// When it is no strategy that can be used here; the message says why and what to do.
    pub fn load(&self, bytes: &[u8]) -> Result<Strategy, LoadError> {
        if bytes.len() > self.config.file_bytes {
            return Err(LoadError::TooLarge { bytes: bytes.len() as u64, limit: self.config.file_bytes });
        }
        let begun = Instant::now();
        let encoded = match recognize(bytes).map_err(LoadError::NotWasm)? {
            Kind::Component => None,
            Kind::Module => Some(componentize(bytes)?),
        };
        let component = Component::from_binary(&self.wasmtime, encoded.as_deref().unwrap_or(bytes))
            .map_err(|error| LoadError::InvalidWasm(shown(format!("{error:#}"))))?;
        let imports = imports(&component);
        check_imports(&imports)?;
        let prelinked =
            v0_1::Prelinked::new(&component).map_err(|error| LoadError::Contract(shown(format!("{error:#}"))))?;
        let compile_time = begun.elapsed();
        let raw = prelinked.describe(&mut self.store()).map_err(|(phase, error)| {
            let failure = failure::explain(phase, &error, &self.config);
            LoadError::Describe { code: failure.kind.code(), message: failure.message }
        })?;
        let (description, settings) = description::admit(raw, &self.config)?;
        Ok(Strategy {
            engine: self.clone(),
            prelinked,
            description,
            settings,
            hash: hash(bytes),
            size_bytes: bytes.len(),
            imports,
            compile_time,
        })
    }

    /// The same for a file, which is read once and not beyond what may be loaded.
    ///
    /// # Errors
    /// As [`Engine::load`], and when the file cannot be read.
    pub fn load_file(&self, path: &Path) -> Result<Strategy, LoadError> {
        self.load(&self.read(path)?)
    }

    /// A file's bytes, if they are not too many.
    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        let unreadable = |source| LoadError::Unreadable { path: path.to_owned(), source };
        let limit = self.config.file_bytes;
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let announced = file.metadata().map_err(unreadable)?.len();
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() > limit {
            return Err(LoadError::TooLarge { bytes: announced.max(bytes.len() as u64), limit });
        }
        Ok(bytes)
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// For messages with parts that are the strategy's own.
fn shown(message: String) -> String {
    text::line(text::cut(message, 1000))
}

/// A component from a core module.
fn componentize(module: &[u8]) -> Result<Vec<u8>, LoadError> {
    // The encoder is a tool for authors and not made for hostile modules.
    let encoded = catch_unwind(AssertUnwindSafe(|| {
        let (contract, _) =
            wit_component::metadata::decode(module).map_err(|e| LoadError::InvalidWasm(shown(format!("{e:#}"))))?;
        if contract.is_none() {
            return Err(LoadError::NoContract);
        }
        ComponentEncoder::default()
            .validate(true)
            .module(module)
            .and_then(|encoder| encoder.encode())
            .map_err(|error| cannot_encode(&format!("{error:#}")))
    }));
    encoded.unwrap_or_else(|_| Err(LoadError::InvalidWasm("it cannot be made into a component".into())))
}

/// `wit-component` has one kind of error only; an import that the module's contract does not have is
/// told by its text, which a test pins.
fn cannot_encode(message: &str) -> LoadError {
    let import = message.split_once("failed to resolve import `").and_then(|(_, rest)| rest.split_once('`'));
    match import {
        Some((import, _)) => refused(import),
        None => LoadError::InvalidWasm(shown(message.to_owned())),
    }
}

fn imports(component: &Component) -> Vec<String> {
    let engine = component.engine();
    component.component_type().imports(engine).map(|(name, _)| name.to_owned()).collect()
}

fn check_imports(imports: &[String]) -> Result<(), LoadError> {
    let foreign = imports.iter().filter(|import| !v0_1::INTERFACES.contains(&import.as_str()));
    // A wrong version of the contract explains everything else.
    match foreign.min_by_key(|import| !import.starts_with("wattwright:strategy/")) {
        None => Ok(()),
        Some(import) => match import.strip_prefix("wattwright:strategy/").and_then(|rest| rest.split_once('@')) {
            Some((_, version)) => Err(LoadError::Contract(shown(format!(
                "it is built for version {version}; build it with the SDK of a version that this host serves"
            )))),
            None => Err(refused(import)),
        },
    }
}

fn refused(import: &str) -> LoadError {
    let hint = if import.starts_with("wasi") {
        "there is no system behind them; build for `wasm32-unknown-unknown`, or leave WASI out \
         (`componentize-py --stub-wasi`, `componentize-qjs --stub-wasi`, `jco --disable all`, a stub adapter for Go)"
    } else if import.starts_with("__wbindgen") || import.starts_with("wbg") {
        "there is no JavaScript; turn off the `js` or `wasm-bindgen` feature of the crate that needs it"
    } else {
        "they have the interface `wattwright:strategy/host` and nothing else"
    };
    LoadError::Import { import: shown(import.to_owned()), hint: hint.into() }
}
