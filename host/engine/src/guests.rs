//! Strategies for tests, written as core modules in the text form of WebAssembly.
//!
//! The layouts are those of the canonical ABI for `wit/0.2.0`, whose answers are laid out as in all versions
//! before.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SizeAlign, Type, WorldId};

/// Where the image of the description and of the answer begin. The heap begins at the second page.
const DESCRIPTION: u32 = 16;
const ANSWER: u32 = 8192;

/// A bump allocator in the guest.
const REALLOC: &str = "
    (global.set $top (i32.and
        (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.get $top)
    (global.set $top (i32.add (global.get $top) (local.get $size)))";

/// A part of the guest's memory, filled from its beginning.
pub(crate) struct Image {
    base: u32,
    bytes: Vec<u8>,
}

/// Pointer and length, of a list or a text.
pub(crate) type Span = (u32, u32);

impl Image {
    fn new(base: u32, reserved: usize) -> Self {
        Self { base, bytes: vec![0; reserved] }
    }

    /// Adds bytes at an address that is a multiple of eight.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let at = self.base + self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
        at
    }

    pub(crate) fn text(&mut self, text: impl AsRef<[u8]>) -> Span {
        (self.put(text.as_ref()), text.as_ref().len() as u32)
    }

    pub(crate) fn list(&mut self, items: &[Vec<u8>]) -> Span {
        (self.put(&items.concat()), items.len() as u32)
    }

    /// A `fact`.
    pub(crate) fn fact(&mut self, name: impl AsRef<[u8]>, value: f64, unit: impl AsRef<[u8]>) -> Vec<u8> {
        let mut fact = vec![0; 24];
        set(&mut fact, 0, self.text(name));
        fact[8..16].copy_from_slice(&value.to_le_bytes());
        set(&mut fact, 16, self.text(unit));
        fact
    }

    /// An `expectation` without command, with the figures that are given.
    pub(crate) fn expectation(&mut self, target: &str, power_w: f64, soc_pct: f64) -> Vec<u8> {
        let mut expectation = vec![0; 104];
        set(&mut expectation, 0, self.text(target));
        for (at, value) in [(48, power_w), (64, soc_pct)] {
            expectation[at] = 1;
            expectation[at + 8..at + 16].copy_from_slice(&value.to_le_bytes());
        }
        set(&mut expectation, 80, self.text("test"));
        expectation
    }

    /// An `action`; `command` is its discriminant with the bytes of its payload.
    pub(crate) fn action(&mut self, target: &str, command: (u8, &[u8]), text: &str) -> Vec<u8> {
        let mut action = vec![0; 80];
        set(&mut action, 0, self.text(target));
        action[8] = command.0;
        action[16..16 + command.1.len()].copy_from_slice(command.1);
        set(&mut action, 48, self.text("test"));
        set(&mut action, 56, self.text(text));
        action
    }
}

/// An `outlook-slot`.
pub(crate) fn outlook_slot(start: u32, end: u32, grid_w: Option<f64>) -> Vec<u8> {
    let mut slot = vec![0; 32];
    slot[..4].copy_from_slice(&start.to_le_bytes());
    slot[4..8].copy_from_slice(&end.to_le_bytes());
    if let Some(grid_w) = grid_w {
        slot[8] = 1;
        slot[16..24].copy_from_slice(&grid_w.to_le_bytes());
    }
    slot
}

/// Writes a span into a record.
pub(crate) fn set(record: &mut [u8], at: usize, (pointer, length): Span) {
    record[at..at + 4].copy_from_slice(&pointer.to_le_bytes());
    record[at + 4..at + 8].copy_from_slice(&length.to_le_bytes());
}

/// A strategy in parts.
pub(crate) struct Guest {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) schema: String,
    /// What it may command: bits as in the contract's `commands`.
    pub(crate) commands: u8,
    /// Version of the contract.
    pub(crate) contract: &'static str,
    /// Pages of memory.
    pub(crate) pages: u32,
    /// Bodies of functions, and further items of the module.
    pub(crate) describe: String,
    pub(crate) decide: String,
    pub(crate) realloc: String,
    pub(crate) imports: String,
    pub(crate) items: String,
    pub(crate) answer: Image,
    /// Interfaces that the world imports beside the contract's, and packages that define them.
    pub(crate) world: String,
    pub(crate) packages: String,
}

