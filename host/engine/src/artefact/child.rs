//! Compiling in a process of its own, seen from both sides.
//!
//! wasmtime defends against programs that run, not against programs that are compiled: a file of a few
//! megabytes can keep its compiler busy for hours or take all memory. So the daemon starts itself anew
//! with little priority and hard limits, gives it the file's bytes through a pipe, and takes the machine
//! code from another one. When that process is ended, the daemon only sees that there is no answer.

use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

use super::{Artefact, CompileError, shown};
use crate::compiler::{ChildCompiler, CompileLimits};

/// What a compiler that refuses a file ends with; its standard output then is a [`CompileError`] as JSON.
const REFUSED: u8 = 3;

/// What is read of a failing compiler's last words.
const LAST_WORDS_BYTES: u64 = 4096;

/// How much of the processor the compiler leaves to others: half of what can be said.
const NICENESS: i32 = 10;

/// Compiles in a new process.
pub(crate) fn compile(compiler: &ChildCompiler, bytes: &[u8]) -> Result<Artefact, CompileError> {
    let cannot = |error: std::io::Error| {
        CompileError::Compiler(format!("cannot run the compiler {}: {error}", compiler.program.display()))
    };
    let limits = &compiler.limits;
    let mut child = Command::new(&compiler.program)
        .args(&compiler.arguments)
        .args(limits.to_arguments())
        // Secrets of the daemon, such as its token for the home, are none of the compiler's business.
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    let Ended { status, output, last_words } = match converse(&mut child, limits, bytes) {
        Ok(ended) => ended,
        Err(Cut::Limit(message)) => return Err(CompileError::Limit(message)),
        Err(Cut::Io(error)) => return Err(cannot(error)),
    };
    if status.success() {
        return Ok(Artefact(output));
    }
    if status.code() == Some(i32::from(REFUSED)) {
        return match serde_json::from_slice(&output) {
            Ok(error) => Err(error),
            Err(error) => Err(CompileError::Compiler(format!("the compiler's answer is none: {error}"))),
        };
    }
    Err(explain(status, limits, &last_words))
}

/// How a compiler ended by itself.
struct Ended {
    status: ExitStatus,
    output: Vec<u8>,
    last_words: String,
}

/// Why it has to be ended.
enum Cut {
    Limit(String),
    Io(std::io::Error),
}

impl From<std::io::Error> for Cut {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

fn converse(child: &mut Child, limits: &CompileLimits, bytes: &[u8]) -> Result<Ended, Cut> {
    let deadline = Instant::now() + limits.wall;
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
        return Err(std::io::Error::other("no pipes").into());
    };
    std::thread::scope(|scope| {
        let converse = || {
            // A compiler that ends early breaks the pipe; what it says then is what counts.
            spawn(scope, move || drop(stdin.write_all(bytes)))?;
            let (said, hear_words) = channel();
            spawn(scope, move || {
                let mut words = Vec::new();
                let _ = stderr.take(LAST_WORDS_BYTES).read_to_end(&mut words);
                let _ = said.send(words);
            })?;
            let (answered, hear_answer) = channel();
            let most = limits.artefact_bytes;
            spawn(scope, move || {
                let mut output = Vec::new();
                let read = stdout.take(most as u64 + 1).read_to_end(&mut output);
                let _ = answered.send(read.map(|_| output));
            })?;
            let output = match hear_answer.recv_timeout(limits.wall) {
                Ok(output) => output?,
                Err(RecvTimeoutError::Timeout) => return Err(too_slow(limits)),
                Err(RecvTimeoutError::Disconnected) => return Err(std::io::Error::other("no answer").into()),
            };
            if output.len() > most {
                return Err(Cut::Limit(format!("its machine code has more than {most} bytes")));
            }
            let status = wait(child, deadline)?.ok_or_else(|| too_slow(limits))?;
            let words = hear_words.recv().unwrap_or_default();
            Ok(Ended { status, output, last_words: String::from_utf8_lossy(&words).into_owned() })
        };
        let ended = converse();
        if ended.is_err() {
            // The threads end when its pipes do, and the scope ends when they have. It may have ended by
            // itself meanwhile.
            let _ = child.kill();
            let _ = child.wait();
        }
        ended
    })
}

