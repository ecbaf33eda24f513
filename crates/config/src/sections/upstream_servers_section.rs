//! Several servers behind one service: the further addresses of `upstream`, and how often names are
//! resolved again.

use std::path::Path;
use std::time::Duration;

use portcullis_vocabulary::ConfigLocation;
use portcullis_vocabulary::limits::DURATION_MAX;

use super::health_section::{HealthCheckConfig, read_health};
use super::listen_address::UNIX_SCHEME;
use super::upstream_target::{UpstreamTarget, parse_upstream};
use crate::tree::config_value::{ConfigValueResult, duration};
use crate::tree::{ConfigNode, ConfigSection, ConfigValue, ConfigValueError};

/// The most addresses of one upstream. A choice between them looks at each.
pub(super) const SERVERS_MAX: usize = 64;

/// The servers of a service, apart from the first one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamServersConfig {
    /// The further addresses, of the kind of the first one.
    pub others: Vec<UpstreamTarget>,
    /// The age at which names are resolved again. Every address of a name is a server then; without
    /// it, a name is one server.
    pub refresh: Option<Duration>,
    /// How servers are checked; nothing if they are not.
    pub health: Option<HealthCheckConfig>,
}

impl UpstreamServersConfig {
    /// Whether requests are divided between servers that are watched.
    pub const fn is_balanced(&self) -> bool {
        !self.others.is_empty() || self.refresh.is_some() || self.health.is_some()
    }
}

/// One address, or a list of them. The text of a variable is split at commas.
pub(super) fn parse_upstreams(
    directory: &Path,
) -> impl Fn(&ConfigNode) -> ConfigValueResult<Vec<UpstreamTarget>> {
    move |node| {
        let part = |text: &str| ConfigNode {
            value: ConfigValue::Untyped(text.trim().to_owned()),
            location: node.location.clone(),
        };
        let parts = match &node.value {
            ConfigValue::List(items) => items.clone(),
            ConfigValue::Untyped(several) => several.split(',').map(part).collect(),
            _ => vec![node.clone()],
        };
        let parse = parse_upstream(directory);
        let targets: Vec<_> = parts.iter().map(parse).collect::<Result<_, _>>()?;
        check_servers(&targets)?;
        Ok(targets)
    }
}

fn check_servers(targets: &[UpstreamTarget]) -> ConfigValueResult<()> {
    let is_repeated = |at: usize| targets[..at].contains(&targets[at]);
    if targets.is_empty() || targets.len() > SERVERS_MAX || (0..targets.len()).any(is_repeated) {
        let expected = format!("1 to {SERVERS_MAX} different addresses");
        return Err(ConfigValueError::expected(expected));
    }
    let kind = std::mem::discriminant(&targets[0]);
    let is_alike = targets.iter().all(|of| std::mem::discriminant(of) == kind);
    let are_servers = is_alike && targets[0].has_server();
    if targets.len() > 1 && !are_servers {
        let expected = format!(
            "addresses with one scheme: all \"http://\", \"h2c://\", \"https://\" or \"{UNIX_SCHEME}\""
        );
        return Err(ConfigValueError::expected(expected));
    }
    Ok(())
}

/// Reads `upstream_refresh` and `[services.health]`. `targets` are nothing if they are invalid;
/// `location` is theirs.
pub(super) fn read_servers(
    section: &mut ConfigSection<'_>,
    targets: Option<&[UpstreamTarget]>,
) -> UpstreamServersConfig {
    let location = section.location_of("upstream_refresh");
    let refresh = duration(Duration::from_secs(1)..=DURATION_MAX);
    let refresh = section.read("upstream_refresh", refresh);
    let has_names = targets.is_none_or(|of| of[0].address().is_some());
    if refresh.is_some() && !has_names {
        let message = "has no effect, because the upstream has no name; remove it";
        section.refuse_at(location, "upstream_refresh", message);
    }
    let has_server = targets.is_none_or(|of| of[0].has_server());
    UpstreamServersConfig {
        others: targets.map_or_else(Vec::new, |of| of[1..].to_vec()),
        refresh,
        health: read_health(section.section("health"), has_server),
    }
}

/// Refuses `https` upstreams with several hosts and one name for their certificates: nothing says
/// which one that is.
pub(super) fn check_tls_names(
    section: &mut ConfigSection<'_>,
    location: ConfigLocation,
    targets: &[UpstreamTarget],
    server_name: Option<&str>,
) {
    let UpstreamTarget::Https(first) = &targets[0] else {
        return;
    };
    let mut hosts = targets.iter().filter_map(UpstreamTarget::address);
    if server_name.is_none() && hosts.any(|address| address.host != first.host) {
        let message = "has several hosts, and the certificates of all servers must have one name; set \
                       upstream_tls.server_name";
        section.refuse_at(location, "upstream", message);
    }
}
