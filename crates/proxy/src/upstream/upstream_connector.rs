//! Connects to the upstream: resolves its name, races its addresses, and performs the handshake of TLS.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use portcullis_egress::CallDestination;
use portcullis_tls::UpstreamAlpn;
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};

use super::address_race::race;
use super::connection_pool::ConnectionPool;
use super::idle_pools::{IdlePool as _, close_all_idle};
use super::local_resource::LocalResource;
use super::upstream_error::{UpstreamError, UpstreamPhase};
use super::upstream_socket::{SocketFailure, UpstreamSocket};
use crate::unix_stream::as_stream;

/// How often the other tasks of the core have their turn while they close connections.
const CLOSING_TURNS: usize = 4;

/// Whether a connection could not be opened for lack of descriptors.
const fn lacks_descriptors(connected: &Result<UpstreamSocket, UpstreamError>) -> bool {
    matches!(
        connected,
        Err(UpstreamError::Local {
            resource: LocalResource::Descriptors,
            ..
        })
    )
}

impl ConnectionPool {
    /// A new connection. With TLS, `alpn` is offered.
    pub(super) async fn connect(
        &self,
        alpn: UpstreamAlpn,
    ) -> Result<UpstreamSocket, UpstreamError> {
        let connected = self.connect_once(alpn).await;
        // Idle connections hold descriptors that are needed now: those of this upstream first.
        if !lacks_descriptors(&connected) {
            return connected;
        }
        let connected = if self.close_idle() {
            self.connect_once(alpn).await
        } else {
            connected
        };
        if !lacks_descriptors(&connected) {
            return connected;
        }
        close_all_idle();
        // Shared connections are closed by their own tasks, after a last word to the upstream. Those
        // that another request has closed a moment ago may be among them.
        for _ in 0..CLOSING_TURNS {
            yield_now().await;
        }
        self.connect_once(alpn).await
    }

