//! The routes of the admin port: one table, by which requests are told apart and `/` is written.

use std::fmt::Write;

use http::{Method, StatusCode};

use super::admin_response::AdminRefusal;

/// What a request is about; the text is its part of the path.
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
    /// An override of breakers of a service: everybody's, a squad's, or those of one tier.
    Override {
        service: &'p str,
        squad: &'p str,
        tier: Option<&'p str>,
    },
    /// What passes all services.
    Traffic,
    /// What passes a service.
    ServiceTraffic { service: &'p str },
    /// Whose the services are.
    Owners,
    /// All deploy windows.
    DeployWindows,
    /// Opening the deploy window of a service.
    OpenWindow { service: &'p str },
    /// Closing it.
    CloseWindow { service: &'p str },
    /// The contracts of all services.
    Contracts,
    /// The contract of a service.
    Contract { service: &'p str },
    /// Reading it again.
    Reload { service: &'p str },
    /// What its candidate has come to.
    Candidate { service: &'p str },
    /// Proposing a candidate, at the same path.
    Propose { service: &'p str },
    /// Putting the candidate in force.
    Promote { service: &'p str },
    /// Forgetting the candidate.
    Drop { service: &'p str },
    /// Reading the configuration again.
    ReloadConfig,
}

/// Every route as it is shown: method, path, and what it does.
const SHOWN: [(&str, &str, &str); 22] = [
    ("GET", "/livez", "whether the process runs"),
    ("GET", "/readyz", "whether it is ready for traffic"),
    ("GET", "/metrics", "metrics for Prometheus"),
    ("GET", "/breakers", "breakers, shares and budgets"),
    ("GET", "/breakers/{service}", "those of one service"),
    ("POST", "/breakers/{service}/everybody", OVERRIDE),
    ("POST", "/breakers/{service}/{squad}", OVERRIDE),
    ("POST", "/breakers/{service}/{squad}/{tier}", OVERRIDE),
    (
        "GET",
        "/traffic",
        "what passes, and what departs from contracts",
    ),
    ("GET", "/traffic/{service}", "that of one service"),
    ("GET", "/owners", "whose the services are"),
    ("GET", "/deploy-windows", "deploy windows"),
    (
        "POST",
        "/deploy-windows/{service}/open",
        r#"{"for": "10m", "reason": "…"}"#,
    ),
    ("POST", "/deploy-windows/{service}/close", "{}"),
    ("GET", "/contracts", "contracts and their revisions"),
    ("GET", "/contracts/{service}", "that of one service"),
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
    ("POST", "/config/reload", "{}"),
];

const OVERRIDE: &str = r#"{"override": "open|disabled|observe|auto", "reason": "…"}"#;

impl<'p> AdminRoute<'p> {
    /// The route of a path, the one for looking where there is another.
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
            ["owners"] => Self::Owners,
            ["deploy-windows"] => Self::DeployWindows,
            ["contracts"] => Self::Contracts,
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

    /// The route of a request whose method it has.
    pub(super) fn find(method: &Method, path: &'p str) -> Result<Self, AdminRefusal> {
        let route = Self::of(path).ok_or_else(|| {
            AdminRefusal::new(StatusCode::NOT_FOUND, "nothing here; `/` lists the routes")
        })?;
        if let Self::Candidate { service } = route {
            return match *method {
                Method::GET | Method::HEAD => Ok(route),
                Method::POST => Ok(Self::Propose { service }),
                _ => Err(AdminRefusal::method("GET, HEAD, POST")),
            };
        }
        match (*method == Method::POST, route.is_change()) {
            (true, true) => Ok(route),
            (false, true) => Err(AdminRefusal::method("POST")),
            (false, false) if matches!(*method, Method::GET | Method::HEAD) => Ok(route),
            (_, false) => Err(AdminRefusal::method("GET, HEAD")),
        }
    }

    /// Whether machines ask for it, under whatever name they know the program by.
    pub(super) const fn is_probe(self) -> bool {
        matches!(self, Self::Live | Self::Ready | Self::Metrics)
    }

    /// Whether it changes something.
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
            | Self::Owners
            | Self::DeployWindows
            | Self::Contracts
            | Self::Contract { .. }
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

/// The text of `/`.
pub(super) fn index() -> String {
    let mut text = String::new();
    for (method, path, what) in SHOWN {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{method:<4} {path:<38} {what}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_that_is_shown_is_one() {
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
    fn other_paths_are_none() {
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
            "/config",
            "/LIVEZ",
            "*",
        ] {
            assert_eq!(AdminRoute::of(path), None, "{path}");
        }
    }
}
