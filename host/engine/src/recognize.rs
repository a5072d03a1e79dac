//! What a file is, from its first bytes.

/// What a strategy's file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A component.
    Component,
    /// A core module; a component after `wit-component`.
    Module,
}

/// Says what `bytes` are, or for a person what they look like instead and what to do.
pub(crate) fn recognize(bytes: &[u8]) -> Result<Kind, String> {
    if let Some(rest) = bytes.strip_prefix(b"\0asm") {
        // https://webassembly.github.io/spec/core/binary/modules.html, and for components the layer
        // field of https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
        return match rest.get(..4) {
            Some([1, 0, 0, 0]) => Ok(Kind::Module),
            Some([0x0d, 0, 1, 0]) => Ok(Kind::Component),
            Some(version) => Err(format!("WebAssembly of a version that is not known here ({version:02x?})")),
            None => Err("the first bytes of a WebAssembly file, cut off; copy it again".into()),
        };
    }
    Err(looks_like(bytes))
}

fn looks_like(bytes: &[u8]) -> String {
    const TEXT_FORMAT: &str = "the text form of WebAssembly; translate it with `wasm-tools parse`";
    let start = bytes.trim_ascii_start();
    let begins =
        |prefix: &str| start.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()));
    if bytes.is_empty() {
        "an empty file".into()
    } else if bytes.starts_with(b"\x7fELF") {
        "a program for Linux (ELF); build it for the target `wasm32-unknown-unknown`".into()
    } else if bytes.starts_with(b"\x1f\x8b") {
        "packed with gzip; unpack it first".into()
    } else if bytes.starts_with(b"PK\x03\x04") {
        "a ZIP archive; unpack it first".into()
    } else if begins("<!doctype") || begins("<html") {
        "a web page (HTML); use the link to the file itself, such as \"Raw\" or \"Download\"".into()
    } else if ["(module", "(component", ";;"].iter().any(|prefix| begins(prefix)) {
        TEXT_FORMAT.into()
    } else if bytes.len() < 8 {
        format!("only {} bytes long", bytes.len())
    } else {
        format!("something that begins with {:02x?}", &bytes[..4])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_wasm_are_told_apart() {
        assert_eq!(recognize(b"\0asm\x01\0\0\0"), Ok(Kind::Module));
        assert_eq!(recognize(b"\0asm\x0d\0\x01\0"), Ok(Kind::Component));
    }

    #[test]
    fn what_is_not_wasm_is_named_with_a_way_out() {
        let cases: [(&[u8], &str); 11] = [
            (b"", "an empty file"),
            (b"\0as", "only 3 bytes long"),
            (b"\0asm\x01", "cut off"),
            (b"\0asm\x02\0\0\0", "version"),
            (b"\n <!DOCTYPE html><html>", "web page"),
            (b"<HTML><body>", "web page"),
            (b"\x7fELF\x02\x01\x01\0", "Linux"),
            (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
            (b"PK\x03\x04\0\0\0\0", "ZIP"),
            (b"(module (func))", "wasm-tools parse"),
            (b"hello, world", "68, 65"),
        ];
        for (bytes, part) in cases {
            let text = recognize(bytes).unwrap_err();
            assert!(text.contains(part), "{bytes:?}: {text}");
        }
    }
}
