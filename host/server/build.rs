//! The page is embedded from `web/dist`, which is not checked in: without it the folder is made empty,
//! so that everything but the page can be built and tested with no Node at hand.

use std::io;

fn main() -> io::Result<()> {
    let dist = "../../web/dist";
    println!("cargo::rerun-if-changed={dist}");
    std::fs::create_dir_all(dist)
}
