//! The keys as `config.toml` shows them: section, value, and the comment before it.
//!
//! `#key = value` is a default, `# key = value` an example of a key without a default, and
//! `key = value` is set.

use std::collections::BTreeMap;

/// A key as the file shows it.
#[derive(Debug)]
pub(super) struct ShippedKey {
    pub(super) value: String,
    /// Whether the value is the default of the program.
    pub(super) is_default: bool,
    pub(super) comment: String,
}

/// The content of the file.
#[derive(Debug, Default)]
pub(super) struct ShippedKeys {
    /// The comment of each section.
    pub(super) sections: BTreeMap<String, String>,
    /// Each key by its section and its name.
    pub(super) keys: BTreeMap<(String, String), ShippedKey>,
}

impl ShippedKeys {
    /// Reads the file; of tables with one name the first counts.
    pub(super) fn read(text: &str) -> Self {
        let mut shipped = Self::default();
        let (mut section, mut comment) = (String::new(), Vec::new());
        for line in text.lines() {
            if let Some(name) = section_of(line) {
                section = name;
                let text = comment.join(" ");
                shipped.sections.entry(section.clone()).or_insert(text);
            } else if let Some((key, value, is_default)) = key_of(line) {
                let comment = comment.join(" ");
                let shown = ShippedKey {
                    value,
                    is_default,
                    comment,
                };
                shipped.keys.entry((section.clone(), key)).or_insert(shown);
            } else if let Some(text) = line.strip_prefix("# ") {
                comment.push(text.to_owned());
                continue;
            }
            comment.clear();
        }
        shipped
    }
}

fn section_of(line: &str) -> Option<String> {
    let name = line.strip_prefix('[')?.strip_suffix(']')?;
    Some(name.trim_matches(['[', ']']).to_owned())
}

fn key_of(line: &str) -> Option<(String, String, bool)> {
    let (rest, is_example) = match line.strip_prefix("# ") {
        Some(rest) => (rest, true),
        None => (line, false),
    };
    let is_default = rest.starts_with('#');
    let (key, value) = rest.trim_start_matches('#').split_once(" = ")?;
    let key_char = |c: char| c.is_ascii_alphanumeric() || "-_.:/\"".contains(c);
    let is_key = !key.is_empty() && key.chars().all(key_char);
    (is_key && !(is_example && is_default)).then(|| (key.to_owned(), value.to_owned(), is_default))
}
