//! `[egress]`: the calls that services make, through a forward proxy and the addresses of vendors.

use std::path::Path;
use std::time::Duration;

use portcullis_egress::{AddressPolicy, DenyRule};
use portcullis_vocabulary::limits::DURATION_MAX;
use portcullis_vocabulary::{Catalog, ConfigLocation};

use super::listen_address::{ListenAddress, parse_addresses};
use super::port_tls_section::{PortTlsConfig, read_port_tls};
use crate::tree::config_value::{count, duration, network, parsed, text, word};
use crate::tree::{ConfigSection, suggestion};

/// The most calls at the same time that can be configured.
const CALLS_MAX: usize = 1_000_000;

/// What happens to calls that the catalog does not declare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UndeclaredPolicy {
    /// They pass, and are not compared with the catalog.
    Open,
    /// They pass, and are reported.
    #[default]
    Report,
    /// They are refused.
    Enforce,
}

/// The calls that services make, section `[egress]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressConfig {
    /// The addresses of the forward proxy; empty if it is off.
    pub listen_addresses: Vec<ListenAddress>,
    /// TLS of the forward proxy and of the addresses of vendors, `egress.tls`.
    pub tls: PortTlsConfig,
    /// The service that makes all calls; `None` where each request says who calls.
    pub service: Option<String>,
    /// What happens to calls that are not declared, `egress.default`.
    pub undeclared: UndeclaredPolicy,
    /// Most calls and tunnels at the same time.
    pub calls_max: usize,
    /// How long a tunnel may be silent.
    pub tunnel_idle_timeout: Duration,
    /// The addresses that may be dialled.
    pub addresses: AddressPolicy,
}

impl UndeclaredPolicy {
    /// Each policy with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("open", Self::Open),
        ("report", Self::Report),
        ("enforce", Self::Enforce),
    ];

    /// The name in the configuration.
    pub fn as_str(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, policy)| *policy == self);
        named.map_or("", |(name, _)| name)
    }
}

impl EgressConfig {
    /// Whether there is a forward proxy.
    pub fn is_on(&self) -> bool {
        !self.listen_addresses.is_empty()
    }
}

impl Default for EgressConfig {
    fn default() -> Self {
        Self {
            listen_addresses: Vec::new(),
            tls: PortTlsConfig::default(),
            service: None,
            undeclared: UndeclaredPolicy::default(),
            calls_max: 1000,
            tunnel_idle_timeout: Duration::from_secs(300),
            addresses: AddressPolicy {
                deny: vec![DenyRule::NotPublic],
                ..AddressPolicy::default()
            },
        }
    }
}

/// Reads `[egress]`.
pub(crate) fn read_egress(
    mut section: ConfigSection<'_>,
    catalog: Option<&Catalog>,
    directory: &Path,
) -> EgressConfig {
    let default = EgressConfig::default();
    let listen_addresses = section.read("address", parse_addresses(directory));
    let location = section.location_of("service");
    let service = section.read("service", text);
    if let Some(service) = &service {
        check_service(&mut section, service, location, catalog);
    }
    let undeclared = word(&UndeclaredPolicy::NAMES);
    let undeclared = section.value("default", default.undeclared, undeclared);
    let calls_max = section.value("calls_max", default.calls_max, count(1..=CALLS_MAX));
    let idle = duration(Duration::from_secs(1)..=DURATION_MAX);
    let tunnel_idle_timeout =
        section.value("tunnel_idle_timeout", default.tunnel_idle_timeout, idle);
    let tls = read_port_tls(section.section("tls"), &default.tls, directory);
    let addresses = read_addresses(section.section("addresses"), default.addresses);
    section.finish();
    EgressConfig {
        listen_addresses: listen_addresses.unwrap_or_default(),
        tls,
        service,
        undeclared,
        calls_max,
        tunnel_idle_timeout,
        addresses,
    }
}

/// Reports a service that no squad lists: none of its calls would be declared.
fn check_service(
    section: &mut ConfigSection<'_>,
    service: &str,
    location: ConfigLocation,
    catalog: Option<&Catalog>,
) {
    let Some(catalog) = catalog.filter(|catalog| catalog.provider_of(service).is_none()) else {
        return;
    };
    let squads = catalog.squads().iter();
    let known = squads.flat_map(|squad| squad.services.iter().map(String::as_str));
    let advice = suggestion(service, known);
    let message =
        format!("expected a service that a squad of the catalog lists, found {service:?}{advice}");
    section.refuse_at(location, "service", message);
}

fn read_addresses(mut section: ConfigSection<'_>, default: AddressPolicy) -> AddressPolicy {
    let policy = AddressPolicy {
        deny: section.list("deny", parsed).unwrap_or(default.deny),
        allow: section.list("allow", network).unwrap_or(default.allow),
        private_hosts: section
            .list("private_hosts", parsed)
            .unwrap_or(default.private_hosts),
    };
    section.finish();
    policy
}
