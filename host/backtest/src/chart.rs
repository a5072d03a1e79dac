use std::fmt::Write;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 420.0;
const MARGIN: f64 = 60.0;
const COLOURS: [&str; 6] = ["#2563eb", "#16a34a", "#d97706", "#dc2626", "#7c3aed", "#0891b2"];

/// A drawing (SVG) of what each line has saved by the end of each day, EUR.
pub fn chart(title: &str, lines: &[(String, Vec<f64>)]) -> String {
    let days = lines.iter().map(|(_, days)| days.len()).max().unwrap_or(0).max(2);
    let values = || lines.iter().flat_map(|(_, days)| days.iter().copied());
    let (low, high) = (values().fold(0.0, f64::min), values().fold(1e-9, f64::max));
    let x = |day: usize| MARGIN + (WIDTH - 2.0 * MARGIN) * day as f64 / (days - 1) as f64;
    let y = |value: f64| HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * (value - low) / (high - low);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{MARGIN}\" y=\"28\" \
         font-size=\"16\">{}</text>\n",
        escaped(title)
    );
    for value in [low, 0.0, high] {
        let _ = writeln!(
            svg,
            "<line x1=\"{MARGIN}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ccc\"/><text x=\"8\" \
             y=\"{y:.1}\">{value:.0}</text>",
            WIDTH - MARGIN,
            y = y(value)
        );
    }
    for (index, (name, days)) in lines.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let points: Vec<String> =
            days.iter().enumerate().map(|(day, value)| format!("{:.1},{:.1}", x(day), y(*value))).collect();
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" points=\"{}\"/>\n<text x=\"{:.0}\" \
             y=\"{:.0}\" fill=\"{colour}\">{}</text>",
            points.join(" "),
            MARGIN + 8.0,
            MARGIN + 16.0 * index as f64,
            escaped(name)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
