//! The secret that lets an operator change things over the admin port.
//!
//! It is read here and never shown again: not by `Debug`, not in a complaint about it.

use std::fmt;
use std::str::FromStr;

/// A bearer token: at least [`AdminToken::CHARS_MIN`] visible ASCII characters.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken(Box<str>);

/// The text cannot be a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a token of {} to {} visible ASCII characters without blanks",
    AdminToken::CHARS_MIN,
    AdminToken::CHARS_MAX
)]
pub struct InvalidAdminToken;

impl AdminToken {
    /// The shortest token, in characters: fewer can be guessed.
    pub const CHARS_MIN: usize = 16;

    /// The longest token, in characters; it has to fit in a header field.
    pub const CHARS_MAX: usize = 1024;

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for AdminToken {
    type Err = InvalidAdminToken;

    fn from_str(text: &str) -> Result<Self, InvalidAdminToken> {
        let has_length = (Self::CHARS_MIN..=Self::CHARS_MAX).contains(&text.len());
        if has_length && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidAdminToken)
        }
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(not shown)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_a_length_and_an_alphabet_and_is_not_shown() {
        let check =
            |text: &str, valid| assert_eq!(text.parse::<AdminToken>().is_ok(), valid, "{text}");
        check("0123456789abcdef", true);
        check("abc.DEF-123_~+/=!", true);
        check(&"x".repeat(1024), true);
        check("0123456789abcde", false);
        check("", false);
        check(&"x".repeat(1025), false);
        check("0123456789 abcdef", false);
        check("0123456789abcdef\n", false);
        check("0123456789abcdeü", false);
        let token: AdminToken = "0123456789abcdef".parse().unwrap();
        assert_eq!(format!("{token:?}"), "Token(not shown)");
    }
}
