//! The hosts that a service declares, as people write them.
//!
//! A pattern is a host with an optional port. A label `*` at the beginning stands for one or more labels,
//! so `*.internal` has `a.internal` and `a.b.internal` and not `internal`; any other `*` stands for
//! any part of one label. Without a port, every port matches. `regex:` and a regular expression of linear
//! time match the whole host.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use regex_automata::meta;
use regex_automata::util::syntax;

use super::call_destination::{CallDestination, port_number, split_port};
use super::outbound_host::{HostFault, OutboundHost};

/// What a regular expression begins with.
const REGEX: &str = "regex:";

/// Longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 512;

/// The most memory of one compiled regular expression.
const REGEX_BYTES_MAX: usize = 256 * 1024;

/// A host, or several, that a service may call.
#[derive(Clone, Debug)]
pub struct DependencyPattern {
    text: Arc<str>,
    hosts: PatternHosts,
    /// The port; `None` for every port.
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum PatternHosts {
    Any,
    Exact(OutboundHost),
    /// The labels that must match, the last one first, and whether more labels must come before them.
    Labels {
        reversed: Vec<Box<str>>,
        is_suffix: bool,
    },
    Regex(meta::Regex),
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDependency {
    /// Its host is not one.
    #[error("{0}")]
    Host(#[from] HostFault),
    /// It is an address with a scheme or a path.
    #[error(
        "expected a host such as \"api.example.com\" or \"*.internal:8443\", without a scheme and a path"
    )]
    Url,
    /// Its port is not one.
    #[error("the port is a number from 1 to 65535")]
    Port,
    /// It is too long.
    #[error("a pattern has at most {PATTERN_BYTES_MAX} bytes")]
    TooLong,
    /// It has characters of other globs.
    #[error("a pattern has `*` only; for anything else write \"regex:\" and a regular expression")]
    Glob,
    /// It is a regular expression that cannot be compiled.
    #[error("the regular expression is invalid or too large: {0}")]
    Regex(String),
}

impl DependencyPattern {
    /// Whether a call goes to one of its hosts.
    pub fn matches(&self, to: &CallDestination) -> bool {
        self.port.is_none_or(|port| port == to.port) && self.matches_host(&to.host)
    }

    /// Whether a host is one of its hosts, at any port.
    pub fn matches_host(&self, host: &OutboundHost) -> bool {
        match &self.hosts {
            PatternHosts::Any => true,
            PatternHosts::Exact(exact) => exact == host,
            PatternHosts::Labels {
                reversed,
                is_suffix,
            } => host
                .name()
                .is_some_and(|name| labels_match(reversed, *is_suffix, name)),
            PatternHosts::Regex(regex) => host.name().is_some_and(|name| regex.is_match(name)),
        }
    }

    /// The pattern as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn read_regex(text: &str, expression: &str) -> Result<Self, InvalidDependency> {
        // Hosts are ASCII, and compared in lower case.
        let syntax = syntax::Config::new()
            .case_insensitive(true)
            .unicode(false)
            .utf8(false);
        let config = meta::Config::new()
            .utf8_empty(false)
            .nfa_size_limit(Some(REGEX_BYTES_MAX))
            .onepass(false);
        // The whole host must match.
        let expression = format!(r"\A(?:{expression})\z");
        let regex = meta::Builder::new()
            .configure(config)
            .syntax(syntax)
            .build(&expression)
            .map_err(|error| InvalidDependency::Regex(error.to_string()))?;
        Ok(Self {
            text: text.into(),
            hosts: PatternHosts::Regex(regex),
            port: None,
        })
    }
}

impl FromStr for DependencyPattern {
    type Err = InvalidDependency;

    fn from_str(text: &str) -> Result<Self, InvalidDependency> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(InvalidDependency::TooLong);
        }
        if let Some(expression) = text.strip_prefix(REGEX) {
            return Self::read_regex(text, expression);
        }
        if text.contains(['/', '@', ' ']) {
            return Err(InvalidDependency::Url);
        }
        let (host, port) = split_port(text);
        let port = match port {
            None | Some("*") => None,
            Some(digits) => Some(port_number(digits).ok_or(InvalidDependency::Port)?),
        };
        Ok(Self {
            text: text.into(),
            hosts: read_hosts(host)?,
            port,
        })
    }
}

fn read_hosts(host: &str) -> Result<PatternHosts, InvalidDependency> {
    // An IPv6 address without brackets has colons.
    if host.parse::<IpAddr>().is_err() && !host.starts_with('[') && host.contains(['?', '[', '{']) {
        return Err(InvalidDependency::Glob);
    }
    if !host.contains('*') {
        return Ok(PatternHosts::Exact(OutboundHost::parse(host)?));
    }
    if host == "*" {
        return Ok(PatternHosts::Any);
    }
    // The rest is checked like a host, with text in place of each star that is in no name of a pattern.
    const STAR: &str = "_-_";
    let is_unclear = |label: &str| label.contains('*') && !label.is_ascii();
    let is_of_address = |byte: u8| byte.is_ascii_digit() || b"*.".contains(&byte);
    let is_address = host.contains(|c: char| c.is_ascii_digit()) && host.bytes().all(is_of_address);
    let has_unclear = is_address || host.split('.').any(is_unclear);
    if host.contains("**") || host.contains(STAR) || has_unclear {
        return Err(InvalidDependency::Glob);
    }
    let (is_suffix, rest) = match host.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, host),
    };
    let OutboundHost::Name(name) = OutboundHost::parse(&rest.replace('*', STAR))? else {
        return Err(InvalidDependency::Glob);
    };
    let labels = name.rsplit('.');
    let labels = labels.map(|label| label.replace(STAR, "*").into());
    Ok(PatternHosts::Labels {
        reversed: labels.collect(),
        is_suffix,
    })
}

