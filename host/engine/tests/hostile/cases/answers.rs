//! Answers that nobody could carry out, and answers that are none.

use model::Command;

use super::{Case, answers, fails};
use crate::guests::{Guest, Image, outlook_slot, set};

/// What is no number, or hardly one.
const ODD: [f64; 8] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 5e-324, 1e308, -1e9, f64::MAX];

pub fn cases() -> Vec<Case> {
    let mut cases = numbers();
    cases.extend(targets());
    cases.extend(too_much());
    cases.extend(no_values());
    cases
}

fn with_actions(make: impl Fn(&mut Image) -> Vec<Vec<u8>>) -> Guest {
    let mut guest = Guest::new("test");
    let actions = make(guest.image());
    guest.with_actions(&actions)
}

fn with_outlook(make: impl Fn(&mut Image) -> Vec<Vec<u8>>) -> Guest {
    let mut guest = Guest { pages: 100, ..Guest::new("test") };
    let slots = make(guest.image());
    let span = guest.image().list(&slots);
    guest.answer(12, span)
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// Numbers of commands come through as they are, for the guard to refuse by name; all others have to be
/// numbers.
fn numbers() -> Vec<Case> {
    let every_command = |image: &mut Image| {
        let mut actions = Vec::new();
        for value in ODD {
            let bits = value.to_le_bytes();
            for command in [1, 2, 6] {
                actions.push(image.action("battery", (command, &bits), ""));
            }
            let mut limits = [0; 32];
            (limits[0], limits[16]) = (1, 1);
            limits[8..16].copy_from_slice(&bits);
            limits[24..].copy_from_slice(&bits);
            actions.push(image.action("battery", (3, &limits), ""));
            let mut light = [0; 16];
            light[8..].copy_from_slice(&bits);
            actions.push(image.action("lamp", (7, &light), ""));
        }
        actions
    };
    let every_figure = |image: &mut Image| {
        let slots = ODD.iter().enumerate().map(|(i, value)| {
            let i = i as u32;
            let mut slot = outlook_slot(900 * i, 900 * i + 900, Some(*value));
            let mut expectation = image.expectation("battery", *value, *value);
            let fact = image.fact("fact", *value, "W");
            set(&mut expectation, 96, image.list(&[fact]));
            set(&mut slot, 24, image.list(&[expectation]));
            slot
        });
        slots.collect()
    };
    vec![
        answers(
            "no number in any command",
            move || with_actions(every_command),
            |answer| {
                let actions = &answer.plan.actions;
                assert_eq!(actions.len(), ODD.len() * 5);
                for (value, commands) in ODD.iter().zip(actions.chunks(5)) {
                    let numbers: Vec<f64> = commands.iter().flat_map(|action| numbers_of(&action.command)).collect();
                    assert_eq!(numbers.len(), 6);
                    assert!(numbers.iter().all(|number| same(*number, *value)), "{value}: {numbers:?}");
                }
            },
        ),
        answers(
            "no number in any expectation",
            move || with_outlook(every_figure),
            |answer| {
                assert_eq!(answer.plan.outlook.len(), ODD.len());
                for (value, slot) in ODD.iter().zip(&answer.plan.outlook) {
                    let kept = value.is_finite().then_some(*value);
                    let expected = &slot.targets[0];
                    assert_eq!((slot.grid_w, expected.power_w, expected.soc_pct), (kept, kept, kept));
                    assert_eq!(expected.reason.facts.len(), usize::from(value.is_finite()));
                }
            },
        ),
        answers(
            "no number in any figure",
            || {
                let mut guest = Guest::new("test");
                let facts: Vec<_> = ODD.iter().map(|value| guest.image().fact("figure", *value, "EUR")).collect();
                let figures = guest.image().list(&facts);
                guest.answer(28, figures)
            },
            |answer| {
                assert_eq!(answer.plan.figures.len(), ODD.iter().filter(|value| value.is_finite()).count());
            },
        ),
        answers(
            "ends its commands in 1970 and in 2106",
            || {
                with_actions(|image| {
                    [0u32, u32::MAX]
                        .map(|until| {
                            let mut action = image.action("battery", (0, &[]), "");
                            action[72] = 1;
                            action[76..80].copy_from_slice(&until.to_le_bytes());
                            action
                        })
                        .to_vec()
                })
            },
            |answer| {
                let until: Vec<_> =
                    answer.plan.actions.iter().map(|action| action.until.unwrap().as_second()).collect();
                assert_eq!(until, [0, 4_294_967_295]);
            },
        ),
    ]
}

fn numbers_of(command: &Command) -> Vec<f64> {
    match command {
        Command::Charge { power_w } | Command::Discharge { power_w } => vec![*power_w],
        Command::Balance(limits) => vec![limits.max_charge_w.unwrap(), limits.max_discharge_w.unwrap()],
        Command::SetLevel { value } => vec![*value],
        Command::SetLight(light) => vec![light.brightness_pct],
        other => panic!("{other:?}"),
    }
}

/// For the guard to judge.
fn targets() -> Vec<Case> {
    let targets = |answer: &wattwright_engine::Answer| -> Vec<String> {
        answer.plan.actions.iter().map(|action| action.target.clone()).collect()
    };
    vec![
        answers(
            "target that does not exist",
            || with_actions(|image| vec![image.action("reactor", (4, &[]), "")]),
            move |answer| {
                assert_eq!(targets(answer), ["reactor"]);
            },
        ),
        answers(
            "target that it is not granted",
            || with_actions(|image| vec![image.action("neighbours-battery", (2, &800f64.to_le_bytes()), "")]),
            move |answer| {
                assert_eq!(targets(answer), ["neighbours-battery"]);
            },
        ),
        answers(
            "the same target twice, with contradictions",
            || {
                with_actions(|image| {
                    vec![
                        image.action("battery", (1, &800f64.to_le_bytes()), "charge"),
                        image.action("battery", (2, &800f64.to_le_bytes()), "discharge"),
                        image.action("battery", (0, &[]), "hold"),
                    ]
                })
            },
            move |answer| assert_eq!(targets(answer), ["battery"; 3]),
        ),
        answers(
            "target with a terminal's escapes",
            || with_actions(|image| vec![image.action("\x1b]0;evil\x07", (0, &[]), "\u{202e}live")]),
            move |answer| {
                assert_eq!(targets(answer), ["\\u{1b}]0;evil\\u{7}"]);
                assert_eq!(answer.plan.actions[0].reason.text, "\\u{202e}live");
            },
        ),
        answers(
            "empty target",
            || with_actions(|image| vec![image.action("", (5, &[]), "")]),
            move |answer| {
                assert_eq!(targets(answer), [""]);
            },
        ),
        answers(
            "note to the owner with markup",
            || {
                with_actions(|image| {
                    let (at, length) = image.text("<script>alert(1)</script>\nnext line\x07");
                    let mut payload = at.to_le_bytes().to_vec();
                    payload.extend(length.to_le_bytes());
                    vec![image.action("phone", (8, &payload), "")]
                })
            },
            |answer| {
                // Shown as text; the page escapes it.
                let text = "<script>alert(1)</script>\nnext line\\u{7}";
                assert_eq!(answer.plan.actions[0].command, Command::Notify { text: text.into() });
            },
        ),
    ]
}

fn too_much() -> Vec<Case> {
    let large = |name: &str, guest: fn() -> Guest, part: &str| fails(name, guest, "answer-too-large", part);
    let wide = || Guest { pages: 1000, ..Guest::new("test") };
    const ENGINE: &str = "passed more than 4194304 bytes in one answer";
    vec![
        fails(
            "10 million actions",
            || Guest::new("test").answer(4, (131_072, 10_000_000)),
            "invalid-answer",
            "list pointer/length out of bounds of memory",
        ),
        large(
            "700,000 actions that exist",
            || Guest { pages: 1000, ..Guest::new("test") }.answer(4, (131_072, 700_000)),
            ENGINE,
        ),
        large(
            "257 actions",
            || with_actions(|image| vec![image.action("battery", (0, &[]), ""); 257]),
            "actions has 257 actions, at most 256",
        ),
        large("10 MB of reason", || Guest { pages: 1000, ..with_reason((131_072, 10_000_000)) }, ENGINE),
        large(
            "3 MB of reason",
            || Guest { pages: 1000, ..with_reason((131_072, 3_000_000)) },
            "actions[0].reason.text has 3000000 bytes, at most 2000",
        ),
        large(
            "reason with one byte too many",
            || Guest { pages: 1000, ..with_reason((131_072, 2001)) },
            "actions[0].reason.text has 2001 bytes, at most 2000",
        ),
        fails(
            "the same long text 256 times",
            move || {
                let mut guest = wide();
                let mut action = guest.image().action("battery", (0, &[]), "");
                set(&mut action, 56, (131_072, 200_000));
                guest.with_actions(&vec![action; 256])
            },
            "answer-too-large",
            ENGINE,
        ),
        large("million slots", || Guest { pages: 1000, ..Guest::new("test") }.answer(12, (131_072, 1_000_000)), ENGINE),
        large(
            "401 slots",
            || with_outlook(|_| (0..401).map(|i| outlook_slot(i * 900, i * 900 + 900, None)).collect()),
            "outlook has 401 slots, at most 400",
        ),
        large(
            "65 expectations",
            || {
                with_outlook(|image| {
                    let expectation = image.expectation("battery", 0.0, 0.0);
                    let mut slot = outlook_slot(0, 900, None);
                    set(&mut slot, 24, image.list(&vec![expectation; 65]));
                    vec![slot]
                })
            },
            "outlook[0].targets has 65 expectations, at most 64",
        ),
        large(
            "65 figures",
            || {
                let mut guest = Guest::new("test");
                let fact = guest.image().fact("figure", 1.0, "");
                let figures = guest.image().list(&vec![fact; 65]);
                guest.answer(28, figures)
            },
            "figures has 65 entries, at most 64",
        ),
        large(
            "memory of 64 KiB and a byte",
            || Guest::new("test").answer(36, (131_072, 65_537)),
            "memory has 65537 bytes, at most 65536",
        ),
        answers(
            "memory of exactly 64 KiB",
            || Guest::new("test").answer(36, (131_072, 65_536)),
            |answer| {
                assert_eq!(answer.plan.memory.len(), 65_536);
            },
        ),
        fails(
            "list of a length that overflows",
            || Guest::new("test").answer(4, (8, u32::MAX)),
            "invalid-answer",
            "out of bounds",
        ),
    ]
}

fn with_reason(span: (u32, u32)) -> Guest {
    with_actions(|image| {
        let mut action = image.action("battery", (0, &[]), "");
        set(&mut action, 56, span);
        vec![action]
    })
}

fn no_values() -> Vec<Case> {
    let invalid = |name: &str, guest: fn() -> Guest, part: &str| fails(name, guest, "invalid-answer", part);
    vec![
        invalid("summary that is no UTF-8", || Guest::new("test").with_summary([0x61, 0xff]), "utf-8"),
        invalid("half of a surrogate pair", || Guest::new("test").with_summary([0xed, 0xa0, 0x80]), "utf-8"),
        invalid("overlong form of a slash", || Guest::new("test").with_summary([0xc0, 0xaf]), "utf-8"),
        invalid("answer that is neither plan nor error", || Guest::new("test").answer_byte(0, 2), "discriminant"),
        invalid(
            "command that does not exist",
            || with_actions(|image| vec![image.action("battery", (9, &[]), "")]),
            "discriminant",
        ),
        invalid(
            "option that is neither",
            || {
                with_actions(|image| {
                    let mut action = image.action("battery", (0, &[]), "");
                    action[72] = 7;
                    vec![action]
                })
            },
            "discriminant",
        ),
        invalid("answer outside of its memory", || Guest::deciding("(i32.const 0x7fffff00)"), "outside the contract"),
        invalid(
            "answer at the very end of its memory",
            || Guest::deciding("(i32.const 2097120)"),
            "outside the contract",
        ),
        invalid("answer that is not aligned", || Guest::deciding("(i32.const 8193)"), "aligned"),
        invalid("text outside of its memory", || Guest::new("test").answer(20, (0x7fff_fff0, 3)), "out of bounds"),
        invalid(
            "text that wraps around the end of memory",
            || Guest::new("test").answer(20, (0xffff_fff0, 0x20)),
            "out of bounds",
        ),
        invalid("list that is not aligned", || Guest::new("test").answer(4, (8193, 1)), "aligned"),
        invalid(
            "slots that overlap",
            || with_outlook(|_| vec![outlook_slot(0, 1000, None), outlook_slot(900, 1800, None)]),
            "outlook[1] starts at 1970-01-01T00:15:00Z, before the end",
        ),
        invalid(
            "slots out of order",
            || with_outlook(|_| vec![outlook_slot(900, 1800, None), outlook_slot(0, 900, None)]),
            "outlook[1] starts at",
        ),
        invalid(
            "slot that ends before it begins",
            || with_outlook(|_| vec![outlook_slot(900, 900, None)]),
            "outlook[0] ends at",
        ),
    ]
}
