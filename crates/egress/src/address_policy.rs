//! Which addresses may be dialled.
//!
//! What is denied by class can be allowed for names of the organisation, and for networks. Services of
//! clouds that give credentials are allowed only by an entry for that one address.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use super::address_class::{AddressClass, ClassifiedAddress};
use super::dependency_pattern::DependencyPattern;
use super::outbound_host::OutboundHost;

/// What is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenyRule {
    /// Every address that is not public.
    NotPublic,
    /// The addresses of one class.
    Class(AddressClass),
    /// A network.
    Network(IpNet),
}

/// The text is not a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected \"private\" for every address that is not public, one of {names}, or a network such as \"203.0.113.0/24\""
)]
pub struct InvalidDenyRule {
    names: String,
}

/// Which addresses may be dialled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressPolicy {
    /// What is denied.
    pub deny: Vec<DenyRule>,
    /// Networks that are allowed in any case.
    pub allow: Vec<IpNet>,
    /// The hosts that may have addresses of private networks.
    pub private_hosts: Vec<DependencyPattern>,
}

/// How a network that is denied is shown.
const DENIED_NETWORK: &str = "denied-network";

impl AddressPolicy {
    /// Judges an address of a host. Returns why it must not be dialled.
    pub fn refusal(&self, host: &OutboundHost, address: IpAddr) -> Option<&'static str> {
        let address = ClassifiedAddress::of(address);
        if self.is_listed(&address) {
            return None;
        }
        let is_private_host = || {
            self.private_hosts
                .iter()
                .any(|hosts| hosts.matches_host(host))
        };
        let class = address.classes().find(|class| self.denies_class(*class));
        if let Some(class) = class {
            let is_fine = class.is_internal() && address.inner.is_none() && is_private_host();
            if !is_fine {
                return Some(class.as_str());
            }
        }
        self.deny.iter().find_map(|rule| match rule {
            DenyRule::Network(network) if contains(*network, &address) => Some(DENIED_NETWORK),
            _ => None,
        })
    }

    fn denies_class(&self, class: AddressClass) -> bool {
        self.deny.iter().any(|rule| match rule {
            DenyRule::NotPublic => class != AddressClass::Public,
            DenyRule::Class(denied) => *denied == class,
            DenyRule::Network(_) => false,
        })
    }

    fn is_listed(&self, address: &ClassifiedAddress) -> bool {
        if address
            .classes()
            .any(|class| class == AddressClass::Metadata)
        {
            let is_one = |network: &&IpNet| network.prefix_len() == network.max_prefix_len();
            let mut singles = self.allow.iter().filter(is_one);
            return singles.any(|network| network.contains(&address.address));
        }
        address.is_within(&self.allow)
    }
}

/// Whether a network has an address, or the address inside of it.
fn contains(network: IpNet, address: &ClassifiedAddress) -> bool {
    let inner = address.inner.map(|(inner, _)| IpAddr::V4(inner));
    network.contains(&address.address) || inner.is_some_and(|inner| network.contains(&inner))
}

impl FromStr for DenyRule {
    type Err = InvalidDenyRule;

    fn from_str(text: &str) -> Result<Self, InvalidDenyRule> {
        if text == "private" {
            return Ok(Self::NotPublic);
        }
        if let Ok(class) = text.parse() {
            return Ok(Self::Class(class));
        }
        let network = text.parse::<IpNet>();
        network.map(Self::Network).map_err(|_| {
            let names = AddressClass::NAMES.map(|(name, _)| format!("\"{name}\""));
            InvalidDenyRule {
                names: names.join(", "),
            }
        })
    }
}

