//! Sends requests to one upstream and receives the heads of the responses.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::{HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Response, StatusCode};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::{Instant, timeout_at};

use super::accepted_head::{ambiguity, respond};
use super::address_race::race;
use super::connection_pool::ConnectionPool;
use super::kept_body::KeptBody;
use super::local_resource::LocalResource;
use super::request_framing::frame_request;
use super::response_head::ReceivedHead;
use super::upload_rest::later_deadline;
use super::upstream_body::UpstreamBody;
use super::upstream_connection::{ExchangeFailure, UpstreamConnection};
use super::upstream_error::{UpstreamError, UpstreamPhase};
use super::upstream_socket::{SocketFailure, UpstreamSecurity, UpstreamSocket};
use crate::body::{ForwardBody, UploadProgress};
use crate::headers::{add_upgrade, handshake_fault};
use crate::interim_responses::InterimResponses;
use crate::limits::{ResponseTimeouts, UpstreamLimits};
use crate::unix_stream::as_stream;

/// The client for one upstream on one data core. Clones share the connection pool.
#[derive(Clone, Debug)]
pub struct UpstreamClient {
    pool: Rc<ConnectionPool>,
    host: HeaderValue,
}

/// How sending a request failed.
enum SendFailure {
    /// The upstream closed the connection before it sent a byte of the response. The request is
    /// complete, so it can be sent again.
    ClosedSilently(UpstreamError),
    /// Any other failure.
    Final(UpstreamError),
}

impl SendFailure {
    fn into_error(self) -> UpstreamError {
        match self {
            Self::ClosedSilently(error) | Self::Final(error) => error,
        }
    }
}

impl UpstreamClient {
    /// A client for the upstream at `authority`, which is `host:port`, without TLS.
    pub fn new(authority: &str, limits: UpstreamLimits) -> Self {
        Self::secured(authority, UpstreamSecurity::Plain, limits)
    }

    /// A client for the upstream at `authority`, which is `host:port`.
    pub fn secured(authority: &str, security: UpstreamSecurity, limits: UpstreamLimits) -> Self {
        let host = HeaderValue::from_str(authority)
            .unwrap_or_else(|_| HeaderValue::from_static("upstream"));
        Self {
            pool: ConnectionPool::new(authority, security, limits, None),
            host,
        }
    }

    /// A client for the upstream at a Unix socket. Requests without `Host` are for `localhost`.
    pub fn at_socket(path: &Path, limits: UpstreamLimits) -> Self {
        let authority = format!("unix:{}", path.display());
        let (plain, path) = (UpstreamSecurity::Plain, Some(path.to_owned()));
        Self {
            pool: ConnectionPool::new(&authority, plain, limits, path),
            host: HeaderValue::from_static("localhost"),
        }
    }

    /// The upstream's `host:port`, as configured, or its socket.
    pub fn authority(&self) -> &str {
        &self.pool.authority
    }

    /// Sends a request and waits for the head of the response.
    ///
    /// The request is sent as HTTP/1.1 with new framing; target and `Host` are unchanged. It is sent
    /// once more on a new connection if a pooled one turns out to be closed before the upstream sent a
    /// byte, and if it `is_idempotent` or the upstream accepted none of it (RFC 9110 section 9.2.2).
    /// A body that is larger than 64 KiB and not in memory is sent once more in the latter case only.
    ///
    /// `interim` passes interim responses on.
    ///
    /// If the request `is_idempotent` and its body is in memory, it is complete afterwards, so it can
    /// be sent again. Any other body is given away.
    ///
    /// # Errors
    ///
    /// See [`UpstreamError`].
    pub async fn send(
        &self,
        request: &mut Request<ForwardBody>,
        is_idempotent: bool,
        timeouts: ResponseTimeouts,
        interim: &InterimResponses,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        frame_request(request, &self.host);
        let is_repeatable = is_idempotent && request.body().is_in_memory();
        if let Some(mut connection) = self.pool.take() {
            let is_kept = is_idempotent && !is_repeatable;
            let kept = is_kept.then(KeptBody::default);
            connection.begin(request, is_repeatable, kept);
            let answer = self
                .exchange(connection, request, is_repeatable, timeouts, interim)
                .await;
            match answer {
                Ok(response) => return Ok(response),
                // The framing may be another one if the whole body is in memory now.
                Err(SendFailure::ClosedSilently(_)) => {
                    request.headers_mut().remove(TRANSFER_ENCODING);
                    frame_request(request, &self.host);
                }
                Err(SendFailure::Final(error)) => return Err(error),
            }
        }
        // Boxed, because it is rare and its size would count for every request.
        Box::pin(self.send_on_new_connection(request, is_repeatable, timeouts, interim)).await
    }

