//! Generates strings by format, pattern and length.

use std::rc::Rc;

use super::text_pattern::TextPattern;

/// The maximum length of a generated string. Schemas that require a longer one get no example.
const CHARACTERS_MAX: usize = 16_384;

const CANDIDATES_MAX: usize = 6;

/// Words to try if neither format nor pattern can be generated. One has a character of each class.
const WORDS: [&str; 8] = ["text", "name", "Aa1!Aa1!", "1", "A", "a-1", "/a", "a.b"];

/// The constraints of a string.
#[derive(Debug, Clone, Default)]
pub(super) struct StringConstraints<'s> {
    pub(super) characters_min: usize,
    pub(super) characters_max: Option<usize>,
    pub(super) patterns: Vec<Rc<TextPattern>>,
    pub(super) format: Option<&'s str>,
}

impl StringConstraints<'_> {
    /// Strings to try, best first. Each `salt` gives different strings.
    pub(super) fn candidates(&self, salt: usize) -> Vec<String> {
        if self.characters_min > CHARACTERS_MAX {
            return Vec::new();
        }
        let formatted = self.format.and_then(|format| of_format(format, salt));
        let written = self.patterns.iter().flat_map(|pattern| pattern.texts(salt));
        let padded = self
            .patterns
            .first()
            .and_then(|pattern| pattern.texts(salt).next());
        let padded = padded.map(|text| self.pad(text));
        let plain = WORDS.map(|text| self.resize(text, salt));
        let all = formatted
            .into_iter()
            .chain(written)
            .chain(padded)
            .chain(plain);
        let fitting = all.filter(|text| self.fits(text));
        fitting.take(CANDIDATES_MAX).collect()
    }

    /// Whether a string has a valid length and matches the patterns. The validator checks the format.
    pub(super) fn admit(&self, text: &str) -> bool {
        self.fits(text)
    }

    fn fits(&self, text: &str) -> bool {
        let length = text.chars().count();
        length >= self.characters_min
            && self.characters_max.is_none_or(|most| length <= most)
            && self.patterns.iter().all(|pattern| pattern.is_match(text))
    }

    fn pad(&self, text: String) -> String {
        let missing = self.characters_min.saturating_sub(text.chars().count());
        text + &"a".repeat(missing)
    }

    /// Cuts or repeats a word to an allowed length.
    fn resize(&self, word: &str, salt: usize) -> String {
        let suffix = if salt == 0 {
            String::new()
        } else {
            salt.to_string()
        };
        let word = format!("{word}{suffix}");
        let length = word.chars().count();
        let most = self.characters_max.unwrap_or(usize::MAX);
        let skip = length.saturating_sub(most);
        let cut: Vec<char> = word.chars().skip(skip).collect();
        cut.iter()
            .cycle()
            .take(length.max(self.characters_min).min(most))
            .collect()
    }
}

/// A value of a well-known format.
fn of_format(format: &str, salt: usize) -> Option<String> {
    let (day, n) = (1 + salt % 28, salt % 256);
    Some(match format {
        "date-time" => format!("2026-01-{day:02}T09:30:00Z"),
        "date" => format!("2026-01-{day:02}"),
        "time" => format!("09:{:02}:00Z", salt % 60),
        "duration" => format!("PT{}M", 15 + salt),
        "uuid" => format!("3f0c1f6e-8a51-4d2b-9c5e-{salt:012x}"),
        "email" | "idn-email" => format!("user{salt}@example.com"),
        "hostname" | "idn-hostname" => format!("host{salt}.example.com"),
        "ipv4" | "ip" => format!("192.0.2.{n}"),
        "ipv6" => format!("2001:db8::{salt:x}"),
        "uri" | "url" | "iri" => format!("https://example.com/{salt}"),
        "uri-reference" | "iri-reference" => format!("/items/{salt}"),
        "uri-template" => format!("/items/{salt}/{{id}}"),
        "json-pointer" => format!("/items/{salt}"),
        "relative-json-pointer" => format!("{salt}/items"),
        "regex" => format!("^a{{{salt}}}$"),
        "byte" => ["dGV4dA==", "dGV4dDE=", "YQ==", "Yg=="][salt % 4].to_owned(),
        "binary" | "password" => return None,
        "decimal" | "int64" | "int32" | "double" | "float" => format!("{}", 1 + salt),
        _ => return None,
    })
}
