//! Which entries of a recording are for the service, by the hosts of their URLs.
//!
//! A browser records every host that a page uses. Entries without a host are always validated.

use std::collections::BTreeMap;

use portcullis_contract::CompiledContract;

use crate::cli::output::counted;

/// The most hosts that are counted by name.
const NAMES_MAX: usize = 100;
/// The most hosts that a sentence names.
const NAMES_SHOWN_MAX: usize = 5;

/// The hosts that are validated, and the counts of all others.
#[derive(Debug)]
pub(super) struct RecordedHosts {
    filter: HostFilter,
    validated: HostCounts,
    others: HostCounts,
}

/// Which hosts are validated.
#[derive(Debug, PartialEq, Eq)]
enum HostFilter {
    /// All, because nothing names the hosts of the service.
    Open,
    /// Those that match one of these patterns.
    Patterns(Vec<String>),
}

#[derive(Debug, Default)]
struct HostCounts {
    by_name: BTreeMap<String, u64>,
    total: u64,
}

impl RecordedHosts {
    /// The hosts that the command line names; else those of the contract and of the services that
    /// have it. Without any, all hosts.
    pub(super) fn new(
        named: &[String],
        services: Vec<String>,
        contract: &CompiledContract,
    ) -> Self {
        let servers = contract.server_hosts.iter().flatten();
        let filter = match (named, &contract.server_hosts) {
            ([], None) if services.is_empty() => HostFilter::Open,
            ([], _) => {
                let known = servers.map(|host| host.to_string());
                HostFilter::Patterns(known.chain(services).collect())
            }
            _ => HostFilter::Patterns(named.to_vec()),
        };
        Self {
            filter,
            validated: HostCounts::default(),
            others: HostCounts::default(),
        }
    }

    /// Whether an exchange with this host is validated. It is counted.
    pub(super) fn takes(&mut self, authority: Option<&str>) -> bool {
        let Some(authority) = authority else {
            return true;
        };
        let takes = match &self.filter {
            HostFilter::Open => true,
            HostFilter::Patterns(patterns) => {
                let authority = authority.to_ascii_lowercase();
                let mut patterns = patterns.iter();
                patterns.any(|pattern| matches_host(pattern, &authority))
            }
        };
        let counts = if takes {
            &mut self.validated
        } else {
            &mut self.others
        };
        counts.add(authority);
        takes
    }

    /// How many exchanges were not validated.
    pub(super) fn others(&self) -> u64 {
        self.others.total
    }

    /// What a user must know about the choice of hosts, if anything.
    pub(super) fn note(&self) -> Option<String> {
        match &self.filter {
            HostFilter::Open if self.validated.by_name.len() > 1 => Some(format!(
                "the contract names no host, so exchanges of {} are validated: {}; choose with --host",
                counted(self.validated.by_name.len() as u64, "host"),
                self.validated.listed()
            )),
            HostFilter::Patterns(patterns) if self.others.total > 0 => {
                let shown: Vec<&str> = patterns.iter().map(String::as_str).collect();
                Some(format!(
                    "{} with other hosts than {} not validated: {}; choose with --host",
                    counted(self.others.total, "exchange"),
                    shown.join(", "),
                    self.others.listed()
                ))
            }
            _ => None,
        }
    }
}

impl HostCounts {
    fn add(&mut self, authority: &str) {
        self.total += 1;
        if let Some(count) = self.by_name.get_mut(authority) {
            *count += 1;
        } else if self.by_name.len() < NAMES_MAX {
            self.by_name.insert(authority.to_owned(), 1);
        }
    }

    /// The most frequent hosts with their counts.
    fn listed(&self) -> String {
        let mut hosts: Vec<(&String, &u64)> = self.by_name.iter().collect();
        hosts.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        let more = hosts.len().saturating_sub(NAMES_SHOWN_MAX);
        hosts.truncate(NAMES_SHOWN_MAX);
        let mut listed: Vec<String> = hosts
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        if more > 0 {
            listed.push(format!("{more} more"));
        }
        listed.join(", ")
    }
}