    /// Sends a WebSocket handshake, which was checked, on a connection of its own. An answer with
    /// status 101 is a valid one, and its body is the connection.
    ///
    /// # Errors
    ///
    /// See [`UpstreamError`].
    pub(crate) async fn shake_hands(
        &self,
        request: &mut Request<ForwardBody>,
        timeouts: ResponseTimeouts,
        interim: &InterimResponses,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        frame_request(request, &self.host);
        add_upgrade(request.headers_mut());
        let is_repeatable = true;
        self.send_on_new_connection(request, is_repeatable, timeouts, interim)
            .await
    }

    async fn send_on_new_connection(
        &self,
        request: &mut Request<ForwardBody>,
        is_repeatable: bool,
        timeouts: ResponseTimeouts,
        interim: &InterimResponses,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        let mut connection = self.connect().await?;
        connection.begin(request, is_repeatable, None);
        let answer = self
            .exchange(connection, request, is_repeatable, timeouts, interim)
            .await;
        answer.map_err(SendFailure::into_error)
    }

    async fn connect(&self) -> Result<Box<UpstreamConnection>, UpstreamError> {
        match self.connect_once().await {
            // Idle connections hold descriptors that are needed now.
            Err(UpstreamError::Local {
                resource: LocalResource::Descriptors,
                ..
            }) if self.pool.close_idle() => self.connect_once().await,
            connected => connected,
        }
    }

