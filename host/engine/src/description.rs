//! What a strategy says of itself.

use std::collections::BTreeSet;

use model::{CommandKind, Description};

use crate::settings::Settings;
use crate::{EngineConfig, LoadError, text};

/// A description as it came, in the words of no contract version.
pub(crate) struct RawDescription {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) author: String,
    pub(crate) summary: String,
    pub(crate) settings_schema: String,
    pub(crate) commands: BTreeSet<CommandKind>,
}

/// Checks every field.
pub(crate) fn admit(raw: RawDescription, limits: &EngineConfig) -> Result<(Description, Settings), LoadError> {
    let shown = |text: &str| text::line(text::cut(text.to_owned(), 80));
    if !model::is_valid_id(&raw.name) {
        return Err(LoadError::Description {
            field: "name",
            message: format!("`{}` is not 1 to 40 of `a-z`, `0-9` and `-`", shown(&raw.name)),
        });
    }
    if !is_semantic_version(&raw.version) {
        return Err(LoadError::Description {
            field: "version",
            message: format!("`{}` is no semantic version such as `1.2.0`", shown(&raw.version)),
        });
    }
    for (field, text) in [("author", &raw.author), ("summary", &raw.summary)] {
        let (length, limit) = (text.len(), limits.text_bytes);
        if length > limit {
            return Err(LoadError::Description { field, message: format!("{length} bytes, at most {limit}") });
        }
    }
    let (length, limit) = (raw.settings_schema.len(), limits.schema_bytes);
    if length > limit {
        let message = format!("{length} bytes, at most {limit}");
        return Err(LoadError::Description { field: "settings-schema", message });
    }
    let settings = Settings::parse(&raw.settings_schema)
        .map_err(|problem| LoadError::Schema { path: problem.path, message: problem.message })?;
    let description = Description {
        name: raw.name,
        version: raw.version,
        author: text::line(raw.author),
        summary: text::line(raw.summary),
        settings_schema: settings.schema().clone(),
        commands: raw.commands,
    };
    Ok((description, settings))
}

/// `MAJOR.MINOR.PATCH` with optional `-pre` and `+build` parts, <https://semver.org>; 64 bytes at most.
fn is_semantic_version(version: &str) -> bool {
    let (core, rest) = version.split_at(version.find(['-', '+']).unwrap_or(version.len()));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_extra = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'+');
    version.len() <= 64
        && core.split('.').count() == 3
        && core.split('.').all(is_number)
        && rest.len() != 1
        && rest.bytes().all(is_extra)
}

#[cfg(test)]
mod tests {
    use super::is_semantic_version;

    #[test]
    fn versions_are_semantic() {
        for good in ["0.1.0", "1.2.30", "1.0.0-alpha.1", "1.0.0+build.5", "1.0.0-rc.1+x"] {
            assert!(is_semantic_version(good), "{good}");
        }
        for bad in ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.x", "1.2.3-", "1.2.3 4", "1..3"] {
            assert!(!is_semantic_version(bad), "{bad}");
        }
    }
}
