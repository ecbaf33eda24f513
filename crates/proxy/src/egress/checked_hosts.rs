//! The hosts that were called recently: their checked addresses, and the connections to them.
//!
//! A name is resolved, each address is checked, and the client of the destination is bound to those that
//! passed. It never resolves the name, so an answer that changes between the check and the connection
//! has no effect. The addresses are resolved and checked again after a few seconds, and at once when
//! the configuration has changed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use portcullis_config::Config;
use portcullis_egress::{AddressPolicy, CallDestination, OutboundHost};
use tokio::time::{Instant, timeout};

use super::egress_refusal::EgressRefusal;
use super::host_lookup::HostLookup;
use crate::limits::UpstreamLimits;
use crate::upstream::{PinnedAddresses, UpstreamClient};

/// How long checked addresses are used.
const CHECKED_FOR: Duration = Duration::from_secs(5);

/// The most destinations of one data core that are remembered.
const DESTINATIONS_MAX: usize = 512;

/// The destinations of one data core.
#[derive(Debug)]
pub(super) struct CheckedHosts {
    lookup: HostLookup,
    own: OwnAddresses,
    hosts: RefCell<HashMap<CallDestination, CheckedHost>>,
}

/// The addresses at which this process accepts calls.
#[derive(Debug, Default)]
pub(super) struct OwnAddresses {
    /// Those of the forward proxy.
    pub(super) proxy: Vec<SocketAddr>,
    /// Those of vendors.
    pub(super) vendors: Vec<SocketAddr>,
}

#[derive(Debug)]
struct CheckedHost {
    client: UpstreamClient,
    addresses: Rc<PinnedAddresses>,
    /// The configuration by which they were checked.
    config: Arc<Config>,
    checked_at: Instant,
    used_at: Instant,
}

impl CheckedHosts {
    pub(super) fn new(lookup: HostLookup, own: OwnAddresses) -> Self {
        Self {
            lookup,
            own,
            hosts: RefCell::default(),
        }
    }

    /// A client that dials the checked addresses of a destination, and no others.
    pub(super) async fn client(
        &self,
        to: &CallDestination,
        config: &Arc<Config>,
    ) -> Result<UpstreamClient, EgressRefusal> {
        if let Some(client) = self.known(to, config) {
            return Ok(client);
        }
        let patience = config.limits.upstream_connect_timeout;
        let answer = timeout(patience, self.lookup.resolve(to)).await;
        let addresses = match answer {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => return Err(EgressRefusal::Unresolved(error.to_string())),
            Err(_) => {
                let reason =
                    "the resolver did not answer in time (`limits.upstream_connect_timeout`)";
                return Err(EgressRefusal::Unresolved(reason.to_owned()));
            }
        };
        let addresses = check(&config.egress.addresses, to, addresses)?;
        let is_own =
            |address| is_own(&self.own.proxy, address) || is_own(&self.own.vendors, address);
        if addresses.iter().any(is_own) {
            return Err(EgressRefusal::Loop);
        }
        Ok(self.remember(to, config, addresses))
    }

    /// Whether a destination is the forward proxy itself, as far as its text says. A name with its port is taken
    /// for one of this proxy.
    pub(super) fn is_own_destination(&self, to: &CallDestination) -> bool {
        match &to.host {
            OutboundHost::Address(address) => {
                is_own(&self.own.proxy, &SocketAddr::new(*address, to.port))
            }
            OutboundHost::Name(_) => self.own.proxy.iter().any(|own| own.port() == to.port),
        }
    }

    /// The client of a destination whose addresses were checked a moment ago.
    fn known(&self, to: &CallDestination, config: &Arc<Config>) -> Option<UpstreamClient> {
        let mut hosts = self.hosts.borrow_mut();
        let host = hosts.get_mut(to)?;
        let now = Instant::now();
        let is_fresh = Arc::ptr_eq(&host.config, config) && now < host.checked_at + CHECKED_FOR;
        host.used_at = now;
        is_fresh.then(|| host.client.clone())
    }

