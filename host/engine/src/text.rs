//! Texts of strangers, made fit for logs, terminals and pages.

/// Whether a person can be misled by it: controls (with ANSI escapes), and the characters that change
/// the direction of what follows (Unicode UAX #9, the explicit formatting characters).
fn is_deceptive(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line: breaks become spaces, deceptive characters are shown as escapes. They are not dropped,
/// since a name without them could be that of something else.
pub(crate) fn line(text: String) -> String {
    clean(text, false)
}

/// The same with its line breaks kept.
pub(crate) fn lines(text: String) -> String {
    clean(text, true)
}

fn clean(text: String, keep_breaks: bool) -> String {
    // Nearly all texts are plain. Without a way out in the middle, many bytes are looked at at once.
    if text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~')) {
        return text;
    }
    let is_break = |c| matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}');
    if !text.chars().any(|c| is_deceptive(c) || is_break(c)) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' if keep_breaks => out.push('\n'),
            c if is_break(c) => out.push(' '),
            c if is_deceptive(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// At most `bytes` of it, cut between two characters and marked.
pub(crate) fn cut(mut text: String, bytes: usize) -> String {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
        text.push('…');
    }
    text
}

/// One line of about so many bytes at most, also when its escapes are longer than what they stand for.
pub(crate) fn short_line(text: String, bytes: usize) -> String {
    cut(line(cut(text, bytes)), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_overrides_are_shown_and_never_dropped() {
        assert_eq!(line("a\x1b[31mred".into()), "a\\u{1b}[31mred");
        assert_eq!(line("bat\u{7}tery".into()), "bat\\u{7}tery");
        assert_eq!(line("abc\u{202e}def".into()), "abc\\u{202e}def");
        assert_eq!(line("two\r\nlines\u{2028}".into()), "two  lines ");
        assert_eq!(lines("two\nlines\u{9b}".into()), "two\nlines\\u{9b}");
        assert_eq!(line("Größe: 5 €, 日本".into()), "Größe: 5 €, 日本");
    }

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(cut("äöü".into(), 3), "ä…");
        assert_eq!(cut("äöü".into(), 6), "äöü");
    }

    #[test]
    fn what_is_longer_when_it_is_shown_is_cut_again() {
        assert_eq!(short_line("\0".repeat(1000), 12), "\\u{0}\\u{0}\\u…");
        assert_eq!(short_line("a\nb".into(), 12), "a b");
    }
}
