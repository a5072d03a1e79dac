//! 200 open pages at once: what they cost the daemon in memory and the ticks in time.
//!
//! The daemon runs the simulated home. A command by hand causes a tick each second, and each page gets each of them as
//! an event. First twice without pages, then with them, then without again; all in one run of one daemon.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::shell::{program, say, target_dir};
use crate::{build, shell};

const PAGES: usize = 200;
const SECONDS: u64 = 40;
/// What the first seconds cost is the start, and not the pages.
const WARM_UP: u64 = 15;

/// Name and value of each figure.
pub fn run() -> Result<Vec<Value>> {
    let binary = match std::env::var_os("WATTWRIGHT") {
        Some(binary) => binary.into(),
        None => {
            build::all()?;
            target_dir().join("release/wattwright")
        }
    };
    let folder = std::env::temp_dir().join(format!("wattwright-bench-{}", std::process::id()));
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = program(binary);
    command.args(["run", "--listen", &address.to_string(), "--state-dir"]).arg(&folder);
    let daemon = Daemon::start(command, address)?;
    say("warming up");
    daemon.ticks(WARM_UP)?;
    let mut measured = Vec::new();
    for pages in [0, 0, PAGES, 0] {
        say(format!("{pages} open pages, {SECONDS} seconds"));
        let mut open = Pages::open(address, pages)?;
        let mut times = daemon.ticks_with(SECONDS, || open.read())?;
        let memory = daemon.memory_mb()?;
        ensure!(open.heard_all(SECONDS), "not every page heard every tick");
        times.sort_by(f64::total_cmp);
        measured.push((memory, percentile(&times, 0.5), percentile(&times, 0.99)));
    }
    drop(daemon);
    let _ = std::fs::remove_dir_all(&folder);
    let [first, (memory, p50, p99), with, after] = measured[..] else { anyhow::bail!("nothing was measured") };
    let figure = |name: &str, value: f64, unit: &str, floor: f64| json!({ "name": name, "value": value, "unit": unit, "floor": floor, "ratio": value / floor });
    Ok(vec![
        // What the same time makes of both without any page: the noise that the others are to be seen in.
        figure("memory, no page, later", memory, "MB", first.0),
        figure("tick, no page, later, p50", p50, "ms", first.1),
        figure("tick, no page, later, p99", p99, "ms", first.2),
        figure("memory, 200 pages", with.0, "MB", memory),
        figure("memory, after them", after.0, "MB", memory),
        figure("tick, 200 pages, p50", with.1, "ms", p50),
        figure("tick, 200 pages, p99", with.2, "ms", p99),
        figure("tick, after them, p50", after.1, "ms", p50),
    ])
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    let index = ((sorted.len() as f64 - 1.0) * share).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

struct Daemon {
    process: Child,
    address: SocketAddr,
}

impl Daemon {
    fn start(mut command: Command, address: SocketAddr) -> Result<Self> {
        say(shell::shown(&command));
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("cannot start the daemon")?;
        let daemon = Self { process, address };
        for _ in 0..600 {
            if daemon.tick().is_ok_and(|tick| tick > 0) {
                return Ok(daemon);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        anyhow::bail!("the daemon made no tick within a minute")
    }

    fn ticks(&self, seconds: u64) -> Result<Vec<f64>> {
        self.ticks_with(seconds, || Ok(()))
    }

    /// Causes a tick each second; how long each took from the question until it was recorded, milliseconds.
    fn ticks_with(&self, seconds: u64, mut meanwhile: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
        let mut times = Vec::new();
        for n in 0..seconds {
            let end = Instant::now() + Duration::from_secs(1);
            let before = self.tick()?;
            let power_w = 100 + 10 * (n % 20);
            let body =
                format!(r#"{{"target":"battery","command":{{"kind":"charge","power_w":{power_w}}},"lasts_s":3600}}"#);
            let begun = Instant::now();
            request(self.address, "POST", "/api/override", &body)?;
            while self.tick()? == before {
                ensure!(begun.elapsed() < Duration::from_secs(5), "no tick within five seconds");
                meanwhile()?;
            }
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            while Instant::now() < end {
                meanwhile()?;
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Ok(times)
    }

    /// The newest tick's id; 0: there is none yet.
    fn tick(&self) -> Result<i64> {
        let ticks: Value = serde_json::from_str(&request(self.address, "GET", "/api/ticks?limit=1", "")?)?;
        Ok(ticks[0]["id"].as_i64().unwrap_or_default())
    }

    fn memory_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").trim().parse::<f64>()? / 1e3)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One answer of the daemon: its body.
fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-wattwright: 1\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("half an answer")?;
    ensure!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
    Ok(body.to_owned())
}

/// Pages that listen for events.
struct Pages {
    open: Vec<(TcpStream, u64)>,
}

impl Pages {
    fn open(address: SocketAddr, pages: usize) -> Result<Self> {
        let mut open = Vec::new();
        for _ in 0..pages {
            let mut stream = TcpStream::connect(address)?;
            write!(stream, "GET /api/events HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
            stream.set_nonblocking(true)?;
            open.push((stream, 0));
        }
        Ok(Self { open })
    }

    /// Reads what is there, and counts the events.
    fn read(&mut self) -> Result<()> {
        let mut bytes = [0_u8; 16 * 1024];
        for (stream, events) in &mut self.open {
            loop {
                match stream.read(&mut bytes) {
                    Ok(0) => anyhow::bail!("a stream of events ended"),
                    Ok(n) => *events += bytes[..n].windows(12).filter(|part| part == b"event: live\n").count() as u64,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Whether each heard of as many states as there were seconds, less what fell between two reads.
    fn heard_all(&self, seconds: u64) -> bool {
        self.open.iter().all(|(_, events)| *events * 10 >= seconds * 9)
    }
}