    fn remember(
        &self,
        to: &CallDestination,
        config: &Arc<Config>,
        addresses: Vec<SocketAddr>,
    ) -> UpstreamClient {
        let mut hosts = self.hosts.borrow_mut();
        let now = Instant::now();
        if let Some(host) = hosts.get_mut(to)
            && Arc::ptr_eq(&host.config, config)
        {
            host.addresses.replace(addresses);
            host.checked_at = now;
            return host.client.clone();
        }
        if hosts.len() >= DESTINATIONS_MAX {
            forget_oldest(&mut hosts);
        }
        // Idle connections of an earlier configuration are closed with its client.
        let addresses = Rc::new(PinnedAddresses::new(addresses));
        let limits = upstream_limits(config);
        let client = UpstreamClient::at_addresses(&to.to_string(), Rc::clone(&addresses), limits);
        let host = CheckedHost {
            client: client.clone(),
            addresses,
            config: Arc::clone(config),
            checked_at: now,
            used_at: now,
        };
        hosts.insert(to.clone(), host);
        client
    }
}

/// Whether an address is one of this process' own: a call would come back.
fn is_own(own: &[SocketAddr], address: &SocketAddr) -> bool {
    let is_listening = |own: &SocketAddr| {
        own.port() == address.port() && (own.ip().is_unspecified() || own.ip() == address.ip())
    };
    // Only an address of this machine can be bound.
    own.iter().any(is_listening) && UdpSocket::bind((address.ip(), 0)).is_ok()
}

/// Forgets the destination that was not used for the longest time.
fn forget_oldest(hosts: &mut HashMap<CallDestination, CheckedHost>) {
    let oldest = hosts.iter().min_by_key(|(_, host)| host.used_at);
    if let Some(oldest) = oldest.map(|(to, _)| to.clone()) {
        hosts.remove(&oldest);
    }
}

/// The addresses that may be dialled. The others are left out; if all are, the call is refused.
fn check(
    policy: &AddressPolicy,
    to: &CallDestination,
    addresses: Vec<SocketAddr>,
) -> Result<Vec<SocketAddr>, EgressRefusal> {
    let mut denied = None;
    let mut passed = Vec::with_capacity(addresses.len());
    for address in addresses {
        match policy.refusal(&to.host, address.ip()) {
            Some(class) => {
                denied.get_or_insert(class);
            }
            None => passed.push(address),
        }
    }
    match denied {
        Some(class) if passed.is_empty() => Err(EgressRefusal::Denied(class)),
        None if passed.is_empty() => {
            let reason = "the name has no address";
            Err(EgressRefusal::Unresolved(reason.to_owned()))
        }
        _ => Ok(passed),
    }
}

