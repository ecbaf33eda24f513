//! Who calls, once it is decided: a squad of the catalog or nobody known, with a tier.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{SquadId, Tier};

/// The squad that a request comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Consumer {
    /// Nobody that the catalog knows, or nobody who may say so.
    #[default]
    Unknown,
    /// A squad of the catalog.
    Squad(SquadId),
}

/// Who calls, as far as it decides what may pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The squad.
    pub consumer: Consumer,
    /// The tier that decides: the lower of what was claimed and what the squad is granted.
    pub tier: Tier,
}

/// The networks whose peers may name the consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedPeers(Vec<IpNet>);

impl Consumer {
    /// The name of the unknown consumer; no squad may bear it.
    pub const UNKNOWN_NAME: &'static str = "unknown";

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
    use crate::{Catalog, Squad};

    #[test]
    fn the_index_leaves_zero_for_unknown() {
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
