//! Settings that are legal and do not do what they seem to.

use std::net::IpAddr;

use portcullis_config::{Config, EffectiveKey, IdentitySource, ListenAddress, ServiceConfig};

use super::config_finding::ConfigFinding;

/// Keys that are about the files of Unix sockets for clients.
const LISTEN_FILE_KEYS: [&str; 3] = ["listen.unix_mode", "listen.unix_owner", "listen.unix_group"];

/// The same for the Unix socket for operators.
const ADMIN_FILE_KEYS: [&str; 3] = ["admin.unix_mode", "admin.unix_owner", "admin.unix_group"];

/// Looks for settings that do not do what they seem to.
pub(super) fn config_warnings(config: &Config) -> Vec<ConfigFinding> {
    let trust = PeerTrust::of(config);
    let mut findings = Vec::new();
    findings.extend(headers_that_are_dropped(config, trust));
    findings.extend(verdicts_without_callers(config, trust));
    findings.extend(addresses_of_both_families(config));
    findings.extend(keys_without_effect(config));
    findings
}

/// Which clients can be trusted peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PeerTrust {
    /// No client.
    NoPeer,
    /// Those on this machine, although the program also listens for others.
    LocalOnly,
    /// All for whom the program listens.
    AsListened,
}

impl PeerTrust {
    fn of(config: &Config) -> Self {
        let peers = &config.identity.trusted_peers;
        let has_networks = !peers.networks().is_empty();
        let are_local = peers.networks().iter().all(|net| net.addr().is_loopback());
        // The header of the PROXY protocol gives the address of a client elsewhere.
        let is_behind_proxy = config.listen_proxies.is_some();
        let can_trust = |address: &ListenAddress| match address.tcp() {
            _ if is_behind_proxy => has_networks || peers.has_unix(),
            None => peers.has_unix(),
            Some(address) if address.ip().is_loopback() => peers
                .networks()
                .iter()
                .any(|net| net.contains(&address.ip())),
            Some(_) => has_networks,
        };
        let is_remote = |address: &ListenAddress| {
            let port = address.tcp();
            is_behind_proxy || port.is_some_and(|port| !port.ip().is_loopback())
        };
        let addresses = &config.listen_addresses;
        if !addresses.iter().any(can_trust) {
            Self::NoPeer
        } else if are_local && addresses.iter().any(is_remote) {
            Self::LocalOnly
        } else {
            Self::AsListened
        }
    }
}

/// Squads name themselves in a header, but only trusted peers are believed.
fn headers_that_are_dropped(config: &Config, trust: PeerTrust) -> Option<ConfigFinding> {
    let header = match config.identity.source {
        IdentitySource::Headers => "x-squad-owner",
        IdentitySource::ForwardedCertificate => "x-forwarded-client-cert",
        IdentitySource::Jwt(_) | IdentitySource::Certificate => return None,
    };
    if config.catalog.squads().is_empty() {
        return None;
    }
    let message = match trust {
        PeerTrust::AsListened => return None,
        PeerTrust::LocalOnly => format!(
            "{header} is believed of callers on this machine only, so all others are unknown \
             consumers; add their networks to identity.trusted_peers, for example the pod network, \
             or identify callers by certificate or token"
        ),
        PeerTrust::NoPeer => format!(
            "{header} is believed of no caller, because identity.trusted_peers has none that can \
             connect to listen.address, so all callers are unknown consumers; add their networks, \
             and \"unix\" for those at Unix sockets"
        ),
    };
    Some(ConfigFinding::warning(message))
}

/// Only trusted peers get verdicts.
fn verdicts_without_callers(config: &Config, trust: PeerTrust) -> Vec<ConfigFinding> {
    let is_error = trust == PeerTrust::NoPeer;
    let message = match trust {
        PeerTrust::AsListened => return Vec::new(),
        PeerTrust::LocalOnly => {
            "verdicts are given to callers on this machine only, and every other question is refused; \
             add the network of the proxy that asks to identity.trusted_peers"
        }
        PeerTrust::NoPeer => {
            "every question is refused, because identity.trusted_peers has no peer that can connect to \
             listen.address; add the network of the proxy that asks, or \"unix\" if it asks at a Unix \
             socket"
        }
    };
    let services = config.services.iter();
    let verdicts = services.filter(|service| service.verdict().is_some());
    let finding = |service: &ServiceConfig| ConfigFinding {
        is_error,
        service: Some(service.name.clone()),
        message: message.to_owned(),
    };
    verdicts.map(finding).collect()
}

