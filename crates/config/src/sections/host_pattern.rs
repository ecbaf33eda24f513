//! Host patterns of services.

use std::fmt;
use std::net::IpAddr;

use crate::tree::config_value::ConfigValueResult;
use crate::tree::{ConfigNode, ConfigValueError};

/// The hosts of a service, in order of precedence: exact names, longer suffixes before shorter
/// ones, any host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// Only this host, in lower case.
    Exact(String),
    /// Every host with this suffix, which begins with a dot: `*.example.com` is stored as
    /// `.example.com` and does not match `example.com`.
    Suffix(String),
    /// Every host.
    Any,
}

impl HostPattern {
    /// How specific the match is, greater for more specific; `None` if the host does not match.
    /// Host names are case-insensitive (RFC 9110 section 4.2.3).
    pub fn rank(&self, host: &str) -> Option<usize> {
        match self {
            Self::Exact(name) => name.eq_ignore_ascii_case(host).then_some(usize::MAX),
            Self::Suffix(suffix) => {
                let (label, tail) = host.split_at_checked(host.len().checked_sub(suffix.len())?)?;
                (!label.is_empty() && tail.eq_ignore_ascii_case(suffix)).then_some(suffix.len())
            }
            Self::Any => Some(0),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Suffix(suffix) => write!(f, "*{suffix}"),
            Self::Any => f.write_str("*"),
        }
    }
}

/// A host, `*.suffix` or `*`.
pub(super) fn parse_host(node: &ConfigNode) -> ConfigValueResult<HostPattern> {
    let fault = || ConfigValueError::expected("a host, \"*.suffix\" or \"*\"");
    let text = node.text().ok_or_else(fault)?.to_ascii_lowercase();
    if text == "*" {
        return Ok(HostPattern::Any);
    }
    if let Some(suffix) = text.strip_prefix('*') {
        let valid = suffix.strip_prefix('.').is_some_and(is_host);
        return if valid {
            Ok(HostPattern::Suffix(suffix.into()))
        } else {
            Err(fault())
        };
    }
    if is_host(&text) || text.parse::<IpAddr>().is_ok() {
        return Ok(HostPattern::Exact(text));
    }
    Err(match text.rsplit_once(':') {
        Some((host, port)) if is_host(host) && port.parse::<u16>().is_ok() => {
            fault().with_advice(format!("{host:?}: ports are not compared"))
        }
        _ => fault(),
    })
}

/// Whether the text is a host name of dotted labels in lower case.
pub(super) fn is_host(text: &str) -> bool {
    let is_label_byte = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    text.len() <= 253
        && text
            .split('.')
            .all(|label| (1..=63).contains(&label.len()) && label.bytes().all(is_label_byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_whole_labels_case_insensitively() {
        let suffix = HostPattern::Suffix(".example.com".into());
        let exact = HostPattern::Exact("api.example.com".into());
        let check = |pattern: &HostPattern, host: &str, matches| {
            assert_eq!(pattern.rank(host).is_some(), matches, "{pattern} {host}");
        };
        check(&exact, "api.example.com", true);
        check(&exact, "API.Example.com", true);
        check(&exact, "api.example.com.evil", false);
        check(&suffix, "api.example.com", true);
        check(&suffix, "a.b.EXAMPLE.com", true);
        check(&suffix, "example.com", false);
        check(&suffix, ".example.com", false);
        check(&suffix, "badexample.com", false);
        check(&suffix, "com", false);
        check(&suffix, "ü.example.com", true);
        check(&suffix, "üüüüüüüüü", false);
        check(&HostPattern::Any, "", true);
    }
}