fn labels_match(reversed: &[Box<str>], is_suffix: bool, name: &str) -> bool {
    let mut labels = name.rsplit('.');
    let has_all = reversed.iter().all(|pattern| {
        labels
            .next()
            .is_some_and(|label| label_matches(pattern, label))
    });
    has_all && labels.next().is_some() == is_suffix
}

/// Whether a label matches a pattern in which `*` stands for any characters. The first and the last part
/// are fixed, and those between them are taken as early as possible.
fn label_matches(pattern: &str, label: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == label;
    };
    let Some(mut left) = label.strip_prefix(first) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    true
}

impl PartialEq for DependencyPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for DependencyPattern {}

impl fmt::Display for DependencyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, to: &str) -> bool {
        let pattern: DependencyPattern = pattern.parse().unwrap();
        pattern.matches(&CallDestination::parse(to, 443).unwrap())
    }

    fn check(pattern: &str, hosts: &[(&str, bool)]) {
        for (host, expected) in hosts {
            assert_eq!(matches(pattern, host), *expected, "{pattern} {host}");
        }
    }

    #[test]
    fn globs_match_what_people_mean() {
        check(
            "api.example.com",
            &[
                ("api.example.com", true),
                ("API.example.com.", true),
                ("api.example.com:8443", true),
                ("api.example.com.evil.example", false),
                ("x.api.example.com", false),
                ("apixexample.com", false),
            ],
        );
        check(
            "*.internal",
            &[
                ("a.internal", true),
                ("a.b.internal", true),
                ("internal", false),
                ("ainternal", false),
                ("a.internal.example", false),
            ],
        );
        check(
            "Pay-*.Example.com.",
            &[
                ("pay-eu.example.com", true),
                ("pay-a.b.example.com", false),
                ("x.pay-eu.example.com", false),
            ],
        );
        check(
            "a*b*c.test",
            &[
                ("abc.test", true),
                ("axbbxc.test", true),
                ("acb.test", false),
            ],
        );
        check(
            "db-*.*.test",
            &[("db-1.eu.test", true), ("db-1.test", false)],
        );
        check(
            "*.a.test:8443",
            &[("x.a.test:8443", true), ("x.a.test", false)],
        );
        check(
            "*:443",
            &[("a.test", true), ("192.0.2.1", true), ("a.test:80", false)],
        );
        check("*", &[("a.test:1", true), ("[::1]:1", true)]);
        check("bücher.example", &[("xn--bcher-kva.example", true)]);
        check("*.bücher.example", &[("a.xn--bcher-kva.example", true)]);
    }

    #[test]
    fn addresses_and_regular_expressions_match_the_whole_host() {
        check("192.0.2.1", &[("192.0.2.1:5", true), ("192.0.2.2", false)]);
        check(
            "[2001:db8::1]:80",
            &[("[2001:db8:0::1]:80", true), ("[2001:db8::1]", false)],
        );
        check(
            "regex:^pay(ments)?-[a-z]+\\.svc\\.cluster\\.local$",
            &[
                ("payments-eu.svc.cluster.local", true),
                ("PAY-x.svc.cluster.local", true),
                ("x.pay-x.svc.cluster.local", false),
                ("pay-x.svc.cluster.local.evil.example", false),
            ],
        );
        // Alternatives are anchored too.
        check(
            "regex:a.test|b.test",
            &[("b.test", true), ("xa.test", false), ("b.testx", false)],
        );
    }

    #[test]
    fn what_is_not_a_pattern_is_refused() {
        let check = |text: &str| {
            let read = text.parse::<DependencyPattern>();
            assert!(read.is_err(), "{text}: {read:?}");
        };
        for text in [
            "",
            "https://api.example.com",
            "api.example.com/v1",
            "user@api.example.com",
            "api.example.com:0",
            "api.example.com:http",
            "api.?.com",
            "api.{a,b}.com",
            "**.example.com",
            "bü*.example.com",
            "10.0.0.*",
            "127.1",
            "a..b",
            "regex:(",
            "regex:(?=a)b",
            "regex:[a-z]{1,100}{1,100}{1,100}",
        ] {
            check(text);
        }
        check(&"a".repeat(PATTERN_BYTES_MAX + 1));
    }

    proptest! {
        /// The labels of a glob match like the regular expression that says the same.
        #[test]
        fn a_glob_is_its_regular_expression(
            labels in proptest::collection::vec("[ab*]{1,4}", 1..4),
            name in proptest::collection::vec("[ab]{1,4}", 1..5),
        ) {
            let glob = labels.join(".");
            let Ok(pattern) = glob.parse::<DependencyPattern>() else {
                return Ok(());
            };
            let (head, rest) = match glob.strip_prefix("*.") {
                Some(rest) => (r"[^.]+(\.[^.]+)*\.", rest),
                None => ("", glob.as_str()),
            };
            let rest = rest.replace('.', r"\.").replace('*', "[^.]*");
            let expression = if glob == "*" { ".*".to_owned() } else { format!("{head}{rest}") };
            let regex: DependencyPattern = format!("regex:{expression}").parse().unwrap();
            let host = OutboundHost::parse(&name.join(".")).unwrap();
            prop_assert_eq!(pattern.matches_host(&host), regex.matches_host(&host), "{} {}", glob, host);
        }
    }
}
