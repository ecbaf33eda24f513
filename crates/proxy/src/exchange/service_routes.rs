//! Finds the service of a request by host and path.
//!
//! The result is that of [`ServiceConfig::rank`]: the most specific host wins, then the longest
//! path prefix. But the time does not grow with the number of services: hosts and prefixes are
//! found by their text, and prefixes and suffixes are tried from the longest to the shortest.

use std::borrow::Cow;
use std::collections::HashMap;

use portcullis_config::{HostPattern, ServiceConfig};

/// The services by host and path prefix.
#[derive(Debug, Default)]
pub(super) struct ServiceRoutes {
    /// By host, in lower case.
    exact: HashMap<String, PrefixRoutes>,
    /// By suffix, which begins with a dot.
    suffixes: HashMap<String, PrefixRoutes>,
    any: PrefixRoutes,
}

/// The services of one host pattern.
#[derive(Debug, Default)]
struct PrefixRoutes {
    by_prefix: HashMap<String, usize>,
    /// The length of the longest prefix.
    longest: usize,
    /// The service of every path.
    root: Option<usize>,
}

impl ServiceRoutes {
    /// The routes of these services, which are known by their position.
    pub(super) fn new<'s>(services: impl Iterator<Item = &'s ServiceConfig>) -> Self {
        let mut routes = Self::default();
        for (index, service) in services.enumerate() {
            for host in &service.hosts {
                let prefixes = match host {
                    HostPattern::Exact(name) => routes.exact.entry(name.clone()).or_default(),
                    HostPattern::Suffix(suffix) => {
                        routes.suffixes.entry(suffix.clone()).or_default()
                    }
                    HostPattern::Any => &mut routes.any,
                };
                prefixes.add(service.route_prefix().as_str(), index);
            }
        }
        routes
    }

    /// The position of the service of a host (without port) and a raw path.
    pub(super) fn find(&self, host: &str, path: &str) -> Option<usize> {
        self.find_by_host(host, path)
            .or_else(|| self.any.find(path))
    }

    fn find_by_host(&self, host: &str, path: &str) -> Option<usize> {
        if self.exact.is_empty() && self.suffixes.is_empty() {
            return None;
        }
        let host = lower_case(host);
        let find = |prefixes: &PrefixRoutes| prefixes.find(path);
        self.exact.get(&*host).and_then(find).or_else(|| {
            if self.suffixes.is_empty() {
                return None;
            }
            // A suffix needs a label before it.
            let dots = host.match_indices('.').filter(|(at, _)| *at > 0);
            let mut suffixes = dots.map(|(at, _)| &host[at..]);
            suffixes.find_map(|suffix| self.suffixes.get(suffix).and_then(find))
        })
    }
}

impl PrefixRoutes {
    fn add(&mut self, prefix: &str, index: usize) {
        if prefix == "/" {
            self.root = Some(index);
        } else {
            self.longest = self.longest.max(prefix.len());
            self.by_prefix.insert(prefix.to_owned(), index);
        }
    }

    fn find(&self, path: &str) -> Option<usize> {
        self.find_by_prefix(path).or(self.root)
    }

    /// Tries the whole path, and what is before each slash, from the longest to the shortest.
    fn find_by_prefix(&self, path: &str) -> Option<usize> {
        let longest = self.longest;
        let mut end = match path.as_bytes().get(..=longest) {
            Some(start) => memchr::memrchr(b'/', start)?,
            None => path.len(),
        };
        while end > 0 {
            if let Some(index) = self.by_prefix.get(&path[..end]) {
                return Some(*index);
            }
            end = memchr::memrchr(b'/', &path.as_bytes()[..end])?;
        }
        None
    }
}

/// The host in lower case. Most are.
fn lower_case(host: &str) -> Cow<'_, str> {
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_config::{Config, PathPrefix, UpstreamTarget};

    fn service(hosts: Vec<HostPattern>, prefix: &str) -> ServiceConfig {
        let config = Config::single("openapi.yaml", UpstreamTarget::Mock);
        ServiceConfig {
            hosts,
            path_prefix: PathPrefix::parse(prefix).unwrap(),
            ..config.services[0].clone()
        }
    }

    fn pick<'t>(random: &mut fastrand::Rng, texts: &[&'t str]) -> &'t str {
        texts[random.usize(..texts.len())]
    }

    fn host_pattern(random: &mut fastrand::Rng) -> HostPattern {
        let name = pick(random, &["a.b.c", "b.c", "c", "x.b.c", "localhost"]);
        match random.u8(..3) {
            0 => HostPattern::Exact(name.to_owned()),
            1 => HostPattern::Suffix(format!(".{name}")),
            _ => HostPattern::Any,
        }
    }

    /// A path of the segments that prefixes have too.
    fn path(random: &mut fastrand::Rng) -> String {
        let segment = |random: &mut fastrand::Rng| {
            let segments = ["a", "b", "ab", "", "a-b", "ä", "%41"];
            format!("/{}", pick(random, &segments))
        };
        (0..random.usize(..5)).map(|_| segment(random)).collect()
    }

    #[test]
    fn finds_what_ranks_highest() {
        for seed in 0..3000 {
            let mut random = fastrand::Rng::with_seed(seed);
            let random = &mut random;
            let mut services: Vec<ServiceConfig> = Vec::new();
            for _ in 0..random.usize(1..12) {
                let prefix = path(random);
                let Some(prefix) = PathPrefix::parse(&prefix) else {
                    continue;
                };
                let hosts = vec![host_pattern(random), host_pattern(random)];
                // A configuration with an ambiguous route is refused.
                let is_taken = |other: &ServiceConfig| {
                    other.path_prefix == prefix
                        && other.hosts.iter().any(|host| hosts.contains(host))
                };
                if !services.iter().any(is_taken) {
                    services.push(service(hosts, prefix.as_str()));
                }
            }
            let routes = ServiceRoutes::new(services.iter());
            for _ in 0..50 {
                let host = pick(
                    random,
                    &[
                        "a.b.c",
                        "A.b.C",
                        "y.b.c",
                        ".b.c",
                        "c",
                        "",
                        "d..b.c",
                        "localhost",
                        "ü.c",
                    ],
                );
                let path = path(random);
                let ranked = services.iter().enumerate();
                let ranked =
                    ranked.filter_map(|(index, service)| Some((service.rank(host, &path)?, index)));
                let best = ranked.max_by(|left, right| left.0.cmp(&right.0));
                let best = best.map(|(_, index)| index);
                assert_eq!(
                    routes.find(host, &path),
                    best,
                    "{seed}: {host} {path} {services:?}"
                );
            }
        }
    }
}