    async fn connect_once(&self) -> Result<Box<UpstreamConnection>, UpstreamError> {
        let deadline = Instant::now() + self.pool.limits.connect_timeout;
        if let Some(path) = &self.pool.socket_path {
            return self.connect_to_socket(path, deadline).await;
        }
        let addresses = match timeout_at(deadline, lookup_host(&*self.pool.authority)).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(error)) => {
                let resource = LocalResource::of(&error).unwrap_or(LocalResource::Resolver);
                return Err(self.connect_failure(Some(resource), error));
            }
            Err(elapsed) => {
                return Err(self.connect_failure(Some(LocalResource::Resolver), elapsed.into()));
            }
        };
        self.connect_to_any(addresses, deadline).await
    }

    async fn connect_to_socket(
        &self,
        path: &Path,
        deadline: Instant,
    ) -> Result<Box<UpstreamConnection>, UpstreamError> {
        let connected = timeout_at(deadline, UnixStream::connect(path)).await;
        let connected = connected.map_err(|_| self.timeout(UpstreamPhase::Connect))?;
        let stream = connected
            .and_then(as_stream)
            .map_err(|error| self.connect_failure(LocalResource::of(&error), error))?;
        Ok(Box::new(UpstreamConnection::new(UpstreamSocket::Plain(
            stream,
        ))))
    }

    /// Connects to the first of the addresses that answers.
    async fn connect_to_any(
        &self,
        addresses: impl Iterator<Item = SocketAddr>,
        deadline: Instant,
    ) -> Result<Box<UpstreamConnection>, UpstreamError> {
        let memory = &self.pool.addresses;
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
        let opened = self.pool.security.open(stream, deadline).await;
        match &opened {
            Ok(_) => memory.borrow_mut().note_success(address),
            Err(_) => memory.borrow_mut().note_failure(address, Instant::now()),
        }
        let socket = opened.map_err(|failure| match failure {
            SocketFailure::Tls(fault) => UpstreamError::Tls {
                authority: self.shared_authority(),
                fault,
            },
            SocketFailure::TooSlow => self.timeout(UpstreamPhase::Connect),
        })?;
        Ok(Box::new(UpstreamConnection::new(socket)))
    }

    fn connect_failure(&self, resource: Option<LocalResource>, error: io::Error) -> UpstreamError {
        let (authority, source) = (self.shared_authority(), Arc::new(error));
        match resource {
            Some(resource) => UpstreamError::Local {
                authority,
                resource,
                source,
            },
            None => UpstreamError::Connect { authority, source },
        }
    }

    async fn exchange(
        &self,
        mut connection: Box<UpstreamConnection>,
        request: &mut Request<ForwardBody>,
        is_repeatable: bool,
        timeouts: ResponseTimeouts,
        interim: &InterimResponses,
    ) -> Result<Response<UpstreamBody>, SendFailure> {
        let mut deadline = Instant::now() + timeouts.head;
        let mut upload = connection.upload_progress();
        let (method, limits) = (request.method(), &self.pool.limits);
        let outcome = poll_fn(|cx| {
            while let Poll::Ready(outcome) = connection.poll_head(cx, method, limits) {
                match outcome {
                    Ok(head) if head.is_interim() => interim.pass(head.status, head.headers),
                    outcome => return Poll::Ready(Some(outcome)),
                }
            }
            while connection.timer.poll(cx, deadline).is_ready() {
                match later_deadline(upload.as_mut(), timeouts.head, deadline) {
                    Some(later) => deadline = later,
                    None => return Poll::Ready(None),
                }
            }
            Poll::Pending
        });
        match outcome.await {
            Some(Ok(head)) if head.status == StatusCode::SWITCHING_PROTOCOLS => self
                .switch(head, connection, request.headers())
                .map_err(SendFailure::Final),
            Some(Ok(head)) => self
                .accept(head, connection, upload, timeouts.body_idle)
                .map_err(SendFailure::Final),
            Some(Err(failure)) => {
                let mut is_whole = is_repeatable;
                if let Some(body) = connection.take_back() {
                    *request.body_mut() = body;
                    is_whole = true;
                }
                Err(self.classify_failure(failure, &connection, is_whole))
            }
            None => Err(SendFailure::Final(
                self.timeout(UpstreamPhase::ResponseHead),
            )),
        }
    }

    fn classify_failure(
        &self,
        failure: ExchangeFailure,
        connection: &UpstreamConnection,
        is_whole: bool,
    ) -> SendFailure {
        let is_silent = match failure {
            ExchangeFailure::Unsent => true,
            ExchangeFailure::Closed => !connection.has_received(),
            _ => false,
        };
        let error = UpstreamError::of_exchange(failure, &self.pool.authority);
        if is_silent && is_whole {
            SendFailure::ClosedSilently(error)
        } else {
            SendFailure::Final(error)
        }
    }

    /// Accepts an answer that switches to the protocol that the request asks for.
    fn switch(
        &self,
        head: ReceivedHead,
        connection: Box<UpstreamConnection>,
        request: &HeaderMap,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        if let Some(reason) = handshake_fault(request, &head.headers) {
            return Err(self.malformed(reason));
        }
        let body = UpstreamBody::switched(connection, Rc::clone(&self.pool));
        Ok(respond(head, body))
    }

    /// Refuses an ambiguous response, and removes the header fields of the hop.
    fn accept(
        &self,
        head: ReceivedHead,
        connection: Box<UpstreamConnection>,
        upload: Option<UploadProgress>,
        idle_timeout: Duration,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        if let Some(reason) = ambiguity(&head) {
            return Err(self.malformed(reason));
        }
        let body = UpstreamBody::new(connection, upload, Rc::clone(&self.pool), idle_timeout);
        Ok(respond(head, body))
    }

    fn malformed(&self, reason: &'static str) -> UpstreamError {
        UpstreamError::Malformed {
            authority: self.shared_authority(),
            reason: reason.into(),
        }
    }

    fn timeout(&self, phase: UpstreamPhase) -> UpstreamError {
        UpstreamError::Timeout {
            authority: self.shared_authority(),
            phase,
        }
    }

    fn shared_authority(&self) -> Arc<str> {
        Arc::clone(&self.pool.authority)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream as StdStream};

    use rustix::io::Errno;
    use socket2::{Domain, Socket, Type};

    use super::*;

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
        let client = UpstreamClient::new("depot.test:80", limits);
        let addresses = [silent, good];
        let connect = || async {
            let deadline = Instant::now() + Duration::from_secs(60);
            client.connect_to_any(addresses.into_iter(), deadline).await
        };
        let first = connect().await.unwrap();
        let order = |client: &UpstreamClient| {
            let memory = client.pool.addresses.borrow();
            memory.order(addresses.into_iter(), Instant::now())
        };
        assert_eq!(order(&client), [good, silent]);
        drop((first, connect().await.unwrap()));
        let accepted: Vec<StdStream> = listener.incoming().take(2).map(Result::unwrap).collect();
        assert_eq!(accepted.len(), 2);
    }

    #[tokio::test]
    async fn addresses_that_all_drop_packets_are_a_timeout() {
        let (silent, _full) = silent_address();
        let client = UpstreamClient::new("depot.test:80", UpstreamLimits::default());
        let deadline = Instant::now() + Duration::from_millis(50);
        let failed = client.connect_to_any([silent].into_iter(), deadline).await;
        let Err(UpstreamError::Timeout { phase, .. }) = failed else {
            panic!("{failed:?} is no timeout");
        };
        assert_eq!(phase, UpstreamPhase::Connect);
    }
}