/// All addresses of IPv6 are mostly those of IPv4, too; the system decides.
fn addresses_of_both_families(config: &Config) -> Option<ConfigFinding> {
    let listened = config.listen_addresses.iter();
    let ports: Vec<_> = listened
        .filter_map(ListenAddress::tcp)
        .chain(config.admin_address.tcp())
        .filter(|address| address.port() != 0)
        .collect();
    let is_all = |ip: IpAddr| ip.is_ipv6() && ip.is_unspecified();
    let all = ports.iter().filter(|address| is_all(address.ip()));
    let mut pairs = all.flat_map(|all| ports.iter().map(move |other| (all, other)));
    let (all, other) = pairs.find(|(all, other)| all.port() == other.port() && other.is_ipv4())?;
    Some(ConfigFinding::warning(format!(
        "{all} takes IPv4 connections, too, unless net.ipv6.bindv6only is 1, so the start fails at \
         {other}; remove one of the two, or choose another port"
    )))
}

/// Keys that are set although something else switches off what they are about.
fn keys_without_effect(config: &Config) -> Vec<ConfigFinding> {
    let has_unix_socket = config
        .listen_addresses
        .iter()
        .any(|address| address.tcp().is_none());
    let upgrades = |service: &ServiceConfig| !service.upgrade.is_empty();
    let is_fetched = |service: &ServiceConfig| service.contract.as_file().is_none();
    let (mut of_program, mut keys) = (Vec::new(), config.written.keys());
    keys.retain(|key| key.source.is_some());
    if !has_unix_socket {
        let cause = "listen.address has no Unix socket";
        of_program.extend(LISTEN_FILE_KEYS.map(|key| (key, cause)));
    }
    if config.admin_address.tcp().is_some() {
        let cause = "admin.address is not a Unix socket";
        of_program.extend(ADMIN_FILE_KEYS.map(|key| (key, cause)));
    }
    if config.listen_proxies.is_none() {
        of_program.push(("listen.proxy_peers", "listen.proxy_protocol is \"off\""));
    }
    if !config.accepts_calls() {
        let cause = "neither egress.address nor the address of a vendor is set";
        of_program.push(("egress.tls.certificates", cause));
    }
    if !config.services.iter().any(upgrades) {
        let cause = "no service has `upgrade`";
        of_program.push(("limits.upgrade_idle_timeout", cause));
    }
    if !config.services.iter().any(is_fetched) {
        let cause = "the contract of every service is a file, which is read at its place";
        of_program.push(("reload.cache", cause));
    }
    let of_program = of_program
        .into_iter()
        .filter_map(|(key, cause)| without_effect(&keys, key, cause));
    let of_services = config.services.iter().flat_map(|service| {
        let mut causes = Vec::new();
        if !upgrades(service) {
            causes.push(("upgrade_idle_timeout", "the service has no `upgrade`"));
        }
        if !is_fetched(service) {
            causes.push((
                "reload.cache",
                "the contract is a file, which is read at its place",
            ));
        }
        if !config.egress.is_on() {
            let cause = "egress.address is not set";
            causes.extend(["vendor.hosts", "vendor.prefix"].map(|key| (key, cause)));
        }
        let keys = &keys;
        causes.into_iter().filter_map(move |(key, cause)| {
            let key = format!("services.{}.{key}", service.name);
            without_effect(keys, &key, cause)
        })
    });
    of_program.chain(of_services).collect()
}

fn without_effect(keys: &[EffectiveKey], key: &str, cause: &str) -> Option<ConfigFinding> {
    let set = keys.iter().find(|set| set.path() == key)?;
    let source = set.source.as_ref()?;
    let message = format!("{source}: {key} has no effect, because {cause}");
    Some(ConfigFinding::warning(message))
}
