//! Figures, each with its floor from the same run.

use serde_json::{Value, json};

/// What was measured.
#[derive(Default)]
pub struct Figures(Vec<Value>);

impl Figures {
    pub fn add(&mut self, name: &str, value: f64, unit: &str, floor: Option<f64>) {
        let ratio = floor.map(|floor| value / floor);
        self.0.push(json!({ "name": name, "value": value, "unit": unit, "floor": floor, "ratio": ratio }));
    }

    /// As JSON with `--json` among the arguments, else as lines.
    pub fn print(self) {
        if std::env::args().any(|argument| argument == "--json") {
            println!("{}", Value::Array(self.0));
            return;
        }
        for figure in self.0 {
            let number =
                |key: &str| figure[key].as_f64().map_or_else(|| "-".to_owned(), |number| format!("{number:.2}"));
            let text = |key: &str| figure[key].as_str().unwrap_or_default().to_owned();
            println!("{} {} {} {} {}", text("name"), number("value"), text("unit"), number("floor"), number("ratio"));
        }
    }
}