    async fn connect_once(&self, alpn: UpstreamAlpn) -> Result<UpstreamSocket, UpstreamError> {
        let deadline = Instant::now() + self.limits.connect_timeout;
        if let Some(path) = &self.socket_path {
            return self.connect_to_socket(path, deadline).await;
        }
        if let Some(pinned) = &self.pinned {
            let addresses = pinned.to_vec().into_iter();
            return self.connect_to_any(addresses, alpn, deadline).await;
        }
        let addresses = match timeout_at(deadline, lookup_host(&*self.authority)).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => {
                let resource = LocalResource::of(&error).unwrap_or(LocalResource::Resolver);
                return Err(self.connect_failure(Some(resource), error));
            }
            Err(elapsed) => {
                return Err(self.connect_failure(Some(LocalResource::Resolver), elapsed.into()));
            }
        };
        let addresses = self.allowed(addresses)?;
        self.connect_to_any(addresses.into_iter(), alpn, deadline)
            .await
    }

    /// The addresses that may be dialled.
    fn allowed(
        &self,
        addresses: impl Iterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, UpstreamError> {
        let all: Vec<SocketAddr> = addresses.collect();
        let Some(policy) = &self.limits.addresses else {
            return Ok(all);
        };
        let to = CallDestination::parse(&self.authority, 0).map_err(|fault| {
            let fault = io::Error::new(io::ErrorKind::InvalidInput, fault.to_string());
            self.connect_failure(None, fault)
        })?;
        let refusal = |address: &SocketAddr| policy.refusal(&to.host, address.ip());
        let denied = all.iter().find_map(refusal);
        let passed: Vec<SocketAddr> = all
            .into_iter()
            .filter(|address| refusal(address).is_none())
            .collect();
        match denied {
            Some(class) if passed.is_empty() => {
                let reason = format!(
                    "its address is of the class {class}, which `egress.addresses.deny` covers; if it is \
                     right, add it to `allow` or `private_hosts` in [egress.addresses]"
                );
                let denied = io::Error::new(io::ErrorKind::PermissionDenied, reason);
                Err(self.connect_failure(None, denied))
            }
            _ => Ok(passed),
        }
    }

    async fn connect_to_socket(
        &self,
        path: &Path,
        deadline: Instant,
    ) -> Result<UpstreamSocket, UpstreamError> {
        let connected = timeout_at(deadline, UnixStream::connect(path)).await;
        let connected = connected.map_err(|_| self.timeout(UpstreamPhase::Connect))?;
        let stream = connected.and_then(as_stream);
        stream
            .map(UpstreamSocket::Plain)
            .map_err(|error| self.connect_failure(LocalResource::of(&error), error))
    }

    /// Connects to the first of the addresses that answers.
    async fn connect_to_any(
        &self,
        addresses: impl Iterator<Item = SocketAddr>,
        alpn: UpstreamAlpn,
        deadline: Instant,
    ) -> Result<UpstreamSocket, UpstreamError> {
        let memory = &self.addresses;
        let addresses = memory.borrow().order(addresses, Instant::now());
        if addresses.is_empty() {
            let missing = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            return Err(self.connect_failure(Some(LocalResource::Resolver), missing));
        }
        let outcome = race(addresses, deadline, TcpStream::connect).await;
        let now = Instant::now();
        for loser in outcome.losers {
            memory.borrow_mut().note_failure(loser, now);
        }
        let (stream, address) = match outcome.winner {
            Ok(winner) => winner,
            Err(Some((resource, error))) => return Err(self.connect_failure(resource, error)),
            Err(None) => return Err(self.timeout(UpstreamPhase::Connect)),
        };
        // The failure of TLS is the answer: another address of the name is the same upstream. That one
        // is tried first the next time.
        stream
            .set_nodelay(true)
            .map_err(|error| self.connect_failure(LocalResource::of(&error), error))?;
        let opened = self.security.open(stream, alpn, deadline).await;
        match &opened {
            Ok(_) => memory.borrow_mut().note_success(address),
            Err(_) => memory.borrow_mut().note_failure(address, Instant::now()),
        }
        opened.map_err(|failure| match failure {
            SocketFailure::Tls(fault) => UpstreamError::Tls {
                authority: Arc::clone(&self.authority),
                fault,
            },
            SocketFailure::TooSlow => self.timeout(UpstreamPhase::Connect),
        })
    }

    fn connect_failure(&self, resource: Option<LocalResource>, error: io::Error) -> UpstreamError {
        let (authority, source) = (Arc::clone(&self.authority), Arc::new(error));
        match resource {
            Some(resource) => UpstreamError::Local {
                authority,
                resource,
                source,
            },
            None => UpstreamError::Connect { authority, source },
        }
    }

    /// The error of an upstream that was too slow.
    pub(super) fn timeout(&self, phase: UpstreamPhase) -> UpstreamError {
        UpstreamError::Timeout {
            authority: Arc::clone(&self.authority),
            phase,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream as StdStream};
    use std::time::Duration;

    use rustix::io::Errno;
    use socket2::{Domain, Socket, Type};

    use super::*;
    use crate::limits::UpstreamLimits;
    use crate::upstream::UpstreamSecurity;

    const HTTP1: UpstreamAlpn = UpstreamAlpn::Http1;

    /// An address that drops the packets of new connections, because its queue is full, and the
    /// sockets that keep it full.
    fn silent_address() -> (SocketAddr, Vec<Socket>) {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        listener.bind(&any.into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let mut sockets = vec![listener];
        for _ in 0..8 {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            if let Err(error) = socket.connect(&address.into()) {
                assert_eq!(Errno::from_io_error(&error), Some(Errno::INPROGRESS));
            }
            sockets.push(socket);
        }
        (address, sockets)
    }

    #[tokio::test]
    async fn a_silent_address_costs_one_delay_and_is_tried_last_after_that() {
        let (silent, _full) = silent_address();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let good = listener.local_addr().unwrap();
        let limits = UpstreamLimits {
            connect_timeout: Duration::from_secs(60),
            ..UpstreamLimits::default()
        };
        let pool = ConnectionPool::new("depot.test:80", UpstreamSecurity::Plain, limits, None);
        let addresses = [silent, good];
        let connect = || async {
            let deadline = Instant::now() + Duration::from_secs(60);
            pool.connect_to_any(addresses.into_iter(), HTTP1, deadline)
                .await
        };
        let first = connect().await.unwrap();
        let order = |pool: &ConnectionPool| {
            let memory = pool.addresses.borrow();
            memory.order(addresses.into_iter(), Instant::now())
        };
        assert_eq!(order(&pool), [good, silent]);
        drop((first, connect().await.unwrap()));
        let accepted: Vec<StdStream> = listener.incoming().take(2).map(Result::unwrap).collect();
        assert_eq!(accepted.len(), 2);
    }

    #[tokio::test]
    async fn addresses_that_all_drop_packets_are_a_timeout() {
        let (silent, _full) = silent_address();
        let pool = ConnectionPool::new(
            "depot.test:80",
            UpstreamSecurity::Plain,
            UpstreamLimits::default(),
            None,
        );
        let deadline = Instant::now() + Duration::from_millis(50);
        let failed = pool
            .connect_to_any([silent].into_iter(), HTTP1, deadline)
            .await;
        let Err(UpstreamError::Timeout { phase, .. }) = failed else {
            panic!("{failed:?} is no timeout");
        };
        assert_eq!(phase, UpstreamPhase::Connect);
    }
}
