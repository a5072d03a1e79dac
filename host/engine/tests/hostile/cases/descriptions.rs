//! Strategies that say something impossible of themselves.

use super::{Case, answers, refused};
use crate::guests::Guest;

pub fn cases() -> Vec<Case> {
    let named = |name: &'static str| move || Guest::new(name).bytes();
    let version = |version: &'static str| move || Guest { version: version.into(), ..Guest::new("test") }.bytes();
    let schema = |schema: &'static str| move || with_schema(schema.to_owned());
    vec![
        refused(
            "name that is a path",
            named("../../etc/passwd"),
            "description",
            "name: `../../etc/passwd` is not 1 to 40",
        ),
        refused("name that is none", named(""), "description", "name: `` is not 1 to 40"),
        refused("name with a terminal's escapes", named("a\x1b[2Jb"), "description", "`a\\u{1b}[2Jb`"),
        refused("name of look-alikes", named("rule-b\u{430}sed"), "description", "is not 1 to 40"),
        refused("name of 10 kB", || Guest::new(&"a".repeat(10_000)).bytes(), "description", "is not 1 to 40"),
        refused("version that is none", version("latest"), "description", "`latest` is no semantic version"),
        refused("schema that is no JSON", schema("{\"type\":"), "settings-schema", "no JSON"),
        refused("schema that is no object", schema("[1, 2]"), "settings-schema", "expected an object, found"),
        refused(
            "schema that is no JSON Schema",
            schema(r#"{"type":"object","properties":{"a":{"type":"watt","default":1}}}"#),
            "settings-schema",
            "`properties.a.type`: must be",
        ),
        refused(
            "schema whose default it refuses",
            schema(
                r#"{"type":"object","properties":{"a":{"type":"number","title":"A","description":"A","minimum":5,"default":1}}}"#,
            ),
            "settings-schema",
            "`properties.a.default`",
        ),
        refused(
            "setting without a default",
            schema(r#"{"type":"object","properties":{"a":{"type":"number","title":"A","description":"A"}}}"#),
            "settings-schema",
            "default",
        ),
        refused(
            "schema with a slow pattern",
            schema(
                r#"{"type":"object","properties":{"a":{"type":"string","title":"A","description":"A","default":"","pattern":"(a+)+$"}}}"#,
            ),
            "settings-schema",
            "pattern",
        ),
        refused(
            "schema from the network",
            schema(r#"{"type":"object","$ref":"http://127.0.0.1/schema.json"}"#),
            "settings-schema",
            "$ref",
        ),
        refused("schema nested 30,000 deep", || with_schema("[".repeat(30_000)), "settings-schema", "recursion limit"),
        refused(
            "schema of more than 64 KiB",
            || with_schema(" ".repeat(65_537)),
            "description",
            "settings-schema: 65537 bytes, at most 65536",
        ),
        refused("1,400 settings", many_settings, "settings-schema", "properties, at most 100"),
        answers("kinds of commands that do not exist", unknown_kinds, |answer| assert!(answer.plan.actions.is_empty())),
    ]
}

fn with_schema(schema: String) -> Vec<u8> {
    let mut guest = Guest::new("test");
    // The description's image begins at 16 and the answer's at 8192; a long schema needs room of its own.
    if schema.len() < 4000 {
        guest.schema = schema;
        return guest.bytes();
    }
    let length = schema.len();
    guest.describe = format!(
        "(i32.store (i32.const 48) (i32.const 131072)) (i32.store (i32.const 52) (i32.const {length})) (i32.const 16)"
    );
    guest.items = format!(r#"(data (i32.const 131072) "{}")"#, schema.replace('"', "\\22"));
    guest.bytes()
}

fn many_settings() -> Vec<u8> {
    let settings: Vec<_> = (0..1400).map(|i| format!(r#""s{i}":{{"type":"number","default":1}}"#)).collect();
    with_schema(format!(r#"{{"type":"object","properties":{{{}}}}}"#, settings.join(",")))
}

fn unknown_kinds() -> Guest {
    let describe = "(i32.store8 (i32.const 56) (i32.const 0xff)) (i32.const 16)".to_owned();
    Guest { describe, ..Guest::new("test") }
}
