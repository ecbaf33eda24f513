//! Decodes the escapes in the text of parameters.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The escapes that a part of a message uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EscapeRules {
    /// No escapes: headers and cookies.
    None,
    /// Percent-encoding (RFC 3986 section 2.1): paths.
    Percent,
    /// Percent-encoding and `+` for a space (WHATWG URL, `application/x-www-form-urlencoded`):
    /// queries and forms.
    Form,
}

/// What is wrong with escaped text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EscapeError {
    #[error("`%` must be followed by two hexadecimal digits; write a literal `%` as `%25`")]
    Percent,
    #[error("the escapes do not decode to UTF-8")]
    Utf8,
}

/// Decodes once. Allocates only if the text contains escapes.
pub(super) fn decode(raw: &str, escapes: EscapeRules) -> Result<Cow<'_, str>, EscapeError> {
    // Most texts have no escapes.
    if escapes == EscapeRules::None || memchr::memchr2(b'%', b'+', raw.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(raw));
    }
    let has_plus = escapes == EscapeRules::Form && raw.contains('+');
    if !raw.contains('%') {
        return Ok(if has_plus {
            Cow::Owned(raw.replace('+', " "))
        } else {
            Cow::Borrowed(raw)
        });
    }
    check_escapes(raw.as_bytes())?;
    let spaced = if has_plus {
        Cow::Owned(raw.replace('+', " "))
    } else {
        Cow::Borrowed(raw)
    };
    match percent_decode(spaced.as_bytes()).decode_utf8() {
        Ok(text) => Ok(Cow::Owned(text.into_owned())),
        Err(_) => Err(EscapeError::Utf8),
    }
}

fn check_escapes(raw: &[u8]) -> Result<(), EscapeError> {
    memchr::memchr_iter(b'%', raw).try_for_each(|at| match raw.get(at + 1..at + 3) {
        Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(()),
        _ => Err(EscapeError::Percent),
    })
}

/// The text of a scalar, decoded. Values of headers and cookies may be surrounded by blanks.
pub(super) fn scalar_text(raw: &str, escapes: EscapeRules) -> Result<Cow<'_, str>, EscapeError> {
    match escapes {
        EscapeRules::None => Ok(Cow::Borrowed(raw.trim_matches([' ', '\t']))),
        EscapeRules::Percent | EscapeRules::Form => decode(raw, escapes),
    }
}

/// Decodes a name or a value of a form or a query.
pub(crate) fn decode_form(raw: &str) -> Result<Cow<'_, str>, EscapeError> {
    decode(raw, EscapeRules::Form)
}

/// Decodes a text in which only percent-encoding is an escape.
pub(crate) fn decode_percent(raw: &str) -> Result<Cow<'_, str>, EscapeError> {
    decode(raw, EscapeRules::Percent)
}

/// Whether a raw name is the declared one. A name with malformed escapes matches nothing.
pub(super) fn is_named(raw: &str, declared: &str, escapes: EscapeRules) -> bool {
    raw == declared
        || (escapes != EscapeRules::None
            && raw.bytes().any(|byte| byte == b'%' || byte == b'+')
            && decode(raw, escapes).is_ok_and(|name| name == declared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_once() {
        assert_eq!(decode("a%2Bb+c", EscapeRules::Form).unwrap(), "a+b c");
        assert_eq!(decode("a%2Bb+c", EscapeRules::Percent).unwrap(), "a+b+c");
        assert_eq!(decode("a%2Bb+c", EscapeRules::None).unwrap(), "a%2Bb+c");
        assert_eq!(decode("%2525", EscapeRules::Percent).unwrap(), "%25");
        assert_eq!(decode("%", EscapeRules::Percent), Err(EscapeError::Percent));
        assert_eq!(decode("%4", EscapeRules::Form), Err(EscapeError::Percent));
        assert_eq!(decode("%zz", EscapeRules::Form), Err(EscapeError::Percent));
        assert_eq!(decode("%ff", EscapeRules::Percent), Err(EscapeError::Utf8));
    }

    #[test]
    fn names_match_decoded() {
        assert!(is_named("filter%5Bid%5D", "filter[id]", EscapeRules::Form));
        assert!(is_named("a+b", "a b", EscapeRules::Form));
        assert!(!is_named("a+b", "a b", EscapeRules::None));
        assert!(!is_named("%zz", "%zz1", EscapeRules::Form));
    }
}
