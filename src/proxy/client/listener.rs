//! The listening socket of one data core, from binding to the last connection's end.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use ipnet::IpNet;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::connection::{ConnectionContext, serve_connection};
use super::connection_registry::{ConnectionCap, ConnectionRegistry};
use super::drain_signal::{DrainPhase, DrainSignal};
use super::incoming_request::RequestHandler;
use super::listener_totals::ListenerTotals;
use crate::proxy::headers::Peer;
use crate::proxy::limits::{ClientLimits, LIBRARY_HEADER_COUNT_MAX};

/// Connections the kernel holds until they are accepted.
const BACKLOG: i32 = 4096;

/// How long a connection that was begun before the port closes may take to be made.
const HANDSHAKE_GRACE: Duration = Duration::from_millis(100);

/// Time for the connections' tasks to notice that they are aborted.
const ABORT_PATIENCE: Duration = Duration::from_millis(100);

/// Pause after the process ran out of what an accept needs, such as file descriptors.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process has it.
    #[error(
        "cannot listen on {address}: the address is in use; stop the other process or choose another port"
    )]
    InUse {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The process may not.
    #[error(
        "cannot listen on {address}: permission denied; ports below 1024 need CAP_NET_BIND_SERVICE"
    )]
    Forbidden {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The machine does not have that address.
    #[error("cannot listen on {address}: this machine has no such address")]
    NotAvailable {
        /// The address asked for.
        address: SocketAddr,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {source}")]
    Failed {
        /// The address asked for.
        address: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
}

/// A bound socket, not yet served. It can be sent to its data core.
#[derive(Debug)]
pub struct BoundListener {
    socket: std::net::TcpListener,
    address: SocketAddr,
}

impl BoundListener {
    /// The address, with the real port where port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// What a data core serves with, apart from its service.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// The bounds of the wire.
    pub limits: ClientLimits,
    /// Networks whose word about the original client is taken.
    pub trusted_networks: Vec<IpNet>,
    /// The bound on connections, common to all data cores. A connection beyond it is
    /// accepted, answered with [`HttpRefusal::TooManyConnections`] and closed, so that its
    /// client learns what is the matter and the kernel's queue keeps moving. When these, too,
    /// become an eighth of the bound, further ones are closed without an answer.
    pub cap: Arc<ConnectionCap>,
}

/// Binds an address once per data core; the kernel spreads the connections over the sockets.
/// Port 0 asks for any free port, the same for all.
///
/// # Errors
///
/// See [`BindError`]. Sockets that share an address do not notice each other, so it is
/// first bound alone for a moment to notice another process.
pub fn bind(address: SocketAddr, cores: usize) -> Result<Vec<BoundListener>, BindError> {
    if address.port() != 0 {
        open(address, false).map_err(|source| bind_error(address, source))?;
    }
    let mut address = address;
    let mut bound = Vec::with_capacity(cores);
    for _ in 0..cores {
        let socket = open(address, true).map_err(|source| bind_error(address, source))?;
        address = socket
            .local_addr()
            .map_err(|source| bind_error(address, source))?;
        bound.push(BoundListener { socket, address });
    }
    Ok(bound)
}

fn bind_error(address: SocketAddr, source: io::Error) -> BindError {
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

/// Accepts and serves connections until the drain is complete. Runs on a local runtime; the
/// service must always be ready, and `refuse` makes the answer to a refused stream, of which
/// the framing and `Connection` fields are set here.
///
/// # Errors
///
/// When the socket cannot be registered with the runtime.
pub async fn serve<H: RequestHandler>(
    bound: BoundListener,
    handler: Rc<H>,
    settings: ListenerSettings,
    mut drain: DrainSignal,
) -> io::Result<ListenerTotals> {
    let registry = Rc::new(ConnectionRegistry::default());
    let serving = Rc::new(ConnectionContext {
        handler,
        builder: builder(&settings.limits),
        limits: Rc::new(settings.limits.clone()),
        registry: Rc::clone(&registry),
    });
    let listener = TcpListener::from_std(bound.socket)?;
    let begin = |stream: TcpStream, address| spawn_connection(stream, address, &settings, &serving);
    let mut phase = drain.now();
    let deadline = loop {
        registry.closing.set(phase != DrainPhase::Serving);
        if let DrainPhase::Stopping { deadline } = phase {
            break deadline;
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => begin(stream, address),
                Err(error) => pause_if_exhausted(&error).await,
            },
            next = drain.next() => phase = next,
        }
    };
    registry
        .idle_until
        .set(Some(Instant::now() + serving.limits.drain_idle_grace));
    registry.wake_all();
    drop_new_handshakes(&listener);
    let swept = deadline.min(Instant::now() + HANDSHAKE_GRACE);
    while let Ok(accepted) = timeout_at(swept, listener.accept()).await {
        match accepted {
            Ok((stream, address)) => begin(stream, address),
            Err(error) => pause_if_exhausted(&error).await,
        }
    }
    drop(listener);
    if timeout_at(deadline, registry.empty()).await.is_err() {
        registry.aborting.set(true);
        registry.wake_all();
        // Aborting takes one turn of each task; what still lingers then has been answered.
        let _ = timeout(ABORT_PATIENCE, registry.empty()).await;
    }
    let served = *registry.counts.borrow();
    Ok(served)
}

fn spawn_connection<H: RequestHandler>(
    stream: TcpStream,
    address: SocketAddr,
    settings: &ListenerSettings,
    serving: &Rc<ConnectionContext<H>>,
) {
    // An answer is written in one piece, so waiting for more to send only delays it.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    serving.registry.counts.borrow_mut().connections += 1;
    let peer = Peer::new(address, &settings.trusted_networks);
    let Some(seat) = serving.registry.register_connection(&settings.cap) else {
        return;
    };
    // A panic ends this task, and with it this connection alone.
    tokio::task::spawn_local(serve_connection(stream, peer, seat, Rc::clone(serving)));
}

/// Waits where the process lacks something; other failures concern one connection only.
async fn pause_if_exhausted(error: &io::Error) {
    let of_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    );
    if !of_connection {
        sleep(EXHAUSTED_PAUSE).await;
    }
}

/// Lets the kernel drop every SYN from now on, while connections that are being made come to
/// their end and can be accepted. Closing a socket resets what is in its queue, and somebody's
/// request with it; a client whose SYN is dropped has sent none, tries again and is refused.
#[cfg(target_os = "linux")]
fn drop_new_handshakes(listener: &TcpListener) {
    use socket2::{SockFilter, SockRef};
    // Instructions of the classic packet filter, whose packet begins with the TCP header.
    const LOAD_BYTE: u16 = 0x30;
    const JUMP_IF_SET: u16 = 0x45;
    const RETURN: u16 = 0x06;
    const FLAGS_AT: u32 = 13;
    const SYN: u32 = 0x02;
    let drop_syn = [
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS_AT),
        SockFilter::new(JUMP_IF_SET, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ];
    if let Err(error) = SockRef::from(listener).attach_filter(&drop_syn) {
        tracing::debug!(%error, "a connection made while the port closes may be reset");
    }
}

/// Only Linux can.
#[cfg(not(target_os = "linux"))]
fn drop_new_handshakes(_listener: &TcpListener) {}

fn builder(limits: &ClientLimits) -> http1::Builder {
    // The inspector has refused whatever exceeds the limits before the library counts it.
    const SLACK: usize = 8 * 1024;
    let head_bytes = limits.inspect.header_bytes_max + SLACK;
    let mut builder = http1::Builder::new();
    builder.max_header_size(head_bytes).max_buf_size(head_bytes);
    if limits.inspect.header_count_max > LIBRARY_HEADER_COUNT_MAX {
        builder.max_headers(limits.inspect.header_count_max);
    }
    builder
}
