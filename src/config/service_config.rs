//! One service: its contract, its upstream, and which requests are its own.
//!
//! A request belongs to the service whose host pattern is the most specific that matches, and
//! among those to the one with the longest path prefix. Two services with one host and one
//! prefix are refused when the configuration is read, so there is always one answer.

use std::fmt;
use std::path::{Path, PathBuf};

use super::ReloadConfig;
use portcullis_vocabulary::SquadName;
use portcullis_vocabulary::{EnforcementPolicy, Protection};

/// An HTTP service with one contract and one upstream, section `[[services]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceConfig {
    /// Its name in metrics, logs and answers, unique in the configuration: 1 to 64 characters
    /// of `a-z 0-9 . _ -`.
    pub name: String,
    /// The squad that provides it.
    pub squad: Option<SquadName>,
    /// Where its contract is.
    pub contract: ContractSource,
    /// Where its requests go.
    pub upstream: UpstreamTarget,
    /// The hosts that it answers for; never empty.
    pub hosts: Vec<HostPattern>,
    /// The paths that it answers for. Nothing is stripped from them.
    pub path_prefix: PathPrefix,
    /// Replaces the base paths that the contract's `servers` declare.
    pub base_paths: Option<Vec<String>>,
    /// What happens to CORS preflights of operations that do not declare `OPTIONS`.
    pub preflight: PreflightPolicy,
    /// What is done about each class of violations.
    pub enforcement: EnforcementPolicy,
    /// A next contract that judges beside the one in force and decides nothing.
    pub candidate: Option<ContractSource>,
    /// How its contract changes.
    pub reload: ReloadConfig,
    /// Breakers, shares, budgets and retries.
    pub protection: Protection,
    /// Whether the service knows no squads: it gets no squad headers, and violations are
    /// reported only.
    pub legacy: bool,
    /// The commit that it was built from, for those who ask who owns it.
    pub commit: Option<String>,
    /// The risk score that its deployment was let out with, for its spans.
    pub risk_score: Option<u32>,
}

/// Where a contract is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContractSource {
    /// In a file, ready to be opened.
    File(PathBuf),
    /// At an `http`, `https` or `s3` address.
    Address(String),
}

/// Where a service's requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamTarget {
    /// Nowhere: answers come from the contract's own examples.
    Mock,
    /// To an HTTP/1.1 server.
    Http(UpstreamAddress),
}

/// The address of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamAddress {
    /// A name or an IP address; IPv6 without its brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

/// Which hosts a service answers for. The order is that of precedence, the first wins: exact
/// names, then longer suffixes before shorter, then any host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// This host alone, in lower case.
    Exact(String),
    /// Every host below this suffix, which begins with a dot: `*.example.com` is
    /// `.example.com`, and `example.com` itself is not among them.
    Suffix(String),
    /// Every host.
    Any,
}

/// The beginning of a path, matched on whole segments: `/orders` is the prefix of `/orders`
/// and `/orders/7`, not of `/orders-archive`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPrefix(String);

/// What happens to a CORS preflight (`OPTIONS` with `Access-Control-Request-Method`) where the
/// contract declares the path but no `OPTIONS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PreflightPolicy {
    /// It goes to the upstream, which knows its own CORS rules.
    #[default]
    Pass,
    /// It is an unknown method like any other.
    Reject,
}

impl ServiceConfig {
    /// The longest name, in characters.
    pub const NAME_CHARS_MAX: usize = 64;

    /// A service that answers for every host and path, named after its contract.
    pub(super) fn single(contract: PathBuf, upstream: UpstreamTarget) -> Self {
        Self {
            name: name_of_contract(&contract),
            squad: None,
            contract: ContractSource::File(contract),
            upstream,
            hosts: vec![HostPattern::Any],
            path_prefix: PathPrefix::root(),
            base_paths: None,
            preflight: PreflightPolicy::default(),
            enforcement: EnforcementPolicy::default(),
            candidate: None,
            reload: ReloadConfig::default(),
            protection: Protection::default(),
            legacy: false,
            commit: None,
            risk_score: None,
        }
    }

    /// Whether a service may bear this name.
    pub fn is_valid_name(name: &str) -> bool {
        (1..=Self::NAME_CHARS_MAX).contains(&name.len()) && name.chars().all(is_name_char)
    }

    /// How well the service matches, the greater the better; `None` when it does not.
    /// `host` is without its port, `path` is the raw path of the request target.
    pub fn rank(&self, host: &str, path: &str) -> Option<impl Ord + use<>> {
        if !self.path_prefix.matches(path) {
            return None;
        }
        let host = self
            .hosts
            .iter()
            .filter_map(|pattern| pattern.rank(host))
            .max()?;
        Some((host, self.path_prefix.as_str().len()))
    }
}

impl ContractSource {
    /// The file, where it is one.
    pub fn as_file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Address(_) => None,
        }
    }
}

impl fmt::Display for ContractSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            // Whoever signs addresses does so in the query.
            Self::Address(address) => f.write_str(
                address
                    .split_once('?')
                    .map_or(address, |(before, _)| before),
            ),
        }
    }
}