fn spawn<'scope>(scope: &'scope Scope<'scope, '_>, work: impl FnOnce() + Send + 'scope) -> Result<(), std::io::Error> {
    Builder::new().name("compiling".into()).spawn_scoped(scope, work).map(drop)
}

fn too_slow(limits: &CompileLimits) -> Cut {
    Cut::Limit(format!("took longer than {:?}", limits.wall))
}

/// Its end, which is close once its output has ended; `None`: not before the deadline.
fn wait(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Names how a compiler ended that gave no answer.
fn explain(status: ExitStatus, limits: &CompileLimits, last_words: &str) -> CompileError {
    use std::os::unix::process::ExitStatusExt;

    use rustix::process::Signal;
    let signal = status.signal().unwrap_or_default();
    // The texts are those of Rust's standard library, pinned by tests.
    if last_words.contains("memory allocation of") {
        CompileError::Limit(too_much_memory(limits))
    } else if last_words.contains("has overflowed its stack") {
        CompileError::Limit("is nested deeper than the compiler's stack".into())
    } else if signal == Signal::XCPU.as_raw() {
        CompileError::Limit(format!("took more than {} s of the processor", limits.processor_s))
    } else if signal == Signal::KILL.as_raw() {
        // Nobody but the system kills it when it has time left, since it is the first to go.
        CompileError::Limit("took more memory than this machine had left".into())
    } else {
        CompileError::Compiler(shown(format!("the compiler ended by {status}: {}", last_words.trim())))
    }
}

fn too_much_memory(limits: &CompileLimits) -> String {
    format!("took more than {} bytes of memory", limits.memory_bytes)
}

/// The other side: what the new process does. Compiles what standard input gives, within limits.
pub(crate) fn run(limits: &CompileLimits, engine: impl FnOnce() -> Result<wasmtime::Engine, String>) -> ExitCode {
    let answer = confine(limits).map_err(|error| CompileError::Compiler(format!("cannot limit itself: {error}")));
    let answer = answer.and_then(|()| {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| match error.kind() {
            ErrorKind::OutOfMemory => CompileError::Limit(too_much_memory(limits)),
            _ => CompileError::Compiler(format!("cannot read the file's bytes: {error}")),
        })?;
        let engine = engine().map_err(CompileError::Compiler)?;
        Artefact::compile(&engine, &bytes).map_err(|error| match error {
            CompileError::InvalidWasm(text) if is_out_of_memory(&text) => CompileError::Limit(too_much_memory(limits)),
            error => error,
        })
    });
    let (output, code) = match answer {
        Ok(artefact) => (artefact.0, ExitCode::SUCCESS),
        Err(error) => (serde_json::to_vec(&error).unwrap_or_default(), ExitCode::from(REFUSED)),
    };
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(&output).and_then(|()| stdout.flush()) {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

fn is_out_of_memory(text: &str) -> bool {
    text.contains("Cannot allocate memory") || text.contains("out of memory")
}

/// Takes from this process what compiling does not need.
fn confine(limits: &CompileLimits) -> std::io::Result<()> {
    lower(Resource::As, limits.memory_bytes, 0)?;
    // The soft limit is said by a signal of its own, the hard one kills.
    lower(Resource::Cpu, limits.processor_s, 1)?;
    lower(Resource::Core, 0, 0)?;
    nice(NICENESS)?;
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // When memory runs out on the whole machine, this process is the first to go. Where it is not
        // allowed to say so, its own limit still holds.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    }
    Ok(())
}

/// Sets a limit that is never above what this process was given.
fn lower(resource: Resource, limit: u64, grace: u64) -> std::io::Result<()> {
    let given = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let (current, maximum) = (limit.min(given), limit.saturating_add(grace).min(given));
    setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) })?;
    Ok(())
}
