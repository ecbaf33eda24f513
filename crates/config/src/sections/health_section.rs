//! `[services.health]`: how the servers of a service are checked.

use std::time::Duration;

use portcullis_vocabulary::limits::DURATION_MAX;

use crate::tree::config_value::{ConfigValueResult, boolean, count, duration, text};
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// The longest name of a service of gRPC.
const GRPC_SERVICE_BYTES_MAX: usize = 127;

/// How the servers of a service are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheckConfig {
    /// What a healthy server answers.
    pub probe: HealthProbe,
    /// The time from one check to the next. A check that takes longer delays the next one.
    pub interval: Duration,
    /// Time for one check.
    pub timeout: Duration,
    /// How many checks in a row must fail until a server is unhealthy.
    pub unhealthy_after: u32,
    /// How many checks in a row must pass until it is healthy again.
    pub healthy_after: u32,
}

/// What a healthy server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthProbe {
    /// A GET of this path, with a status from 200 to 399.
    Path(String),
    /// `grpc.health.v1.Health/Check` for the service of this name, with `SERVING`; the empty name is the
    /// server as a whole.
    Grpc(String),
}

impl Default for HealthCheckConfig {
    fn default() -> Self {
        Self {
            probe: HealthProbe::Path("/".to_owned()),
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            unhealthy_after: 3,
            healthy_after: 2,
        }
    }
}

/// Reads the section; nothing if servers are not checked.
pub(super) fn read_health(
    mut section: ConfigSection<'_>,
    has_server: bool,
) -> Option<HealthCheckConfig> {
    let location = section.location().clone();
    let default = HealthCheckConfig::default();
    let s = &mut section;
    let probe = read_probe(s);
    let time = || duration(Duration::from_millis(10)..=DURATION_MAX);
    let health = HealthCheckConfig {
        probe: probe.clone().unwrap_or_else(|| default.probe.clone()),
        interval: s.value("interval", default.interval, time()),
        timeout: s.value("timeout", default.timeout, time()),
        unhealthy_after: s.value("unhealthy_after", default.unhealthy_after, count(1..=100)),
        healthy_after: s.value("healthy_after", default.healthy_after, count(1..=100)),
    };
    let is_set = probe.is_some() || health != default;
    if is_set && !has_server {
        let message = "has no effect without an upstream server; remove it";
        section.refuse_at(location, "", message);
    } else if is_set && probe.is_none() {
        let message = "is missing: the path that a healthy server answers, such as \"/healthz\"; for a \
                       server of gRPC, set grpc = true instead";
        section.refuse_at(location, "path", message);
    }
    section.finish();
    probe.map(|_| health)
}

/// The probe, if one is configured. Of a refused one, the section is still read.
fn read_probe(s: &mut ConfigSection<'_>) -> Option<HealthProbe> {
    let has_path = s.has("path");
    let (at_path, at_service) = (s.location_of("path"), s.location_of("grpc_service"));
    let path = s.read("path", probe_path);
    let is_grpc = s.value("grpc", false, boolean);
    let has_service = s.has("grpc_service");
    let service = s.read("grpc_service", grpc_service);
    if is_grpc && has_path {
        let message = "has no effect next to grpc = true; remove one of them";
        s.refuse_at(at_path, "path", message);
    } else if has_service && !is_grpc {
        let message = "has no effect without grpc = true";
        s.refuse_at(at_service, "grpc_service", message);
    }
    if is_grpc {
        return Some(HealthProbe::Grpc(service.unwrap_or_default()));
    }
    let path = path.or_else(|| has_path.then(|| "/".to_owned()));
    path.map(HealthProbe::Path)
}

/// A path with an optional query, as a request line has it.
fn probe_path(node: &ConfigNode) -> ConfigValueResult<String> {
    let is_plain = |c: u8| c.is_ascii_graphic() && c != b'#';
    let path = text(node).ok();
    let path = path.filter(|path| path.starts_with('/') && path.bytes().all(is_plain));
    path.ok_or_else(|| ConfigValueError::expected("a path such as \"/healthz\""))
}

/// The full name of a service of gRPC.
fn grpc_service(node: &ConfigNode) -> ConfigValueResult<String> {
    let is_name = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_');
    let name = text(node).ok();
    let name = name.filter(|name| {
        !name.is_empty() && name.len() <= GRPC_SERVICE_BYTES_MAX && name.bytes().all(is_name)
    });
    name.ok_or_else(|| ConfigValueError::expected("the name of a service such as \"shop.Items\""))
}
