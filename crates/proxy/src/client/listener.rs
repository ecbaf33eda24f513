//! The connections of one data core, from the first one to the end of the drain.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::bound_listener::BoundListener;
use super::connection::serve_connection;
use super::connection_context::ConnectionContext;
use super::connection_registry::{ConnectionCap, ConnectionRegistry};
use super::core_listeners::CoreListeners;
use super::drain_signal::{DrainPhase, DrainSignal};
use super::incoming_request::RequestHandler;
use super::listener_totals::ListenerTotals;
use super::proxy_opening::ListenerProxies;
use super::tls_opening::ListenerTls;
use crate::headers::{Peer, PeerAddress};
use crate::limits::ClientLimits;
use crate::upstream::uploads_ended;
use portcullis_telemetry::LogThrottle;
use portcullis_vocabulary::TrustedPeers;

/// Time for handshakes that began before the port closes.
const HANDSHAKE_GRACE: Duration = Duration::from_millis(100);

/// Time for the tasks of connections to react to an abort.
const ABORT_TIMEOUT: Duration = Duration::from_millis(100);

/// Pause after `accept` failed because the process ran out of a resource such as file descriptors.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// The settings of a listener.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// Limits on client connections.
    pub limits: ClientLimits,
    /// The peers whose information about the original client is trusted.
    pub trusted_peers: TrustedPeers,
    /// The PROXY protocol, if it is required.
    pub proxies: Option<ListenerProxies>,
    /// TLS of the port, if it has any.
    pub tls: Option<ListenerTls>,
    /// The cap on connections, shared by all data cores. A connection beyond it is accepted,
    /// answered with [`HttpRefusal::TooManyConnections`](crate::HttpRefusal) and closed, so
    /// the client learns the reason and the kernel's queue keeps moving. Beyond nine eighths of
    /// the cap, connections are closed without an answer.
    pub cap: Arc<ConnectionCap>,
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
        limits: Rc::new(settings.limits.clone()),
        proxies: settings.proxies.clone(),
        tls: settings.tls.clone(),
        registry: Rc::clone(&registry),
    });
    let mut listeners = CoreListeners::new(bound)?;
    let spawn = |stream: TcpStream, address| spawn_connection(stream, address, &settings, &context);
    let mut phase = drain.now();
    let deadline = loop {
        registry.closing.set(phase != DrainPhase::Serving);
        if let DrainPhase::Stopping { deadline } = phase {
            break deadline;
        }
        tokio::select! {
            accepted = listeners.accept() => match accepted {
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
    listeners.drop_new_handshakes();
    let accept_until = deadline.min(Instant::now() + HANDSHAKE_GRACE);
    while let Ok(accepted) = timeout_at(accept_until, listeners.accept()).await {
        match accepted {
            Ok((stream, address)) => spawn(stream, address),
            Err(error) => pause_if_exhausted(&error).await,
        }
    }
    drop(listeners);
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
    address: PeerAddress,
    settings: &ListenerSettings,
    context: &Rc<ConnectionContext<H>>,
) {
    context.registry.counts.borrow_mut().connections += 1;
    let peer = Peer::new(address, address.is_among(&settings.trusted_peers));
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
