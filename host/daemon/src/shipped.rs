//! The strategies that are part of this program.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use engine::{
    ChildCompiler, CompileLimits, Compiler, Engine, EngineConfig, Library, LibraryConfig, Strategy, Trial, Vault,
};

/// Name and component.
pub const SHIPPED: &[(&str, &[u8])] = &[
    ("rule-based", include_bytes!(concat!(env!("OUT_DIR"), "/rule-based.wasm"))),
    ("linear", include_bytes!(concat!(env!("OUT_DIR"), "/linear.wasm"))),
];

/// The limits that suit a small computer. All commands compile in processes of their own, so that
/// `strategy check` says what `run` would.
fn config() -> Result<EngineConfig> {
    let program = if cfg!(target_os = "linux") {
        // It stays the program that runs when an update replaces the file.
        PathBuf::from("/proc/self/exe")
    } else {
        std::env::current_exe().context("this program's own file cannot be found")?
    };
    let compiler = ChildCompiler { program, arguments: vec!["compile".into()], limits: CompileLimits::default() };
    Ok(EngineConfig { compiler: Compiler::Child(compiler), ..EngineConfig::default() })
}

/// The engine of commands that need no library.
pub fn plain_engine() -> Result<Engine> {
    engine(config()?)
}

fn engine(config: EngineConfig) -> Result<Engine> {
    Engine::new(config).context("the WebAssembly engine cannot be set up on this machine")
}

/// What is shipped and what is in the owner's folder, for a command that ends soon. With a state folder, what
/// the daemon compiled is used, and what is compiled is kept for it.
pub fn library(folder: Option<&Path>, state_dir: Option<&Path>) -> Result<Arc<Library>> {
    let cache = state_dir.filter(|state_dir| state_dir.exists()).map(|state_dir| state_dir.join("cache"));
    open(EngineConfig { cache, ..config()? }, LibraryConfig { folder: folder.map(Path::to_owned), ..base() })
}

/// The same for the daemon, which keeps versions in its state folder and tries new ones.
pub fn lasting_library(folder: &Path, state_dir: &Path, keep: BTreeSet<String>, trial: Trial) -> Result<Arc<Library>> {
    let library = LibraryConfig {
        folder: Some(folder.to_owned()),
        vault: Some(versions_of(state_dir)),
        keep,
        trial: Some(trial),
        ..base()
    };
    open(EngineConfig { cache: Some(state_dir.join("cache")), ..config()? }, library)
}

/// The versions that the daemon keeps, to look into; `None`: there are none yet.
pub fn kept_versions(state_dir: &Path) -> Result<Option<Vault>> {
    let path = versions_of(state_dir);
    Ok(if path.exists() { Some(Vault::open(&path, u64::MAX)?) } else { None })
}

fn versions_of(state_dir: &Path) -> PathBuf {
    state_dir.join("versions")
}

fn base() -> LibraryConfig {
    LibraryConfig { shipped: SHIPPED.to_vec(), ..LibraryConfig::default() }
}

fn open(config: EngineConfig, library: LibraryConfig) -> Result<Arc<Library>> {
    Ok(Arc::new(Library::open(engine(config)?, library)?))
}

/// A shipped strategy by its name, or one from a file.
pub fn find(strategy: &str) -> Result<Strategy> {
    let engine = engine(config()?)?;
    if let Some((name, bytes)) = SHIPPED.iter().find(|(name, _)| *name == strategy) {
        return engine.load(bytes).with_context(|| format!("the shipped strategy `{name}` does not load"));
    }
    let path = Path::new(strategy);
    if !path.exists() {
        let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        bail!("`{strategy}` is neither a file nor a shipped strategy; shipped are: {}", names.join(", "));
    }
    engine.load_file(path).with_context(|| format!("{strategy}: not accepted as a strategy"))
}
