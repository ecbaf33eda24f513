//! Who calls: from a claimed header to a squad of the catalog.
//!
//! `x-squad-owner` is a claim, not a proof. It counts when the peer that sends it stands in a
//! trusted network, where a sidecar or a gateway has set it; from anywhere else the consumer
//! is unknown. A claim that is repeated, malformed or names no squad is unknown too: guessing
//! between two names would let the sender choose.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Catalog, SquadId};

/// The squad that a request comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Consumer {
    /// Nobody that the catalog knows, or nobody who may say so.
    #[default]
    Unknown,
    /// A squad of the catalog.
    Squad(SquadId),
}

/// The networks whose peers may name the consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedPeers(Vec<IpNet>);

impl Consumer {
    /// The name of the unknown consumer; no squad may bear it.
    pub const UNKNOWN_NAME: &'static str = "unknown";

    /// Names the consumer from the values of `x-squad-owner`, one item per header line.
    pub fn identify<'h>(
        catalog: &Catalog,
        owners: impl IntoIterator<Item = &'h [u8]>,
        peer: IpAddr,
        trusted: &TrustedPeers,
    ) -> Self {
        let mut owners = owners.into_iter();
        let (Some(owner), None) = (owners.next(), owners.next()) else {
            return Self::Unknown;
        };
        if !trusted.contains(peer) {
            return Self::Unknown;
        }
        let name = std::str::from_utf8(owner).ok();
        name.and_then(|name| catalog.find(name))
            .map_or(Self::Unknown, Self::Squad)
    }

    /// The squad, where it is known.
    pub const fn squad(self) -> Option<SquadId> {
        match self {
            Self::Unknown => None,
            Self::Squad(id) => Some(id),
        }
    }

    /// A small number for tables: 0 is unknown, squads follow in the catalog's order.
    pub const fn index(self) -> usize {
        match self {
            Self::Unknown => 0,
            Self::Squad(id) => id.index() + 1,
        }
    }
}

impl TrustedPeers {
    /// Trusts exactly these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether the peer stands in one of the networks. An IPv4 peer of a dual-stack listener
    /// arrives as `::ffff:a.b.c.d` and is judged as the IPv4 address that it is.
    pub fn contains(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }

    /// The networks as configured.
    pub fn networks(&self) -> &[IpNet] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::squad::Squad;

    fn identify(owners: &[&[u8]], peer: &str) -> String {
        let catalog = Catalog::new(
            vec![Squad::named("checkout"), Squad::named("search")],
            vec![],
            vec![],
        );
        let trusted = TrustedPeers::new(vec![
            "127.0.0.0/8".parse().unwrap(),
            "fd00::/8".parse().unwrap(),
        ]);
        let consumer = Consumer::identify(
            &catalog,
            owners.iter().copied(),
            peer.parse().unwrap(),
            &trusted,
        );
        catalog.consumer_name(consumer).to_owned()
    }

    #[test]
    fn a_single_claim_of_a_trusted_peer_names_the_consumer() {
        let check = |owners: &[&[u8]], peer, name| assert_eq!(identify(owners, peer), name);
        check(&[b"checkout"], "127.0.0.1", "checkout");
        check(&[b"search"], "fd00::7", "search");
        check(&[b"search"], "::ffff:127.0.0.9", "search");
        check(&[b"checkout"], "10.0.0.1", "unknown");
        check(&[b"checkout"], "::1", "unknown");
        check(&[], "127.0.0.1", "unknown");
        check(&[b"payments"], "127.0.0.1", "unknown");
        check(&[b"Checkout"], "127.0.0.1", "unknown");
        check(&[b"checkout, search"], "127.0.0.1", "unknown");
        check(&[b"checkout", b"checkout"], "127.0.0.1", "unknown");
        check(&[b"check\xff"], "127.0.0.1", "unknown");
        check(&[b""], "127.0.0.1", "unknown");
    }

    #[test]
    fn the_index_leaves_zero_for_unknown() {
        let catalog = Catalog::new(
            vec![Squad::named("checkout"), Squad::named("search")],
            vec![],
            vec![],
        );
        let index = |name| {
            catalog
                .find(name)
                .map_or(Consumer::Unknown, Consumer::Squad)
                .index()
        };
        assert_eq!(
            [index("nobody"), index("checkout"), index("search")],
            [0, 1, 2]
        );
    }
}
