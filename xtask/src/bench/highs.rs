//! A Python with HiGHS.

use std::path::PathBuf;

use crate::shell::{program, root, say, succeed};

/// The one that the environment names, or one that is prepared; `None`: there is none, and nothing to measure against.
pub fn python() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("HIGHS_PYTHON") {
        return Some(named.into());
    }
    let folder = root().join("target/highs");
    let python = folder.join("bin/python");
    let done = folder.join("ready");
    if !done.is_file() {
        say("HiGHS from PyPI: what the linear strategy is measured against");
        let requirements = root().join("plugins/linear/tests/requirements.txt");
        let prepared = succeed(program("python3").args(["-m", "venv"]).arg(&folder))
            .and_then(|()| succeed(program(&python).args(["-m", "pip", "install", "-q", "-r"]).arg(&requirements)));
        if let Err(error) = prepared {
            say(format!("no HiGHS: {error:#}"));
            return None;
        }
        std::fs::write(done, "").ok()?;
    }
    Some(python)
}
