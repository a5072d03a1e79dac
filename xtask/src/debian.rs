//! Packages of a Debian system, installed when we may.

use std::path::Path;

use anyhow::{Result, bail};

use crate::shell::{output, program, say, succeeds};

/// Whether packages can be installed here.
pub fn can_install() -> bool {
    let is_root = output(program("id").arg("-u")).as_deref() == Some("0");
    is_root && Path::new("/usr/bin/apt-get").exists()
}

/// Installs packages; `why` is shown.
pub fn install(packages: &[&str], why: &str) -> Result<()> {
    say(format!("apt-get install {}: {why}", packages.join(" ")));
    let install = || {
        let mut apt = program("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
        succeeds(&mut apt)
    };
    // Asking for the lists first would need the network even where the packages are at hand.
    if install() || (succeeds(program("apt-get").args(["update", "-qq"])) && install()) {
        return Ok(());
    }
    bail!("`apt-get install {}` failed; run it by hand to see why", packages.join(" "))
}
