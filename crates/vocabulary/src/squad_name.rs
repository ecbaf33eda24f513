//! The name of a squad.
//!
//! A squad's name is used in headers, labels, file names and Kubernetes objects, so it has only
//! characters that all of them accept without quoting.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// A squad's name: 1 to 64 characters of `a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SquadName(Box<str>);

/// The text is not a valid squad name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected 1 to {} characters of a-z, 0-9, '.', '_' and '-'",
    SquadName::CHARS_MAX
)]
pub struct InvalidSquadName;

impl SquadName {
    /// The longest name, in characters.
    pub const CHARS_MAX: usize = 64;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether these bytes are a valid name. Header values are tested before they are looked up.
    pub fn is_valid(bytes: &[u8]) -> bool {
        (1..=Self::CHARS_MAX).contains(&bytes.len())
            && bytes
                .iter()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
    }
}

impl FromStr for SquadName {
    type Err = InvalidSquadName;

    fn from_str(text: &str) -> Result<Self, InvalidSquadName> {
        if Self::is_valid(text.as_bytes()) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidSquadName)
        }
    }
}

impl fmt::Display for SquadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Borrow<str> for SquadName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_and_the_length_are_checked() {
        let check =
            |text: &str, valid| assert_eq!(text.parse::<SquadName>().is_ok(), valid, "{text:?}");
        check("payments", true);
        check("a", true);
        check("team-7_b.eu", true);
        check(&"x".repeat(64), true);
        check("", false);
        check(&"x".repeat(65), false);
        check("Payments", false);
        check("pay ments", false);
        check("pay\nments", false);
        check("zahlungsverkehr-ü", false);
    }
}