fn upstream_limits(config: &Config) -> UpstreamLimits {
    let limits = &config.limits;
    UpstreamLimits {
        connect_timeout: limits.upstream_connect_timeout,
        idle_timeout: limits.upstream_idle_timeout,
        idle_max: limits.upstream_connections_idle_max,
        header_count_max: limits.response_header_count_max,
        header_bytes_max: limits.response_header_bytes_max,
        ..UpstreamLimits::default()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::Read;
    use std::net::{IpAddr, TcpListener};

    use tokio::io::AsyncWriteExt;

    use super::*;

    fn config(allow: &[&str]) -> Arc<Config> {
        let mut config = Config::default();
        config.egress.addresses.allow = allow.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(config)
    }

    /// A forward proxy at this address.
    fn at(own: &str) -> OwnAddresses {
        OwnAddresses {
            proxy: vec![own.parse().unwrap()],
            ..OwnAddresses::default()
        }
    }

    /// Resolves every name to these addresses, one after the other, and counts.
    fn rebinding(answers: &'static [&'static [&'static str]]) -> (HostLookup, Rc<Cell<usize>>) {
        let count = Rc::new(Cell::new(0));
        let counted = Rc::clone(&count);
        let resolve = move |to: &CallDestination| {
            let at = counted.replace(counted.get() + 1);
            let answer = answers[at.min(answers.len() - 1)];
            let address = |ip: &&str| SocketAddr::new(ip.parse().unwrap(), to.port);
            Ok(answer.iter().map(address).collect())
        };
        (HostLookup::Function(Rc::new(resolve)), count)
    }

    fn destination(text: &str) -> CallDestination {
        CallDestination::parse(text, 80).unwrap()
    }

    async fn refusal(lookup: &HostLookup, to: &str, config: &Arc<Config>) -> Option<String> {
        let hosts = CheckedHosts::new(lookup.clone(), OwnAddresses::default());
        let client = hosts.client(&destination(to), config).await;
        client.err().map(|refusal| format!("{refusal:?}"))
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused() {
        let config = config(&[]);
        let check = async |answers, expected: Option<&str>| {
            let (lookup, _) = rebinding(answers);
            let found = refusal(&lookup, "public.test", &config).await;
            assert_eq!(found.as_deref(), expected, "{answers:?}");
        };
        check(&[&["8.8.8.8"]], None).await;
        check(&[&["127.0.0.1"]], Some("Denied(\"loopback\")")).await;
        check(&[&["::ffff:10.0.0.1"]], Some("Denied(\"private-network\")")).await;
        check(&[&["169.254.169.254"]], Some("Denied(\"metadata\")")).await;
        // Only addresses that pass are used.
        check(&[&["10.0.0.1", "8.8.8.8"]], None).await;
        check(&[&[]], Some("Unresolved(\"the name has no address\")")).await;
    }

    /// The second answer of the name leads to another address; the connection goes to the one that
    /// was checked.
    #[tokio::test]
    async fn the_checked_address_is_dialled() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let checked = TcpListener::bind("127.0.0.1:0").unwrap();
                let port = checked.local_addr().unwrap().port();
                let other = TcpListener::bind(("127.0.0.2", port)).unwrap();
                other.set_nonblocking(true).unwrap();
                let (lookup, lookups) = rebinding(&[&["127.0.0.1"], &["127.0.0.2"]]);
                let config = config(&["127.0.0.0/8"]);
                let hosts = CheckedHosts::new(lookup, OwnAddresses::default());
                let to = destination(&format!("rebinding.test:{port}"));
                for _ in 0..2 {
                    let client = hosts.client(&to, &config).await.unwrap();
                    let mut tunnel = client.open_tunnel().await.unwrap();
                    tunnel.write_all(b"here").await.unwrap();
                    drop(tunnel);
                    let mut text = String::new();
                    checked
                        .accept()
                        .unwrap()
                        .0
                        .read_to_string(&mut text)
                        .unwrap();
                    assert_eq!(text, "here");
                }
                assert_eq!(lookups.get(), 1);
                assert!(other.accept().is_err());
            })
            .await;
    }

    #[tokio::test]
    async fn another_configuration_checks_again() {
        let (lookup, lookups) = rebinding(&[&["127.0.0.1"]]);
        let hosts = CheckedHosts::new(lookup, OwnAddresses::default());
        let to = destination("a.test");
        assert!(hosts.client(&to, &config(&["127.0.0.1/32"])).await.is_ok());
        let denied = hosts.client(&to, &config(&[])).await;
        assert!(matches!(denied, Err(EgressRefusal::Denied("loopback"))));
        assert_eq!(lookups.get(), 2);
    }

    #[tokio::test]
    async fn its_own_address_is_a_loop() {
        let config = config(&["127.0.0.0/8", "192.0.2.0/24"]);
        let check = async |own: &str, to: &str, expected: bool| {
            let hosts = CheckedHosts::new(HostLookup::System, at(own));
            let client = hosts.client(&destination(to), &config).await;
            let is_loop = matches!(client, Err(EgressRefusal::Loop));
            assert_eq!(is_loop, expected, "{own} {to}");
        };
        check("127.0.0.1:15001", "127.0.0.1:15001", true).await;
        check("0.0.0.0:15001", "127.0.0.1:15001", true).await;
        check("127.0.0.1:15001", "127.0.0.1:15002", false).await;
        check("127.0.0.1:15001", "127.0.0.2:15001", false).await;
        check("0.0.0.0:15001", "192.0.2.1:15001", false).await;
    }

    #[tokio::test]
    async fn destinations_are_bounded() {
        let hosts = CheckedHosts::new(HostLookup::System, OwnAddresses::default());
        let config = config(&["127.0.0.1/32"]);
        for port in 1..=DESTINATIONS_MAX as u16 + 10 {
            let host = IpAddr::from([127, 0, 0, 1]).into();
            hosts
                .client(&CallDestination { host, port }, &config)
                .await
                .unwrap();
        }
        assert_eq!(hosts.hosts.borrow().len(), DESTINATIONS_MAX);
    }
}
