//! The listening socket of one data core, from `bind` to the end of the last connection.

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

use super::connection::serve_connection;
use super::connection_context::ConnectionContext;
use super::connection_registry::{ConnectionCap, ConnectionRegistry};
use super::drain_signal::{DrainPhase, DrainSignal};
use super::incoming_request::RequestHandler;
use super::listener_totals::ListenerTotals;
use super::tls_opening::ListenerTls;
use crate::headers::Peer;
use crate::limits::{ClientLimits, LIBRARY_HEADER_COUNT_MAX};
use crate::upstream::uploads_ended;
use portcullis_telemetry::LogThrottle;

/// Most connections that the kernel holds until they are accepted.
const BACKLOG: i32 = 4096;

/// Time for handshakes that began before the port closes.
const HANDSHAKE_GRACE: Duration = Duration::from_millis(100);

/// Time for the tasks of connections to react to an abort.
const ABORT_TIMEOUT: Duration = Duration::from_millis(100);

/// Pause after `accept` failed because the process ran out of a resource such as file descriptors.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process uses the address.
    #[error(
        "cannot listen on {address}: the address is in use; stop the other process or choose another port"
    )]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// The process lacks the permission.
    #[error(
        "cannot listen on {address}: permission denied; ports below 1024 need CAP_NET_BIND_SERVICE"
    )]
    Forbidden {
        /// The address.
        address: SocketAddr,
    },
    /// The address does not belong to this machine.
    #[error("cannot listen on {address}: this machine has no such address")]
    NotAvailable {
        /// The address.
        address: SocketAddr,
    },
    /// Any other error.
    #[error("cannot listen on {address}: {source}")]
    Failed {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// A bound socket that is not served yet. It can be sent to the thread of its data core.
#[derive(Debug)]
pub struct BoundListener {
    socket: std::net::TcpListener,
    address: SocketAddr,
}

impl BoundListener {
    /// The address. It has the real port if port 0 was requested.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The settings of a listener.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// Limits on client connections.
    pub limits: ClientLimits,
    /// Networks whose information about the original client is trusted.
    pub trusted_networks: Vec<IpNet>,
    /// TLS of the port, if it has any.
    pub tls: Option<ListenerTls>,
    /// The cap on connections, shared by all data cores. A connection beyond it is accepted,
    /// answered with [`HttpRefusal::TooManyConnections`](crate::HttpRefusal) and closed, so
    /// the client learns the reason and the kernel's queue keeps moving. Beyond nine eighths of
    /// the cap, connections are closed without an answer.
    pub cap: Arc<ConnectionCap>,
}

/// Binds an address once for each data core. The kernel distributes connections over the sockets.
/// Port 0 requests any free port, the same for all.
///
/// # Errors
///
/// See [`BindError`]. Sockets with `SO_REUSEPORT` do not conflict with each other, so the address
/// is first bound without it for a moment, which detects another process.
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

/// Accepts and serves connections until the drain is complete. It must run on a local runtime.
///
/// # Errors
///
/// If the socket cannot be registered with the runtime.
pub async fn serve<H: RequestHandler>(
    bound: BoundListener,
    handler: Rc<H>,
    settings: ListenerSettings,
    mut drain: DrainSignal,
) -> io::Result<ListenerTotals> {
    let registry = Rc::new(ConnectionRegistry::default());
    let context = Rc::new(ConnectionContext {
        handler,
        builder: builder(&settings.limits),
        limits: Rc::new(settings.limits.clone()),
        tls: settings.tls.clone(),
        registry: Rc::clone(&registry),
    });
    let listener = TcpListener::from_std(bound.socket)?;
    let spawn = |stream: TcpStream, address| spawn_connection(stream, address, &settings, &context);
    let mut phase = drain.now();
    let deadline = loop {
        registry.closing.set(phase != DrainPhase::Serving);
        if let DrainPhase::Stopping { deadline } = phase {
            break deadline;
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => spawn(stream, address),
                Err(error) => pause_if_exhausted(&error).await,
            },
            next = drain.next() => phase = next,
        }
    };
    registry
        .idle_until
        .set(Some(Instant::now() + context.limits.drain_idle_grace));
    registry.wake_all();
    drop_new_handshakes(&listener);
    let accept_until = deadline.min(Instant::now() + HANDSHAKE_GRACE);
    while let Ok(accepted) = timeout_at(accept_until, listener.accept()).await {
        match accepted {
            Ok((stream, address)) => spawn(stream, address),
            Err(error) => pause_if_exhausted(&error).await,
        }
    }
    drop(listener);
    if timeout_at(deadline, registry.empty()).await.is_err() {
        registry.aborting.set(true);
        registry.wake_all();
        // Each task ends when it is polled next. Connections that still linger were answered.
        let _ = timeout(ABORT_TIMEOUT, registry.empty()).await;
    }
    // Their requests were answered, so no connection waits for them.
    let _ = timeout_at(deadline, uploads_ended()).await;
    let totals = *registry.counts.borrow();
    Ok(totals)
}

fn spawn_connection<H: RequestHandler>(
    stream: TcpStream,
    address: SocketAddr,
    settings: &ListenerSettings,
    context: &Rc<ConnectionContext<H>>,
) {
    // Answers are written in one piece, so Nagle's algorithm would only delay them.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    context.registry.counts.borrow_mut().connections += 1;
    let peer = Peer::new(address, &settings.trusted_networks);
    let Some(permit) = context.registry.register_connection(&settings.cap) else {
        return;
    };
    // A panic ends this task and so only this connection.
    tokio::task::spawn_local(serve_connection(stream, peer, permit, Rc::clone(context)));
}

/// Logs and pauses if the process lacks a resource. Other errors concern only one connection.
async fn pause_if_exhausted(error: &io::Error) {
    let is_of_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    );
    if !is_of_connection {
        static FAILURES: LogThrottle = LogThrottle::new();
        if let Some(suppressed) = FAILURES.pass(std::time::Instant::now()) {
            tracing::warn!(%error, suppressed, "a client connection cannot be accepted; retrying");
        }
        sleep(EXHAUSTED_PAUSE).await;
    }
}

/// Makes the kernel drop every SYN from now on, while handshakes that have begun complete and can
/// be accepted. Closing a socket resets the connections in its queue, some of which have sent a
/// request. A client whose SYN is dropped has sent no request; it tries again and is refused.
#[cfg(target_os = "linux")]
fn drop_new_handshakes(listener: &TcpListener) {
    use socket2::{SockFilter, SockRef};
    // Instructions of the classic Berkeley packet filter. The packet begins with the TCP header.
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

/// Only Linux has such a filter.
#[cfg(not(target_os = "linux"))]
fn drop_new_handshakes(_listener: &TcpListener) {}

fn builder(limits: &ClientLimits) -> http1::Builder {
    // The inspector enforces the exact limits, so those of the library only need to be larger.
    const SLACK: usize = 8 * 1024;
    let head_bytes = limits.inspect.header_bytes_max + SLACK;
    let mut builder = http1::Builder::new();
    builder.max_header_size(head_bytes).max_buf_size(head_bytes);
    if limits.inspect.header_count_max > LIBRARY_HEADER_COUNT_MAX {
        builder.max_headers(limits.inspect.header_count_max);
    }
    builder
}
