//! The routes of the admin port. One table routes requests and generates the list at `/`.

use std::fmt::Write;

use http::{Method, StatusCode};

use super::admin_response::AdminRefusal;

/// A route. The fields are segments of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AdminRoute<'p> {
    /// The list of routes.
    Index,
    /// Whether the process runs.
    Live,
    /// Whether it is ready for traffic.
    Ready,
    /// Metrics for Prometheus.
    Metrics,
    /// All breakers.
    Breakers,
    /// The breakers of a service.
    Breaker { service: &'p str },
    /// An override of breakers: the one for all callers, all of a squad, or those of one tier.
    Override {
        service: &'p str,
        squad: &'p str,
        tier: Option<&'p str>,
    },
    /// The traffic of all services.
    Traffic,
    /// The traffic of a service.
    ServiceTraffic { service: &'p str },
    /// The deprecated operations of the services, and their callers.
    Deprecations,
    /// The objectives of the services, and their error budgets.
    Objectives,
    /// The hosts that services call.
    Dependencies,
    /// The owners of the services.
    Owners,
    /// All deploy windows.
    DeployWindows,
    /// Opens the deploy window of a service.
    OpenWindow { service: &'p str },
    /// Closes the deploy window of a service.
    CloseWindow { service: &'p str },
    /// The certificates that are loaded.
    Tls,
    /// The servers of services that have several, or health checks.
    Upstreams,
    /// The contracts of all services.
    Contracts,
    /// The contract of a service.
    Contract { service: &'p str },
    /// Reloads the contract of a service.
    Reload { service: &'p str },
    /// The report of a service's candidate.
    Candidate { service: &'p str },
    /// Proposes a candidate. The path is the same as that of `Candidate`.
    Propose { service: &'p str },
    /// Activates the candidate.
    Promote { service: &'p str },
    /// Drops the candidate.
    Drop { service: &'p str },
    /// The active configuration.
    Config,
    /// Reloads the configuration.
    ReloadConfig,
}

/// Every route as listed at `/`: method, path and purpose.
const SHOWN: [(&str, &str, &str); 28] = [
    ("GET", "/livez", "whether the process runs"),
    ("GET", "/readyz", "whether it is ready for traffic"),
    ("GET", "/metrics", "metrics for Prometheus"),
    ("GET", "/breakers", "breakers, shares and budgets"),
    ("GET", "/breakers/{service}", "the same for one service"),
    ("POST", "/breakers/{service}/everybody", OVERRIDE),
    ("POST", "/breakers/{service}/{squad}", OVERRIDE),
    ("POST", "/breakers/{service}/{squad}/{tier}", OVERRIDE),
    (
        "GET",
        "/traffic",
        "observed traffic and contract violations",
    ),
    ("GET", "/traffic/{service}", "the same for one service"),
    (
        "GET",
        "/deprecations",
        "deprecated operations and their callers",
    ),
    ("GET", "/slo", "objectives and their error budgets"),
    ("GET", "/dependencies", "hosts that services call"),
    ("GET", "/owners", "owners of the services"),
    ("GET", "/deploy-windows", "deploy windows"),
    (
        "POST",
        "/deploy-windows/{service}/open",
        r#"{"for": "10m", "reason": "…"}"#,
    ),
    ("POST", "/deploy-windows/{service}/close", "{}"),
    ("GET", "/tls", "certificates, and files that cannot be used"),
    (
        "GET",
        "/upstreams",
        "servers of upstreams, and whether they are healthy",
    ),
    ("GET", "/contracts", "contracts and their revisions"),
    ("GET", "/contracts/{service}", "the same for one service"),
    ("POST", "/contracts/{service}/reload", "{}"),
    (
        "GET",
        "/contracts/{service}/candidate",
        "what the candidate would refuse",
    ),
    (
        "POST",
        "/contracts/{service}/candidate",
        "the next contract, as YAML or JSON",
    ),
    ("POST", "/contracts/{service}/candidate/promote", "{}"),
    ("POST", "/contracts/{service}/candidate/drop", "{}"),
    ("GET", "/config", "the active configuration"),
    ("POST", "/config/reload", "{}"),
];

const OVERRIDE: &str = r#"{"override": "open|disabled|observe|auto", "reason": "…"}"#;

impl<'p> AdminRoute<'p> {
    /// The route of a path. Where a path has two routes, this is the one for GET.
    pub(super) fn of(path: &'p str) -> Option<Self> {
        let mut parts = [""; 4];
        let mut count = 0;
        for part in path.strip_prefix('/')?.split('/') {
            *parts.get_mut(count)? = part;
            count += 1;
        }
        Some(match parts[..count] {
            [""] => Self::Index,
            ["livez"] => Self::Live,
            ["readyz"] => Self::Ready,
            ["metrics"] => Self::Metrics,
            ["breakers"] => Self::Breakers,
            ["traffic"] => Self::Traffic,
            ["deprecations"] => Self::Deprecations,
            ["slo"] => Self::Objectives,
            ["dependencies"] => Self::Dependencies,
            ["owners"] => Self::Owners,
            ["deploy-windows"] => Self::DeployWindows,
            ["tls"] => Self::Tls,
            ["upstreams"] => Self::Upstreams,
            ["contracts"] => Self::Contracts,
            ["config"] => Self::Config,
            ["config", "reload"] => Self::ReloadConfig,
            [_, ..] if parts[1..count].contains(&"") => return None,
            ["breakers", service] => Self::Breaker { service },
            ["breakers", service, squad] => Self::Override {
                service,
                squad,
                tier: None,
            },
            ["breakers", service, squad, tier] => Self::Override {
                service,
                squad,
                tier: Some(tier),
            },
            ["traffic", service] => Self::ServiceTraffic { service },
            ["deploy-windows", service, "open"] => Self::OpenWindow { service },
            ["deploy-windows", service, "close"] => Self::CloseWindow { service },
            ["contracts", service] => Self::Contract { service },
            ["contracts", service, "reload"] => Self::Reload { service },
            ["contracts", service, "candidate"] => Self::Candidate { service },
            ["contracts", service, "candidate", "promote"] => Self::Promote { service },
            ["contracts", service, "candidate", "drop"] => Self::Drop { service },
            _ => return None,
        })
    }

    /// The route of a request, if it allows the method.
    pub(super) fn find(method: &Method, path: &'p str) -> Result<Self, AdminRefusal> {
        let route = Self::of(path).ok_or_else(|| {
            AdminRefusal::new(StatusCode::NOT_FOUND, "unknown route; `/` lists the routes")
        })?;
        if let Self::Candidate { service } = route {
            return match *method {
                Method::GET | Method::HEAD => Ok(route),
                Method::POST => Ok(Self::Propose { service }),
                _ => Err(AdminRefusal::method("GET, HEAD, POST")),
            };
        }
        match *method {
            Method::POST if route.is_change() => Ok(route),
            _ if route.is_change() => Err(AdminRefusal::method("POST")),
            Method::GET | Method::HEAD => Ok(route),
            _ => Err(AdminRefusal::method("GET, HEAD")),
        }
    }

    /// Whether monitoring systems call the route, which may use any host name.
    pub(super) const fn is_probe(self) -> bool {
        matches!(self, Self::Live | Self::Ready | Self::Metrics)
    }

    /// Whether the route changes something.
    pub(super) const fn is_change(self) -> bool {
        match self {
            Self::Index
            | Self::Live
            | Self::Ready
            | Self::Metrics
            | Self::Breakers
            | Self::Breaker { .. }
            | Self::Traffic
            | Self::ServiceTraffic { .. }
            | Self::Deprecations
            | Self::Objectives
            | Self::Dependencies
            | Self::Owners
            | Self::DeployWindows
            | Self::Tls
            | Self::Upstreams
            | Self::Contracts
            | Self::Contract { .. }
            | Self::Config
            | Self::Candidate { .. } => false,
            Self::Override { .. }
            | Self::OpenWindow { .. }
            | Self::CloseWindow { .. }
            | Self::Reload { .. }
            | Self::Propose { .. }
            | Self::Promote { .. }
            | Self::Drop { .. }
            | Self::ReloadConfig => true,
        }
    }
}

/// The list of routes at `/`.
pub(super) fn index() -> String {
    let mut text = String::new();
    for (method, path, what) in SHOWN {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{method:<4} {path:<38} {what}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_route_exists() {
        for (method, path, _) in SHOWN {
            let path = path.replace(['{', '}'], "");
            let method: Method = method.parse().unwrap();
            assert!(AdminRoute::find(&method, &path).is_ok(), "{method} {path}");
            let other = match method {
                _ if path.ends_with("/candidate") => Method::PUT,
                Method::GET => Method::POST,
                _ => Method::GET,
            };
            assert!(AdminRoute::find(&other, &path).is_err(), "{other} {path}");
        }
        assert!(index().starts_with("GET  /livez  "), "{}", index());
    }

    proptest::proptest! {
        #[test]
        fn no_path_panics(path in "(/?(breakers|deploy-windows|open|contracts|candidate|drop|a)?){0,8}|.{0,40}") {
            AdminRoute::of(&path);
        }
    }

    #[test]
    fn unknown_paths_have_no_route() {
        for path in [
            "",
            "//",
            "/breakers/",
            "/breakers//everybody",
            "/breakers/a/",
            "/breakers/a/b/gold/x",
            "/deploy-windows/a",
            "/deploy-windows//open",
            "/deploy-windows/a/open/",
            "/contracts/",
            "/contracts//reload",
            "/contracts/a/promote",
            "/contracts/a/candidate/",
            "/contracts/a/candidate/drop/x",
            "/config/",
            "/config/x",
            "/LIVEZ",
            "*",
        ] {
            assert_eq!(AdminRoute::of(path), None, "{path}");
        }
    }
}