impl PreflightPolicy {
    /// Each choice with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("pass", Self::Pass), ("reject", Self::Reject)];
}

impl fmt::Display for UpstreamAddress {
    /// The authority of a URL or a `Host` header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for UpstreamTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mock => f.write_str("mock"),
            Self::Http(address) => write!(f, "http://{address}"),
        }
    }
}

impl HostPattern {
    /// How specific the pattern is for this host, the greater the more; `None` when the host
    /// does not match. Hosts are compared without regard to case (RFC 9110 section 4.2.3).
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

impl PathPrefix {
    /// The prefix of every path.
    pub fn root() -> Self {
        Self("/".into())
    }

    /// Takes a path that starts with `/`; a trailing `/` says nothing and is dropped. `None`
    /// for anything that cannot be the beginning of a path as it stands in a request: empty
    /// or dot segments, characters outside RFC 3986 section 3.3.
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

    /// Whether the raw path of a request begins with this prefix.
    pub fn matches(&self, path: &str) -> bool {
        if self.0 == "/" {
            return true;
        }
        path.strip_prefix(self.0.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The prefix's text, `/` or without a trailing `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The bytes of a path segment that need no escape, RFC 3986 section 3.3 `pchar`. Escapes are
/// left out: a prefix is compared with raw paths, in which one escape has several spellings.
const fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'')
        || matches!(
            byte,
            b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
        )
}

/// Labels, file names and Kubernetes objects take these without quoting.
const fn is_name_char(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-')
}

/// Names a service after its contract: `petstore.yaml` is `petstore`, `orders/openapi.yaml` is
/// `orders`. A character that no name may have becomes `-`.
pub(super) fn name_of_contract(contract: &Path) -> String {
    let stem = contract
        .file_stem()
        .filter(|stem| *stem != "openapi" && *stem != "swagger");
    let stem = stem.or_else(|| contract.parent()?.file_name());
    let stem = stem
        .map(|stem| stem.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let chars = stem.chars().map(|c| if is_name_char(c) { c } else { '-' });
    let name: String = chars.take(ServiceConfig::NAME_CHARS_MAX).collect();
    if name.is_empty() {
        "service".into()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_matches_whole_segments() {
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
    fn only_the_beginning_of_a_raw_path_is_a_prefix() {
        for bad in [
            "", "orders", "//", "/a//b", "/a/../b", "/.", "/a?b", "/a#b", "/a b", "/%61", "/ü",
        ] {
            assert_eq!(PathPrefix::parse(bad), None, "{bad}");
        }
        assert_eq!(PathPrefix::parse("/v1/"), PathPrefix::parse("/v1"));
    }

    #[test]
    fn a_host_pattern_matches_whole_labels_in_any_case() {
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

    #[test]
    fn the_best_match_has_the_most_specific_host_and_then_the_longest_prefix() {
        let service = |name: &str, host, prefix| ServiceConfig {
            name: name.into(),
            hosts: vec![host],
            path_prefix: PathPrefix::parse(prefix).unwrap(),
            ..ServiceConfig::single("openapi.yaml".into(), UpstreamTarget::Mock)
        };
        let services = [
            service("rest", HostPattern::Any, "/"),
            service("any-orders", HostPattern::Any, "/orders"),
            service("suffix", HostPattern::Suffix(".example.com".into()), "/"),
            service(
                "longer-suffix",
                HostPattern::Suffix(".eu.example.com".into()),
                "/",
            ),
            service("exact", HostPattern::Exact("api.example.com".into()), "/v1"),
        ];
        let check = |host, path, name| {
            let ranked = services
                .iter()
                .filter_map(|service| Some((service.rank(host, path)?, service)));
            let best = ranked.max_by(|a, b| a.0.cmp(&b.0)).unwrap().1;
            assert_eq!(best.name, name, "{host} {path}");
        };
        check("localhost", "/", "rest");
        check("localhost", "/orders/7", "any-orders");
        check("a.example.com", "/orders/7", "suffix");
        check("a.eu.example.com", "/orders/7", "longer-suffix");
        check("api.example.com", "/v1/x", "exact");
        check("api.example.com", "/v2/x", "suffix");
    }

    #[test]
    fn a_single_service_is_named_after_its_contract() {
        let check = |path: &str, name: &str| {
            assert_eq!(
                ServiceConfig::single(path.into(), UpstreamTarget::Mock).name,
                name
            );
            assert!(ServiceConfig::is_valid_name(name));
        };
        check("petstore.yaml", "petstore");
        check("contracts/payments/orders/openapi.yaml", "orders");
        check("Pet Store.json", "pet-store");
        check("openapi.yaml", "service");
        check("/", "service");
    }

    #[test]
    fn an_address_prints_as_an_authority() {
        let check = |host: &str, text: &str| {
            let address = UpstreamAddress {
                host: host.into(),
                port: 80,
            };
            assert_eq!(UpstreamTarget::Http(address).to_string(), text);
        };
        check("orders", "http://orders:80");
        check("::1", "http://[::1]:80");
    }
}