impl Guest {
    /// One that answers with an empty plan.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            version: "1.0.0".into(),
            schema: r#"{"type":"object","properties":{}}"#.into(),
            // Hold and balance.
            commands: 0b1001,
            contract: "0.2.0",
            pages: 32,
            describe: format!("(i32.const {DESCRIPTION})"),
            decide: format!("(i32.const {ANSWER})"),
            realloc: REALLOC.into(),
            imports: String::new(),
            items: String::new(),
            // The answer's own record, `result<plan, string>`.
            answer: Image::new(ANSWER, 48),
            world: String::new(),
            packages: String::new(),
        }
    }

    /// One whose `decide` is this.
    pub(crate) fn deciding(decide: impl Into<String>) -> Self {
        Self { decide: decide.into(), ..Self::new("test") }
    }

    /// The memory of the answer, to put things into.
    pub(crate) fn image(&mut self) -> &mut Image {
        &mut self.answer
    }

    /// What it hands out, from where `decide` points to, when that is as in [`Guest::new`].
    pub(crate) fn answer_image(&self) -> &[u8] {
        &self.answer.bytes
    }

    /// Byte `at` of the answer's record, such as its discriminant at 0.
    pub(crate) fn answer_byte(mut self, at: usize, byte: u8) -> Self {
        self.answer.bytes[at] = byte;
        self
    }

    /// A list or text of the answer's record. In a plan: actions 4, outlook 12, summary 20, figures 28,
    /// memory 36; in an error: the text 4.
    pub(crate) fn answer(mut self, at: usize, span: Span) -> Self {
        set(&mut self.answer.bytes, at, span);
        self
    }

    pub(crate) fn with_actions(mut self, actions: &[Vec<u8>]) -> Self {
        let span = self.answer.list(actions);
        self.answer(4, span)
    }

    pub(crate) fn with_summary(mut self, summary: impl AsRef<[u8]>) -> Self {
        let span = self.answer.text(summary);
        self.answer(20, span)
    }

    fn description(&self) -> Image {
        let mut image = Image::new(DESCRIPTION, 44);
        let texts = [&self.name, &self.version, "A. Uthor", "For tests.", &self.schema];
        for (i, text) in texts.into_iter().enumerate() {
            let span = image.text(text);
            set(&mut image.bytes, i * 8, span);
        }
        image.bytes[40] = self.commands;
        image
    }

    /// The text of the core module.
    pub(crate) fn text(&self) -> String {
        let Self { contract, pages, describe, decide, realloc, imports, items, .. } = self;
        let description = self.description();
        format!(
            r#"(module $guest
                (import "wattwright:strategy/host@{contract}" "log" (func $log (param i32 i32 i32)))
                {imports}
                (memory (export "memory") {pages})
                (global $top (mut i32) (i32.const 65536))
                (func (export "cabi_realloc") (param $old i32) (param $had i32) (param $align i32) (param $size i32)
                    (result i32) {realloc})
                (func $describe (export "describe") (result i32) {describe})
                (func $decide (export "decide") (param i32) (result i32) {decide})
                {items}
                (data (i32.const {DESCRIPTION}) "{}")
                (data (i32.const {ANSWER}) "{}"))"#,
            escaped(&description.bytes),
            escaped(&self.answer.bytes),
        )
    }

    /// The core module without the section that names its contract.
    pub(crate) fn module(&self) -> Vec<u8> {
        wat::parse_str(self.text()).unwrap()
    }

    /// The text of the contract that it is built for.
    pub(crate) fn wit(&self) -> String {
        let wit = include_str!("../../../wit/0.2.0/strategy.wit")
            .replace("wattwright:strategy@0.2.0", &format!("wattwright:strategy@{}", self.contract))
            .replace("    import host;", &format!("    import host;\n{}", self.world));
        wit + &self.packages
    }

    /// The whole file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        embed(self.module(), &self.wit())
    }
}

