//! Addresses that clients connect to.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::tree::config_value::{ConfigValueResult, address};
use crate::tree::{ConfigNode, ConfigValue, ConfigValueError};

/// What an address of a Unix socket begins with.
pub(super) const UNIX_SCHEME: &str = "unix:";

/// The most addresses of one process.
const ADDRESSES_MAX: usize = 16;

/// The longest path of a Unix socket that every supported system accepts, in bytes.
const SOCKET_PATH_BYTES_MAX: usize = 103;

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// A TCP port.
    Tcp(SocketAddr),
    /// The file of a Unix socket.
    Unix(PathBuf),
}

impl ListenAddress {
    /// The port, if it has one.
    pub const fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// Whether only one of the two can be bound.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self.tcp(), other.tcp()) {
            (Some(one), Some(other)) => overlap(one, other),
            _ => self == other,
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX_SCHEME}{}", path.display()),
        }
    }
}

/// Whether two ports cannot be bound at the same time: one is of all addresses, or both are the same.
/// Whether all addresses of IPv6 are those of IPv4, too, is up to the system.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let is_same_family = one.is_ipv4() == other.is_ipv4();
    let has_all = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0
        && one.port() == other.port()
        && (one.ip() == other.ip() || (is_same_family && has_all))
}

/// The first two addresses that overlap, without equal ones.
pub(super) fn overlapping(addresses: &[ListenAddress]) -> Option<(SocketAddr, SocketAddr)> {
    let ports: Vec<SocketAddr> = addresses.iter().filter_map(ListenAddress::tcp).collect();
    let mut pairs = ports
        .iter()
        .enumerate()
        .flat_map(|(at, one)| ports[at + 1..].iter().map(move |other| (*one, *other)));
    pairs.find(|(one, other)| one != other && overlap(*one, *other))
}

/// One address, or a list of them. The text of a variable is split at commas.
pub(super) fn parse_addresses(
    directory: &Path,
) -> impl Fn(&ConfigNode) -> ConfigValueResult<Vec<ListenAddress>> {
    move |node| {
        let parts: Vec<ConfigNode> = match &node.value {
            ConfigValue::List(items) => items.clone(),
            ConfigValue::Untyped(several) => several
                .split(',')
                .map(|one| ConfigNode {
                    value: ConfigValue::Untyped(one.trim().to_owned()),
                    location: node.location.clone(),
                })
                .collect(),
            _ => vec![node.clone()],
        };
        let addresses = parts.iter().map(|part| parse_address(part, directory));
        let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
        let is_repeated = |at: usize| addresses[..at].contains(&addresses[at]);
        let has_twins = (0..addresses.len()).any(|at| is_repeated(at) && !is_any(&addresses[at]));
        if addresses.is_empty() || addresses.len() > ADDRESSES_MAX || has_twins {
            let expected = format!("1 to {ADDRESSES_MAX} different addresses");
            return Err(ConfigValueError::expected(expected));
        }
        Ok(addresses)
    }
}

/// Whether the system chooses the port.
fn is_any(address: &ListenAddress) -> bool {
    address.tcp().is_some_and(|address| address.port() == 0)
}

pub(super) fn parse_address(
    node: &ConfigNode,
    directory: &Path,
) -> ConfigValueResult<ListenAddress> {
    match node.text().and_then(|text| text.strip_prefix(UNIX_SCHEME)) {
        Some(path) => socket_path(path, directory).map(ListenAddress::Unix),
        None => address(node).map(ListenAddress::Tcp),
    }
}

/// The path of a Unix socket, relative to the directory of the configuration.
pub(super) fn socket_path(path: &str, directory: &Path) -> ConfigValueResult<PathBuf> {
    let fault = || {
        let expected = format!(
            "\"{UNIX_SCHEME}\" and the path of a socket of at most {SOCKET_PATH_BYTES_MAX} bytes"
        );
        ConfigValueError::expected(expected)
    };
    if path.is_empty() || path.ends_with('/') || path.contains('\0') {
        return Err(fault());
    }
    let path = directory.join(path);
    if path.as_os_str().len() > SOCKET_PATH_BYTES_MAX {
        return Err(fault());
    }
    Ok(path)
}
