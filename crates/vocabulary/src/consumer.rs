//! The caller of a request: a squad of the catalog or an unknown consumer, with a tier.

use std::net::IpAddr;

use ipnet::IpNet;

use super::squad::SquadId;
use super::tier::Tier;

/// The squad that a request comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Consumer {
    /// A caller that names no squad of the catalog, or is not trusted to name one.
    #[default]
    Unknown,
    /// A squad of the catalog.
    Squad(SquadId),
}

/// The caller of a request, as far as admission control needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The squad.
    pub consumer: Consumer,
    /// The lower of the tier that the caller claims and the tier that its squad is granted.
    pub tier: Tier,
}

/// The peers that are believed what they say about the original client, such as its squad.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedPeers {
    networks: Vec<IpNet>,
    has_unix: bool,
}

impl Consumer {
    /// The name of the unknown consumer; no squad may have it.
    pub const UNKNOWN_NAME: &'static str = "unknown";

    /// The squad, if it is known.
    pub const fn squad(self) -> Option<SquadId> {
        match self {
            Self::Unknown => None,
            Self::Squad(id) => Some(id),
        }
    }

    /// A small number for tables: 0 is the unknown consumer, squads follow in the catalog's order.
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
        Self {
            networks,
            has_unix: false,
        }
    }

    /// The same, and peers at Unix sockets if `has_unix`.
    #[must_use]
    pub fn with_unix(self, has_unix: bool) -> Self {
        Self { has_unix, ..self }
    }

    /// Whether the peer's address is in one of the networks. A dual-stack listener reports an IPv4
    /// peer as `::ffff:a.b.c.d`; it is compared as the IPv4 address that it is.
    pub fn contains(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.networks.iter().any(|network| network.contains(&peer))
    }

    /// The configured networks.
    pub fn networks(&self) -> &[IpNet] {
        &self.networks
    }

    /// Whether peers at Unix sockets are trusted.
    pub const fn has_unix(&self) -> bool {
        self.has_unix
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, Squad};

    #[test]
    fn index_zero_is_the_unknown_consumer() {
        let catalog = Catalog::new(
            vec![
                Squad::named("checkout".parse().unwrap()),
                Squad::named("search".parse().unwrap()),
            ],
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
