//! Strategies for these tests. They may command `hold` and `balance`.

use crate::guests::Guest;

/// Discriminants of `command`.
const HOLD: u8 = 0;
const BALANCE: u8 = 3;
/// Where the length of `memory` stands in an `input` of `wit/0.1.0`: behind the snapshot (168 bytes), the text
/// of the settings and the pointer.
const MEMORY_LENGTH: u32 = 180;
/// Where the answer of [`Guest`] begins.
const ANSWER: u32 = 8192;

pub fn holds(name: &str, targets: &[&str]) -> Guest {
    acts(name, targets, HOLD)
}

pub fn balances(name: &str, targets: &[&str]) -> Guest {
    acts(name, targets, BALANCE)
}

fn acts(name: &str, targets: &[&str], command: u8) -> Guest {
    let mut guest = Guest::new(name);
    let actions: Vec<_> =
        targets.iter().map(|target| guest.image().action(target, (command, &[]), "for a test")).collect();
    guest.with_actions(&actions).with_summary(format!("{name} decides"))
}

pub fn traps(name: &str) -> Guest {
    Guest { decide: "(unreachable)".into(), ..Guest::new(name) }
}

pub fn declines(name: &str, why: &str) -> Guest {
    let mut guest = Guest::new(name);
    let why = guest.image().text(why);
    guest.answer_byte(0, 1).answer(4, why)
}

/// Wants to be told this next time.
pub fn remembering(guest: Guest, memory: &str) -> Guest {
    let mut guest = guest;
    let memory = guest.image().text(memory);
    guest.answer(36, memory)
}

/// Does this first when it is given any memory.
pub fn when_reminded(guest: Guest, first: &str) -> Guest {
    let reminded = format!("(i32.load (i32.add (local.get 0) (i32.const {MEMORY_LENGTH})))");
    Guest { decide: format!("(if {reminded} (then {first})) {}", guest.decide), ..guest }
}

/// What makes [`when_reminded`] decline.
pub fn decline(guest: &mut Guest, why: &str) -> String {
    let (pointer, length) = guest.image().text(why);
    format!(
        "(i32.store8 (i32.const {ANSWER}) (i32.const 1))
         (i32.store (i32.const {}) (i32.const {pointer}))
         (i32.store (i32.const {}) (i32.const {length}))",
        ANSWER + 4,
        ANSWER + 8
    )
}

pub fn version(guest: Guest, version: &str) -> Guest {
    Guest { version: version.into(), ..guest }
}
