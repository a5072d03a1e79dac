//! What is fuzzed (`fuzz/` at the top of the repository), with the hostile strategies as its seeds.

use std::time::Duration;

use wattwright_engine::{Answer, ChildCompiler, CompileLimits, Compiler, Engine, EngineConfig, LogLine, Strategy};

use crate::cases;
use crate::guests::{Guest, PARROT_BYTES, input, parrot};

/// Larger files have nothing that smaller ones cannot have.
pub const LOAD_BYTES: usize = 64 << 10;

/// How much of what could open a block within a block the compiler's stack bears in any case.
const NESTING: usize = 400;

fn engine(compiler: Compiler) -> Engine {
    let config =
        EngineConfig { fuel: 2_000_000, deadline: Duration::from_secs(5), compiler, ..EngineConfig::default() };
    Engine::new(config).unwrap()
}

/// Any bytes as a file: they load or are refused, and what loads decides or fails.
pub struct Load {
    /// Compiles in this process, where the fuzzer sees which paths the bytes take.
    here: Engine,
    /// As the daemon does.
    apart: Engine,
}

impl Load {
    /// The program has to call [`wattwright_engine::compile_child`] when its first argument is `compile`.
    pub fn new() -> Self {
        let limits = CompileLimits { memory_bytes: 300 << 20, processor_s: 10, ..CompileLimits::default() };
        let program = std::env::current_exe().unwrap();
        let child = ChildCompiler { program, arguments: vec!["compile".into()], limits };
        Self { here: engine(Compiler::InProcess), apart: engine(Compiler::Child(child)) }
    }

    pub fn run(&self, bytes: &[u8]) {
        let engine = if may_overflow(bytes) { &self.apart } else { &self.here };
        match engine.load(bytes) {
            Ok(strategy) => decide(&strategy, &input()),
            Err(error) => harmless("load", &error.to_string()),
        }
    }
}

/// Whether the compiler's process could end for want of stack: by a deeply nested file, or by a core module,
/// since `wit-parser` follows packages that need each other without end.
fn may_overflow(bytes: &[u8]) -> bool {
    let openings = bytes.iter().filter(|byte| (0x02..=0x04).contains(*byte)).count();
    openings > NESTING || bytes.get(4..8) == Some(&[1, 0, 0, 0])
}

/// Any bytes as the memory that an answer is read from, its record first.
pub struct Decode {
    strategy: Strategy,
    input: model::Input,
}

impl Decode {
    pub fn new() -> Self {
        Self { strategy: engine(Compiler::InProcess).load(&parrot().bytes()).unwrap(), input: input() }
    }

    pub fn run(&mut self, bytes: &[u8]) {
        self.input.memory.clear();
        self.input.memory.extend_from_slice(&bytes[..bytes.len().min(PARROT_BYTES)]);
        decide(&self.strategy, &self.input);
    }
}

fn decide(strategy: &Strategy, input: &model::Input) {
    match strategy.decide(input) {
        Ok(answer) => admitted(&answer, &EngineConfig::default()),
        Err(error) => {
            harmless("decide", error.message());
            harmless_log("decide", &error.log);
        }
    }
}

/// What the border promises of every plan.
fn admitted(answer: &Answer, limits: &EngineConfig) {
    let Answer { plan, log, .. } = answer;
    harmless_log("answer", log);
    assert!(plan.actions.len() <= limits.actions && plan.outlook.len() <= limits.outlook_slots);
    assert!(plan.memory.len() <= limits.memory_out_bytes && plan.figures.len() <= limits.facts);
    let text = |text: &str| {
        assert!(text.len() <= limits.text_bytes + '…'.len_utf8(), "{} bytes", text.len());
        assert!(!text.contains(deceptive), "{text:?}");
    };
    let facts = |facts: &[model::Fact]| {
        assert!(facts.len() <= limits.facts && facts.iter().all(|fact| fact.value.is_finite()));
        facts.iter().for_each(|fact| [&fact.name, &fact.unit].into_iter().for_each(|name| text(name)));
    };
    let reason = |reason: &model::Reason| {
        text(&reason.code);
        text(&reason.text);
        facts(&reason.facts);
    };
    text(&plan.summary);
    facts(&plan.figures);
    for action in &plan.actions {
        text(&action.target);
        reason(&action.reason);
    }
    let mut end = None;
    for slot in &plan.outlook {
        assert!(slot.start < slot.end && end.is_none_or(|end| end <= slot.start));
        end = Some(slot.end);
        assert!(slot.targets.len() <= limits.expectations && slot.grid_w.is_none_or(f64::is_finite));
        for expected in &slot.targets {
            assert!([expected.power_w, expected.soc_pct].iter().flatten().all(|value| value.is_finite()));
            text(&expected.target);
            reason(&expected.reason);
        }
    }
    // As for the journal and the page.
    assert!(!serde_json::to_string(plan).unwrap().is_empty());
}

/// A message is one line of moderate length without anything that a terminal or a reader could mistake.
pub fn harmless(name: &str, message: &str) {
    assert!(message.len() < 2500 && !message.is_empty(), "{name}: {} bytes: {message}", message.len());
    assert!(!message.contains(deceptive), "{name}: {message:?}");
}

pub fn harmless_log(name: &str, log: &[LogLine]) {
    assert!(log.len() <= 101, "{name}: {} lines", log.len());
    log.iter().filter(|line| !line.message.is_empty()).for_each(|line| harmless(name, &line.message));
}

fn deceptive(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Files to begin with.
pub fn load_seeds() -> Vec<Vec<u8>> {
    cases::all().iter().map(|case| (case.bytes)()).filter(|bytes| bytes.len() <= LOAD_BYTES).collect()
}

/// Answers to begin with: the first bytes of those that the cases hand out.
pub fn answer_seeds() -> Vec<Vec<u8>> {
    cases::answer_images()
}

pub fn hold_for_every_seed() {
    let load = Load::new();
    load_seeds().iter().for_each(|seed| load.run(seed));
    let mut decode = Decode::new();
    // That it is the answer which the bytes are.
    decode.input.memory = Guest::new("").with_summary("heard").answer_image().to_vec();
    assert_eq!(decode.strategy.decide(&decode.input).unwrap().plan.summary, "heard");
    answer_seeds().iter().for_each(|seed| decode.run(seed));
}