impl fmt::Display for DenyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPublic => f.write_str("private"),
            Self::Class(class) => class.fmt(f),
            Self::Network(network) => network.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(deny: &[&str], allow: &[&str], private_hosts: &[&str]) -> AddressPolicy {
        AddressPolicy {
            deny: deny.iter().map(|rule| rule.parse().unwrap()).collect(),
            allow: allow
                .iter()
                .map(|network| network.parse().unwrap())
                .collect(),
            private_hosts: private_hosts
                .iter()
                .map(|host| host.parse().unwrap())
                .collect(),
        }
    }

    #[track_caller]
    fn check(policy: &AddressPolicy, host: &str, address: &str, expected: Option<&str>) {
        let host = OutboundHost::parse(host).unwrap();
        let found = policy.refusal(&host, address.parse().unwrap());
        assert_eq!(found, expected, "{host} {address}");
    }

    #[test]
    fn private_denies_everything_that_is_not_public() {
        let private = policy(&["private"], &[], &[]);
        check(&private, "a.test", "8.8.8.8", None);
        check(&private, "a.test", "2606:4700::1", None);
        check(&private, "a.test", "10.0.0.1", Some("private-network"));
        check(&private, "a.test", "::ffff:127.0.0.1", Some("loopback"));
        check(&private, "a.test", "::ffff:8.8.8.8", Some("ipv4-mapped"));
        check(&private, "a.test", "64:ff9b::8.8.8.8", Some("nat64"));
        check(
            &private,
            "a.test",
            "64:ff9b::10.0.0.1",
            Some("private-network"),
        );
        check(&private, "a.test", "169.254.169.254", Some("metadata"));
        check(&policy(&[], &[], &[]), "a.test", "127.0.0.1", None);
    }

    #[test]
    fn hosts_of_the_organisation_may_be_private_and_nothing_worse() {
        let policy = policy(&["private"], &[], &["*.internal"]);
        check(&policy, "a.internal", "10.0.0.1", None);
        check(&policy, "a.internal", "100.64.0.1", None);
        check(&policy, "a.internal", "fd00::1", None);
        check(&policy, "a.internal", "127.0.0.1", Some("loopback"));
        check(&policy, "a.internal", "169.254.169.254", Some("metadata"));
        check(&policy, "a.internal", "fd00:ec2::254", Some("metadata"));
        check(
            &policy,
            "a.internal",
            "::ffff:10.0.0.1",
            Some("private-network"),
        );
        check(&policy, "a.test", "10.0.0.1", Some("private-network"));
    }

    #[test]
    fn networks_are_allowed_and_denied() {
        let open = policy(
            &["private", "8.8.0.0/16"],
            &["10.1.0.0/16", "64:ff9b::/96"],
            &[],
        );
        check(&open, "a.test", "10.1.2.3", None);
        check(&open, "a.test", "10.2.0.1", Some("private-network"));
        check(&open, "a.test", "8.8.8.8", Some("denied-network"));
        check(&open, "a.test", "64:ff9b::1.1.1.1", None);
        // The translator is allowed, and what it leads to is judged by itself.
        check(&open, "a.test", "64:ff9b::10.1.2.3", None);
        check(
            &open,
            "a.test",
            "64:ff9b::10.2.0.1",
            Some("private-network"),
        );
        let wide = policy(&["private"], &["169.254.0.0/16"], &[]);
        check(&wide, "a.test", "169.254.1.1", None);
        check(&wide, "a.test", "169.254.169.254", Some("metadata"));
        let single = policy(&["private"], &["169.254.169.254/32"], &[]);
        check(&single, "a.test", "169.254.169.254", None);
        let one = policy(&["metadata"], &[], &[]);
        check(&one, "a.test", "127.0.0.1", None);
        check(&one, "a.test", "::ffff:169.254.169.254", Some("metadata"));
    }

    #[test]
    fn a_rule_is_read_as_it_is_written() {
        for text in ["private", "loopback", "6to4", "203.0.113.0/24", "fd00::/8"] {
            let rule: DenyRule = text.parse().unwrap();
            assert_eq!(rule.to_string(), text);
        }
        assert!("public".parse::<DenyRule>().is_err());
        assert!("10.0.0.1".parse::<DenyRule>().is_err());
    }
}
