//! Where a connection comes from.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use portcullis_vocabulary::TrustedPeers;

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerAddress {
    /// An IP address and a port.
    Ip(SocketAddr),
    /// A Unix socket, whose clients have no address.
    Unix,
}

impl PeerAddress {
    /// The IP address. A dual-stack listener reports an IPv4 peer as an IPv6 one; it is the IPv4 one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(address.ip().to_canonical()),
            Self::Unix => None,
        }
    }

    /// Whether it is one of these peers.
    pub(crate) fn is_among(&self, peers: &TrustedPeers) -> bool {
        match self {
            Self::Ip(address) => peers.contains(address.ip()),
            Self::Unix => peers.has_unix(),
        }
    }
}

impl From<SocketAddr> for PeerAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip() {
            Some(address) => address.fmt(f),
            None => f.write_str("unix"),
        }
    }
}