/// A host as an argument: a name or an address, with or without a port; `*.example.com` is every
/// name below a domain, and `*` every host.
pub(super) fn parse_host(text: &str) -> Result<String, String> {
    let host = text.to_ascii_lowercase();
    if host.is_empty() || host.contains(['/', '@', '?', '#', ' ']) {
        let advice = match host.split_once("://") {
            Some((_, rest)) => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                format!("; try {}", &rest[..end])
            }
            None => String::new(),
        };
        return Err(format!(
            "expected a host such as api.example.com, localhost:8080 or *.example.com{advice}"
        ));
    }
    Ok(host)
}

/// Whether a host matches a pattern. A pattern without a port matches every port.
fn matches_host(pattern: &str, authority: &str) -> bool {
    let (pattern, pattern_port) = split_port(pattern);
    let (host, port) = split_port(authority);
    let is_default = |port: &str| matches!(port, "80" | "443");
    let same_port = match (pattern_port, port) {
        (None, _) => true,
        (Some(wanted), Some(found)) => wanted == found,
        (Some(wanted), None) => is_default(wanted),
    };
    same_port && matches_wildcard(pattern, host)
}

/// Host and port; the brackets of an IPv6 address stay.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Whether a text matches a pattern in which `*` stands for one or more characters. The search takes
/// time in proportion to the product of the lengths.
fn matches_wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut pattern_at, mut text_at) = (0, 0);
    // Where the pattern continues after the last `*`, and the end of what that one stands for.
    let mut last_wildcard: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(pattern_at), text.get(text_at)) {
            (None, None) => return true,
            (Some(b'*'), Some(_)) => {
                last_wildcard = Some((pattern_at + 1, text_at + 1));
                pattern_at += 1;
                text_at += 1;
            }
            (Some(wanted), Some(found)) if wanted == found => {
                pattern_at += 1;
                text_at += 1;
            }
            _ => match last_wildcard {
                Some((after, end)) if end < text.len() => {
                    last_wildcard = Some((after, end + 1));
                    pattern_at = after;
                    text_at = end + 1;
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_hosts_and_ports() {
        let check = |pattern: &str, authority: &str, expected| {
            assert_eq!(
                matches_host(pattern, authority),
                expected,
                "{pattern} {authority}"
            );
        };
        check("api.example.com", "api.example.com", true);
        check("api.example.com", "api.example.com:8443", true);
        check("api.example.com:8443", "api.example.com", false);
        check("api.example.com:443", "api.example.com", true);
        check("localhost:8080", "localhost:3000", false);
        check("*.example.com", "a.b.example.com:1", true);
        check("*.example.com", "example.com", false);
        check("*.example.com", ".example.com", false);
        check("*", "anything:1", true);
        check("*.api.*.example.com", "eu.api.x.example.com", true);
        check("*.api.*.example.com", "eu.api.example.com", false);
        check("[::1]", "[::1]:8080", true);
        check("[::1]:80", "[::1]:8080", false);
        check("*.example.com", "a.example.com.example.com", true);
        check("a.example.com", "b.a.example.com", false);
        check("a.example", "a.example.com", false);
    }

    #[test]
    fn hosts_as_arguments() {
        assert_eq!(
            parse_host("API.example.com"),
            Ok("api.example.com".to_owned())
        );
        let error = parse_host("https://api.example.com/v1").unwrap_err();
        assert!(error.ends_with("; try api.example.com"), "{error}");
        assert!(parse_host("").is_err());
    }

    #[test]
    fn lists_the_most_frequent_hosts() {
        let mut hosts = RecordedHosts {
            filter: HostFilter::Patterns(vec!["a".to_owned()]),
            validated: HostCounts::default(),
            others: HostCounts::default(),
        };
        assert_eq!(hosts.note(), None);
        for host in ["a", "b", "c", "c", "d", "e", "f", "g"] {
            hosts.takes(Some(host));
        }
        assert!(hosts.takes(None));
        assert_eq!(hosts.others(), 7);
        assert_eq!(
            hosts.note().unwrap(),
            "7 exchanges with other hosts than a not validated: c 2, b 1, d 1, e 1, f 1, 1 more; choose with --host"
        );
    }
}
