use serde_json::json;

use super::*;

const SCHEMA: &str = r#"{
    "type": "object",
    "properties": {
        "reserve_pct": {"type": "integer", "title": "Reserve", "description": "Kept.", "default": 20,
                        "minimum": 0, "maximum": 100, "x-unit": "%"},
        "margin": {"type": "number", "title": "Margin", "description": "Least gain.", "default": 0.05, "minimum": 0},
        "mode": {"type": "string", "title": "Mode", "description": "How.", "default": "calm", "enum": ["calm", "bold"]},
        "lights": {"type": "boolean", "title": "Lights", "description": "Whether.", "default": true}
    }
}"#;

fn settings() -> Settings {
    Settings::parse(SCHEMA).map_err(|problem| problem.to_string()).unwrap()
}

fn refusal(schema: &str) -> String {
    match Settings::parse(schema) {
        Ok(_) => panic!("taken: {schema}"),
        Err(problem) => problem.to_string(),
    }
}

#[test]
fn defaults_are_filled_in_in_order_of_names() {
    let complete = settings().complete(&json!({"mode": "bold"})).unwrap();
    assert_eq!(complete.to_string(), r#"{"lights":true,"margin":0.05,"mode":"bold","reserve_pct":20}"#);
    let same = settings().complete(&Value::Null).unwrap();
    assert_eq!(same, settings().complete(&json!({})).unwrap());
}

#[test]
fn a_whole_number_stays_one() {
    let complete = settings().complete(&json!({"reserve_pct": 30.0, "margin": 1.0})).unwrap();
    assert_eq!(complete.to_string(), r#"{"lights":true,"margin":1.0,"mode":"calm","reserve_pct":30}"#);
}

#[test]
fn every_problem_is_named() {
    let given = json!({"reserve_pct": 150, "mode": "wild", "margin": "much", "resrve": 1});
    let problems = settings().complete(&given).unwrap_err();
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths.len(), 4, "{problems:?}");
    for path in ["reserve_pct", "mode", "margin", "resrve"] {
        assert!(paths.contains(&path), "{paths:?}");
    }
    let text: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let text = text.join("\n");
    assert!(text.contains("reserve_pct: 150 is greater than the maximum of 100"), "{text}");
    assert!(text.contains("resrve: unknown setting; this strategy has `lights`, `margin`"), "{text}");
}

#[test]
fn settings_are_an_object() {
    assert!(settings().complete(&json!([1])).unwrap_err()[0].message.contains("found `[1]`"));
}

#[test]
fn schemas_beyond_the_small_set_are_refused_by_path() {
    let with = |property: &str| format!(r#"{{"type":"object","properties":{{"a":{property}}}}}"#);
    let text = r#""title":"A","description":"A.""#;
    let cases = [
        ("nonsense".to_owned(), "no JSON"),
        ("[]".to_owned(), "expected an object"),
        (r#"{"properties":{}}"#.to_owned(), "type: must be `object`"),
        (r#"{"type":"object","allOf":[]}"#.to_owned(), "allOf: not supported"),
        (r#"{"type":"object","properties":[]}"#.to_owned(), "properties: expected an object"),
        (with("true"), "properties.a: expected an object"),
        (with(&format!(r#"{{"type":"array","default":[],{text}}}"#)), "properties.a.type"),
        (with(&format!(r#"{{"type":["string"],"default":"",{text}}}"#)), "properties.a.type"),
        (with(&format!(r#"{{"type":"string","default":"","pattern":"(a+)+",{text}}}"#)), "properties.a.pattern"),
        (with(r##"{"$ref":"#"}"##), "properties.a.$ref"),
        (with(&format!(r#"{{"type":"number",{text}}}"#)), "properties.a.default: missing"),
        (with(r#"{"type":"number","default":1,"title":"A"}"#), "properties.a.description: missing"),
        (with(&format!(r#"{{"type":"number","default":9,"maximum":5,{text}}}"#)), "properties.a.default: 9 is greater"),
        (with(&format!(r#"{{"type":"number","default":1,"minimum":"x",{text}}}"#)), "minimum"),
    ];
    for (schema, part) in cases {
        let text = refusal(&schema);
        assert!(text.contains(part), "{schema}\n{text}");
    }
    let name = r#"{"type":"object","properties":{"a b":{"type":"boolean"}}}"#;
    assert!(refusal(name).contains("name is"));
}

/// Found by fuzzing: what is unknown in a schema was quoted with its control characters.
#[test]
fn what_a_schema_says_wrongly_is_quoted_without_control_characters() {
    let named = refusal("{\"type\": \"object\", \"pr\\u007f\\u001b[31mperties\": {}}");
    assert!(named.contains("\\u{7f}") && named.contains("\\u{1b}"), "{named}");
    let valued = refusal("{\"type\": \"obj\\u202eect\", \"properties\": {}}");
    assert!(!named.contains(char::is_control) && !valued.contains('\u{202e}'), "{named} {valued}");
    let long = refusal(&format!("{{\"type\": \"object\", \"{}\": {{}}}}", "x".repeat(5000)));
    assert!(long.len() < 1000, "{} bytes", long.len());
}
