//! What fuzzing begins with.

use std::fs;
use std::path::PathBuf;

/// Writes seeds into the folder that `FUZZ_SEEDS` names.
pub fn plant(seeds: impl FnOnce() -> Vec<Vec<u8>>) {
    let Some(folder) = std::env::var_os("FUZZ_SEEDS").map(PathBuf::from) else { return };
    fs::create_dir_all(&folder).unwrap();
    for (i, seed) in seeds().iter().enumerate() {
        fs::write(folder.join(format!("seed-{i:03}")), seed).unwrap();
    }
}
