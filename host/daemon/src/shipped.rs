//! The strategies that are part of this program.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use engine::{ChildCompiler, CompileLimits, Compiler, Engine, EngineConfig, Library, LibraryConfig, Strategy};

/// Name and component.
pub const SHIPPED: &[(&str, &[u8])] = &[("rule-based", include_bytes!(concat!(env!("OUT_DIR"), "/rule-based.wasm")))];

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

fn engine(config: EngineConfig) -> Result<Engine> {
    Engine::new(config).context("the WebAssembly engine cannot be set up on this machine")
}

/// What is shipped and what is in the owner's folder, for a command that ends soon.
pub fn library(folder: Option<&Path>) -> Result<Arc<Library>> {
    open(config()?, folder)
}

/// The same for the daemon, which keeps what was compiled in its state folder.
pub fn lasting_library(folder: &Path, state_dir: &Path) -> Result<Arc<Library>> {
    open(EngineConfig { cache: Some(state_dir.join("cache")), ..config()? }, Some(folder))
}

fn open(config: EngineConfig, folder: Option<&Path>) -> Result<Arc<Library>> {
    let folder = folder.map(Path::to_owned);
    let library = LibraryConfig { folder, shipped: SHIPPED.to_vec(), ..LibraryConfig::default() };
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
