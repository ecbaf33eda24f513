//! Path prefixes of services.

use std::fmt;

use crate::tree::config_value::ConfigValueResult;
use crate::tree::{ConfigNode, ConfigValueError};

/// A path prefix, matched on whole segments: `/orders` is a prefix of `/orders` and `/orders/7`,
/// not of `/orders-archive`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPrefix(String);

impl PathPrefix {
    /// The prefix of every path.
    pub fn root() -> Self {
        Self("/".into())
    }

    /// Parses a path that starts with `/`; a trailing `/` is dropped. `None` if a request path
    /// cannot start like this: empty or dot segments, characters outside RFC 3986 section 3.3.
    pub fn parse(text: &str) -> Option<Self> {
        let segments = text.strip_prefix('/')?;
        let segments = segments.strip_suffix('/').unwrap_or(segments);
        if segments.is_empty() {
            return (text == "/").then(Self::root);
        }
        let valid = segments.split('/').all(|segment| {
            !matches!(segment, "" | "." | "..") && segment.bytes().all(is_path_byte)
        });
        valid.then(|| Self(format!("/{segments}")))
    }

    /// Whether the raw path of a request has this prefix.
    pub fn matches(&self, path: &str) -> bool {
        if self.0 == "/" {
            return true;
        }
        path.strip_prefix(self.0.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// This prefix followed by another one.
    pub(super) fn join(&self, other: &Self) -> Self {
        match (self.as_str(), other.as_str()) {
            ("/", _) => other.clone(),
            (_, "/") => self.clone(),
            (first, second) => Self(format!("{first}{second}")),
        }
    }

    /// The rest of a raw path and query after this prefix; `None` if it does not begin with `/`.
    pub fn strip<'t>(&self, target: &'t str) -> Option<&'t str> {
        let rest = match self.as_str() {
            "/" => target,
            prefix => target.strip_prefix(prefix)?,
        };
        rest.starts_with('/').then_some(rest)
    }

    /// The text: `/`, or a path without a trailing `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path prefix without escapes.
pub(super) fn parse_path_prefix(node: &ConfigNode) -> ConfigValueResult<PathPrefix> {
    let text = node.text().unwrap_or_default();
    PathPrefix::parse(text).ok_or_else(|| {
        let fault = ConfigValueError::expected(
            "a path such as \"/orders\" without escapes or empty segments",
        );
        match PathPrefix::parse(&format!("/{text}")) {
            Some(path) if !text.is_empty() => fault.with_advice(format!("\"{path}\"")),
            _ => fault,
        }
    })
}

/// Whether the byte is a `pchar` of RFC 3986 section 3.3 that needs no escape. Escapes are not
/// allowed: a prefix is compared with raw paths, in which one escape has several spellings.
const fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'')
        || matches!(
            byte,
            b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_whole_segments() {
        let check = |prefix: &str, path: &str, matches| {
            assert_eq!(
                PathPrefix::parse(prefix).unwrap().matches(path),
                matches,
                "{prefix} {path}"
            );
        };
        check("/", "/", true);
        check("/", "/orders", true);
        check("/", "*", true);
        check("/orders", "/orders", true);
        check("/orders", "/orders/", true);
        check("/orders", "/orders/7", true);
        check("/orders/", "/orders/7", true);
        check("/orders/", "/orders", true);
        check("/orders", "/orders-archive", false);
        check("/orders", "/order", false);
        check("/orders", "/Orders", false);
        check("/v1/orders", "/v1/orders/7", true);
        check("/v1/orders", "/v1", false);
    }

    #[test]
    fn rejects_text_that_cannot_start_a_raw_path() {
        for bad in [
            "", "orders", "//", "/a//b", "/a/../b", "/.", "/a?b", "/a#b", "/a b", "/%61", "/ü",
        ] {
            assert_eq!(PathPrefix::parse(bad), None, "{bad}");
        }
        assert_eq!(PathPrefix::parse("/v1/"), PathPrefix::parse("/v1"));
    }
}
