//! One engine, one good strategy that goes on deciding, and all cases in a row.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use wattwright_engine::{Answer, ChildCompiler, CompileLimits, Compiler, DecideError, Engine, EngineConfig, Strategy};

use crate::cases::{self, Case, End};
use crate::guests::{Guest, component, input};
use crate::targets::{harmless, harmless_log};

/// How often each harmless one is asked: it has to give the same each time.
const CALLS: usize = 3;

/// How often the good one decides.
const PACE: Duration = Duration::from_millis(20);

fn engine(cache: &Path) -> Engine {
    let compiler = ChildCompiler {
        program: std::env::current_exe().unwrap(),
        arguments: vec!["compile".into()],
        // Far more than any of the harmless ones takes.
        limits: CompileLimits { memory_bytes: 300 << 20, processor_s: 3, ..CompileLimits::default() },
    };
    let config = EngineConfig {
        // Enough for everything here that ends, and soon spent by what does not.
        fuel: 300_000_000,
        deadline: Duration::from_secs(60),
        compiler: Compiler::Child(compiler),
        cache: Some(cache.to_owned()),
        ..EngineConfig::default()
    };
    Engine::new(config).unwrap()
}

fn good() -> Guest {
    let mut guest = Guest::new("good");
    let action = guest.image().action("battery", (1, &500f64.to_le_bytes()), "It is cheap.");
    guest.with_actions(&[action]).with_summary("Charges.")
}

/// All cases, twice, while a good strategy decides.
pub fn run() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder.path().join("cache"));
    let bytes = good().bytes();
    let good = engine.load(&bytes).unwrap();
    let expected = good.decide(&input()).unwrap();
    let cases = cases::all();
    assert!(cases.len() >= 100, "{}", cases.len());

    let (stop, stopped) = channel::<()>();
    let (decided, memory_kb) = std::thread::scope(|scope| {
        let deciding = scope.spawn(move || {
            let mut decided = 0;
            while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                let answer = good.decide(&input()).unwrap();
                assert_eq!((&answer.plan, &answer.log, answer.fuel), (&expected.plan, &expected.log, expected.fuel));
                decided += 1;
            }
            decided
        });
        let round = || {
            for case in &cases {
                judge(&engine, case);
            }
            forged_artefacts(&engine, &folder.path().join("cache"), &bytes);
            resident_kb()
        };
        let memory_kb = [round(), round()];
        drop(stop);
        (deciding.join().unwrap(), memory_kb)
    });
    println!("{} cases twice; the good one decided {decided} times; {memory_kb:?} kB resident", cases.len());
    assert!(decided > 100, "{decided}");
    let [before, after] = memory_kb;
    assert!(after * 10 <= before * 11, "{before} kB after the first round, {after} kB after the second");
}

/// That a case ends as it has to.
fn judge(engine: &Engine, case: &Case) {
    let name = &case.name;
    let begun = Instant::now();
    let loaded = engine.load(&(case.bytes)());
    let begins = |message: &str, code: &str| message.starts_with(&format!("`describe` failed ({code}): "));
    match (&case.end, loaded) {
        (End::Refused(code, part), Err(error)) => {
            let message = error.to_string();
            harmless(name, &message);
            assert!(error.code() == *code && message.contains(part), "{name}: {}: {message}", error.code());
            assert!(!message.starts_with("`describe` failed"), "{name}: {message}");
        }
        (End::Undescribed(code, part), Err(error)) => {
            let message = error.to_string();
            harmless(name, &message);
            assert!(begins(&message, code) && message.contains(part), "{name}: {}: {message}", error.code());
        }
        (End::Fails(code, part), Ok(strategy)) => {
            let error = decide(&strategy, case).unwrap_err();
            harmless(name, error.message());
            harmless_log(name, &error.log);
            let (message, found) = (error.message(), error.code());
            assert!(found == *code && message.contains(part), "{name}: {found}: {message}");
            assert!(error.backtrace().lines().count() <= 40, "{name}: {}", error.backtrace());
            assert!(error.backtrace().lines().all(|line| line.len() < 250), "{name}: {}", error.backtrace());
            error.backtrace().lines().for_each(|line| harmless(name, line));
        }
        (End::Answers(check), Ok(strategy)) => {
            let first = decide(&strategy, case).unwrap_or_else(|error| panic!("{name}: {}: {error}", error.code()));
            harmless_log(name, &first.log);
            check(&first);
            for _ in 1..CALLS {
                let again = decide(&strategy, case).unwrap();
                // By its text, since what is no number equals nothing.
                assert_eq!(
                    format!("{:?}", (again.plan, again.fuel)),
                    format!("{:?}", (&first.plan, first.fuel)),
                    "{name}"
                );
            }
        }
        (_, Ok(strategy)) => panic!("{name}: loaded, decides {:?}", decide(&strategy, case)),
        (_, Err(error)) => panic!("{name}: does not load: {}: {error}", error.code()),
    }
    println!("{name}: {:?}", begun.elapsed());
}

fn decide(strategy: &Strategy, case: &Case) -> Result<Answer, DecideError> {
    strategy.decide_within(&input(), &case.allowance)
}

/// What somebody put in the place of an artefact is never run.
fn forged_artefacts(engine: &Engine, cache: &Path, bytes: &[u8]) {
    let hash = engine.load(bytes).unwrap().hash().to_owned();
    let artefact = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    let artefact = artefact.into_iter().find(|path| path.to_string_lossy().contains(&hash)).unwrap();
    let honest = fs::read(&artefact).unwrap();
    let other = component(&Guest::new("other").bytes());
    let forgeries = [
        Vec::new(),
        b"forged".to_vec(),
        honest[..honest.len() / 2].to_vec(),
        honest.iter().enumerate().map(|(i, byte)| byte ^ u8::from(i == honest.len() - 100)).collect(),
        [&honest[..32], &other].concat(),
    ];
    for forged in forgeries {
        fs::write(&artefact, &forged).unwrap();
        let strategy = engine.load(bytes).unwrap();
        assert!(!strategy.from_cache(), "{} bytes", forged.len());
        assert_eq!(strategy.decide(&input()).unwrap().plan.summary, "Charges.");
    }
}

fn resident_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A component that ends at every tenth of its bytes.
pub fn cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder.path().join("cache"));
    let whole = component(&good().bytes());
    assert!(engine.load(&whole).is_ok());
    let begun = Instant::now();
    let codes = ["not-wasm", "invalid-wasm", "contract"];
    for end in (0..whole.len()).step_by(10) {
        match engine.load(&whole[..end]) {
            Err(error) => assert!(codes.contains(&error.code()), "{end} of {}: {}: {error}", whole.len(), error.code()),
            // What was cut off is a custom section behind everything else.
            Ok(strategy) => assert_eq!(strategy.decide(&input()).unwrap().plan.summary, "Charges.", "{end}"),
        }
    }
    println!("{} pieces of {} bytes: {:?}", whole.len().div_ceil(10), whole.len(), begun.elapsed());
}