/// Adds the section that names the contract, whose world is called `strategy`.
pub(crate) fn embed(mut module: Vec<u8>, wit: &str) -> Vec<u8> {
    let (resolve, world) = resolve(wit);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}

fn resolve(wit: &str) -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("strategy.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some("strategy")).unwrap();
    (resolve, world)
}

/// The component of a core module with that section.
pub(crate) fn component(module: &[u8]) -> Vec<u8> {
    ComponentEncoder::default().module(module).unwrap().encode().unwrap()
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// One that imports WASI as a toolchain would: `functions` are an interface with its version, a name, and
/// the core function in text form. Its `decide` is called `body`.
pub(crate) fn with_wasi(functions: &[(&str, &str, &str)], body: &str) -> Guest {
    const PACKAGES: &str = include_str!("../tests/hostile/wasi.wit");
    let mut guest = Guest::deciding(body);
    for (interface, name, function) in functions {
        let import = format!("    import {interface};\n");
        if !guest.world.contains(&import) {
            guest.world.push_str(&import);
        }
        guest.imports.push_str(&format!("(import \"{interface}\" \"{name}\" {function})\n"));
    }
    guest.packages = PACKAGES.into();
    guest
}

/// The most that [`parrot`] can repeat.
pub(crate) const PARROT_BYTES: usize = 50_000;

/// One that hands out its input's `memory` as the image of its answer, whatever it is.
pub(crate) fn parrot() -> Guest {
    let mut guest = Guest::new("parrot");
    let (resolve, _) = resolve(&guest.wit());
    let mut sizes = SizeAlign::default();
    sizes.fill(&resolve);
    let size = |(id, _)| sizes.size(&Type::Id(id)).size_wasm32();
    let snapshot = resolve.types.iter().find(|(_, item)| item.name.as_deref() == Some("snapshot")).map(size).unwrap();
    // An input is the snapshot, the settings and `memory`, the latter two as pointer and length.
    let (at, length) = (snapshot + 8, snapshot + 12);
    guest.decide = format!(
        "(memory.copy (i32.const {ANSWER}) (i32.load offset={at} (local.get 0)) (i32.load offset={length} (local.get 0)))
         (i32.const {ANSWER})"
    );
    guest
}

/// What a strategy is given: one battery, two slots.
pub(crate) fn input() -> model::Input {
    let now = "2026-11-24T10:00:00Z".parse().unwrap();
    let later = model::slot::next(now);
    let snapshot = serde_json::json!({
        "now": "2026-11-24T10:00:00Z", "timezone": "Europe/Berlin", "utc_offset_s": 3600, "currency": "EUR",
        "grid": {"power_w": 300.0, "import_limit_w": null, "export_limit_w": 800.0},
        "solar_power_w": 0.0, "load_power_w": 300.0,
        "batteries": [{
            "id": "battery", "name": "Keller", "soc_pct": 50.0, "capacity_wh": 1920.0, "min_soc_pct": 10.0,
            "max_soc_pct": 100.0, "max_charge_w": 1200.0, "max_discharge_w": 800.0, "charge_efficiency": 0.94,
            "discharge_efficiency": 0.94, "power_w": 0.0, "wear_cost_per_kwh": 0.05, "in_force": null
        }],
        "devices": [], "tasks": [],
        "ahead": [model::snapshot::Slot::unknown(now), model::snapshot::Slot::unknown(later)],
        "past": [], "sources": [], "problems": []
    });
    model::Input {
        snapshot: serde_json::from_value(snapshot).unwrap(),
        settings: serde_json::json!({}),
        memory: vec![1, 2, 3],
    }
}
