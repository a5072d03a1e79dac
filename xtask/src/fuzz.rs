//! `cargo xtask fuzz`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, output, program, root, say, succeed, target_dir};

/// Shown by `--help`.
pub const HELP: &str = "\
Usage: cargo xtask fuzz load|answer [--minutes N] [-- LIBFUZZER-OPTION...]

Feeds what reads strangers' bytes with bytes that are mutated towards new paths, for ten minutes or N:

  load    a strategy's file: loading it, and deciding with what loads
  answer  what a strategy hands out for `decide`

Seeds are the hostile strategies of the engine's tests. What reached new paths is kept in
`target/fuzz/corpus`, findings in `target/fuzz/findings`; a finding is run again by naming its file after
`--`. Needs a C++ compiler for libFuzzer. The toolchain is the usual one.";

/// What makes LLVM count paths and report comparisons, as libFuzzer wants it.
const COVERAGE: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

struct Options<'a> {
    target: &'a str,
    minutes: u32,
    rest: &'a [String],
}

/// Runs the command.
pub fn run(arguments: &[String]) -> Result<()> {
    let Options { target, minutes, rest } = parse(arguments)?;
    let folder = target_dir().join("fuzz");
    let (corpus, findings) = (folder.join("corpus").join(target), folder.join("findings").join(target));
    for folder in [&corpus, &findings] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let fuzzer = build(target)?;
    let mut fuzzer = program(fuzzer);
    fuzzer.env("FUZZ_SEEDS", &corpus).env("RUST_BACKTRACE", "1");
    fuzzer.arg(format!("-artifact_prefix={}/", findings.display()));
    fuzzer.arg(format!("-max_total_time={}", minutes * 60));
    fuzzer.args(["-max_len=65536", "-len_control=0", "-timeout=60", "-rss_limit_mb=2048", "-print_final_stats=1"]);
    fuzzer.args(rest);
    // Files named by hand are run again; everything else mutates the corpus.
    if rest.iter().all(|argument| argument.starts_with('-')) {
        fuzzer.arg(&corpus);
    }
    say(format!("fuzzing `{target}` for {minutes} min; corpus {}", corpus.display()));
    succeed(&mut fuzzer).with_context(|| format!("see {}", findings.display()))?;
    let kept = fs::read_dir(&corpus).map_or(0, Iterator::count);
    say(format!("no findings; {kept} files in the corpus"));
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Options<'_>> {
    let own = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    let (own, rest) = (&arguments[..own], arguments.get(own + 1..).unwrap_or_default());
    let (target, minutes) = match own {
        [target] => (target, 10),
        [target, option, minutes] if option == "--minutes" => {
            (target, minutes.parse().with_context(|| format!("`--minutes {minutes}` is no number"))?)
        }
        _ => bail!("expected `load` or `answer`; `cargo xtask fuzz --help` says more"),
    };
    if !["load", "answer"].contains(&target.as_str()) {
        bail!("there is no target `{target}`, only `load` and `answer`");
    }
    Ok(Options { target, minutes, rest })
}

/// Builds a target with coverage; gives its program.
fn build(target: &str) -> Result<PathBuf> {
    // Named, so that flags are for the target alone and not for build scripts.
    let host = output(program("rustc").args(["--print", "host-tuple"])).context("`rustc --print host-tuple` failed")?;
    let folder = target_dir().join("fuzz");
    let mut build = cargo();
    build.args(["build", "--release", "--manifest-path"]).arg(root().join("fuzz/Cargo.toml"));
    build.args(["--bin", target, "--target", &host, "--target-dir"]).arg(&folder);
    build.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\x1f"));
    succeed(&mut build)?;
    Ok(folder.join(host).join("release").join(target))
}
