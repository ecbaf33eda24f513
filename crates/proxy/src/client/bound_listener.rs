//! Sockets that are bound, for each data core, before anything is served.

use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

use portcullis_config::{ListenAddress, SocketFileConfig};
use socket2::{Domain, Protocol, Socket, Type};

use super::unix_listener::{BACKLOG, SocketFile, listen_at_socket};

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process uses the address.
    #[error(
        "cannot listen on {address}: the address is in use; stop the other process or choose another address"
    )]
    InUse {
        /// The address.
        address: ListenAddress,
    },
    /// The process lacks the permission.
    #[error(
        "cannot listen on {address}: permission denied; ports below 1024 need CAP_NET_BIND_SERVICE, \
         and a Unix socket needs a directory that this process may write to"
    )]
    Forbidden {
        /// The address.
        address: ListenAddress,
    },
    /// The address does not belong to this machine.
    #[error("cannot listen on {address}: this machine has no such address")]
    NotAvailable {
        /// The address.
        address: ListenAddress,
    },
    /// Any other error.
    #[error("cannot listen on {address}: {source}")]
    Failed {
        /// The address.
        address: ListenAddress,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// The bound sockets of one data core, which are not served yet. They can be sent to its thread.
#[derive(Debug)]
pub struct BoundListener {
    pub(super) sockets: Vec<BoundSocket>,
    addresses: Vec<ListenAddress>,
}

/// A bound socket.
#[derive(Debug)]
pub(super) enum BoundSocket {
    Tcp(std::net::TcpListener),
    /// All cores share one socket and its file.
    Unix(UnixListener, Arc<SocketFile>),
}

impl BoundListener {
    /// The addresses. They have the real ports if port 0 was requested.
    pub fn addresses(&self) -> &[ListenAddress] {
        &self.addresses
    }
}

/// Binds the addresses for each data core. The kernel distributes connections over the sockets. Port 0
/// requests any free port, the same for all. Files of Unix sockets are made as `file` says.
///
/// # Errors
///
/// See [`BindError`].
pub fn bind(
    addresses: &[ListenAddress],
    file: &SocketFileConfig,
    cores: usize,
) -> Result<Vec<BoundListener>, BindError> {
    let mut bound: Vec<BoundListener> = Vec::with_capacity(cores);
    bound.resize_with(cores, || BoundListener {
        sockets: Vec::new(),
        addresses: Vec::new(),
    });
    for address in addresses {
        let failed = |source| bind_error(address.clone(), source);
        let (sockets, address) = match address {
            ListenAddress::Tcp(address) => bind_port(*address, cores).map_err(failed)?,
            ListenAddress::Unix(path) => {
                let sockets = bind_file(path, file, cores).map_err(failed)?;
                (sockets, address.clone())
            }
        };
        for (core, socket) in bound.iter_mut().zip(sockets) {
            core.sockets.push(socket);
            core.addresses.push(address.clone());
        }
    }
    Ok(bound)
}

/// Binds a port once for each core. Sockets with `SO_REUSEPORT` do not conflict with each other, so the
/// address is first bound without it for a moment, which detects another process.
fn bind_port(
    mut address: SocketAddr,
    cores: usize,
) -> io::Result<(Vec<BoundSocket>, ListenAddress)> {
    if address.port() != 0 {
        open(address, false)?;
    }
    let mut sockets = Vec::with_capacity(cores);
    for _ in 0..cores {
        let socket = open(address, true)?;
        address = socket.local_addr()?;
        sockets.push(BoundSocket::Tcp(socket));
    }
    Ok((sockets, ListenAddress::Tcp(address)))
}

fn bind_file(path: &Path, file: &SocketFileConfig, cores: usize) -> io::Result<Vec<BoundSocket>> {
    let (socket, file) = listen_at_socket(path, file)?;
    let file = Arc::new(file);
    let shared = |_| Ok(BoundSocket::Unix(socket.try_clone()?, Arc::clone(&file)));
    (0..cores).map(shared).collect()
}

fn bind_error(address: ListenAddress, source: io::Error) -> BindError {
    match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse { address },
        io::ErrorKind::PermissionDenied => BindError::Forbidden { address },
        io::ErrorKind::AddrNotAvailable => BindError::NotAvailable { address },
        _ => BindError::Failed { address, source },
    }
}

fn open(address: SocketAddr, shared: bool) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    if shared {
        socket.listen(BACKLOG)?;
    }
    Ok(socket.into())
}
