//! Sends requests to one upstream and receives the heads of the responses.

use std::future::poll_fn;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::{HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Response, StatusCode};
use portcullis_tls::UpstreamAlpn;
use tokio::time::Instant;

use super::accepted_head::respond;
use super::connection_pool::ConnectionPool;
use super::http1_body::Http1ResponseBody;
use super::http2::{Http2Pool, RequestTerms, send_on_stream};
use super::kept_body::KeptBody;
use super::pinned_addresses::PinnedAddresses;
use super::request_framing::frame_request;
use super::response_head::ReceivedHead;
use super::switched_connection::SwitchedConnection;
use super::upload_rest::later_deadline;
use super::upstream_body::UpstreamBody;
use super::upstream_connection::{ExchangeFailure, UpstreamConnection};
use super::upstream_error::{UpstreamError, UpstreamPhase};
use super::upstream_socket::UpstreamSecurity;
use crate::body::{ForwardBody, UploadProgress};
use crate::headers::{AddedFields, add_upgrade, handshake_fault};
use crate::interim_responses::InterimResponses;
use crate::limits::{ResponseTimeouts, UpstreamLimits};
use crate::poll_clock;

/// The client for one upstream on one data core. Clones share the connection pool.
#[derive(Clone, Debug)]
pub struct UpstreamClient {
    pool: Rc<ConnectionPool>,
    /// `None` if the upstream gets HTTP/1.1 in any case.
    http2: Option<Rc<Http2Pool>>,
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

    /// A client for the upstream at `authority`, which is `host:port`. The limits say which version of
    /// HTTP it gets.
    pub fn secured(authority: &str, security: UpstreamSecurity, limits: UpstreamLimits) -> Self {
        let host = HeaderValue::from_str(authority)
            .unwrap_or_else(|_| HeaderValue::from_static("upstream"));
        let pool = ConnectionPool::new(authority, security, limits, None);
        Self {
            http2: Http2Pool::of(&pool),
            pool,
            host,
        }
    }

    /// The client with another host for requests without one.
    #[must_use]
    pub(super) fn for_host(self, host: &str) -> Self {
        let host = HeaderValue::from_str(host).unwrap_or_else(|_| self.host.clone());
        Self { host, ..self }
    }

    /// A client for the upstream at a Unix socket. Requests without `Host` are for `localhost`.
    pub fn at_socket(path: &Path, limits: UpstreamLimits) -> Self {
        let authority = format!("unix:{}", path.display());
        let (plain, path) = (UpstreamSecurity::Plain, Some(path.to_owned()));
        Self {
            pool: ConnectionPool::new(&authority, plain, limits, path),
            http2: None,
            host: HeaderValue::from_static("localhost"),
        }
    }

    /// A client for the upstream at `authority` whose name is not resolved, with HTTP/1.1 and without TLS.
    pub(crate) fn at_addresses(
        authority: &str,
        pinned: Rc<PinnedAddresses>,
        limits: UpstreamLimits,
    ) -> Self {
        let host = HeaderValue::from_str(authority);
        Self {
            pool: ConnectionPool::at_addresses(authority, pinned, limits),
            http2: None,
            host: host.unwrap_or_else(|_| HeaderValue::from_static("upstream")),
        }
    }

    /// Opens a connection whose bytes are not messages.
    ///
    /// # Errors
    ///
    /// See [`UpstreamError`].
    pub(crate) async fn open_tunnel(&self) -> Result<SwitchedConnection, UpstreamError> {
        let socket = self.pool.connect(UpstreamAlpn::Http1).await?;
        let connection = Box::new(UpstreamConnection::new(socket));
        Ok(SwitchedConnection::new(connection))
    }

    /// The upstream's `host:port`, as configured, or its socket.
    pub fn authority(&self) -> &str {
        &self.pool.authority
    }

    /// Sends a request, with the `added` fields, and waits for the head of the response.
    ///
    /// The request is sent with new framing; target and `Host` are unchanged. With HTTP/1.1, it is sent
    /// once more on a new connection if a pooled one turns out to be closed before the upstream sent a
    /// byte, and if it `is_idempotent` or the upstream accepted none of it (RFC 9110 section 9.2.2).
    /// A body that is larger than 64 KiB and not in memory is sent once more in the latter case only.
    /// With HTTP/2, `http2/stream_exchange.rs` has the rules.
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
        added: &AddedFields,
        is_idempotent: bool,
        timeouts: ResponseTimeouts,
        interim: &InterimResponses,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        if let Some(http2) = self.http2.as_ref().filter(|http2| !http2.has_http1()) {
            let terms = RequestTerms {
                host: &self.host,
                added,
                is_idempotent,
                timeouts,
                interim,
            };
            // Boxed, so that requests of HTTP/1.1 do not grow.
            let sent = Box::pin(send_on_stream(http2, request, terms)).await;
            if let Some(answer) = sent {
                return answer;
            }
        }
        frame_request(request, &self.host);
        let is_repeatable = is_idempotent && request.body().is_in_memory();
        if let Some(mut connection) = self.pool.take() {
            let is_kept = is_idempotent && !is_repeatable;
            let kept = is_kept.then(KeptBody::default);
            connection.begin(request, added, is_repeatable, kept);
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
        let sent = self.send_on_new_connection(request, added, is_repeatable, timeouts, interim);
        Box::pin(sent).await
    }

    /// Sends a WebSocket handshake, which was checked, on a separate connection. An answer with
    /// status 101 is a valid one, and its body is the connection.
    ///
    /// # Errors
    ///
    /// See [`UpstreamError`].
    pub(crate) async fn shake_hands(
        &self,
        request: &mut Request<ForwardBody>,
        added: &AddedFields,
        timeouts: ResponseTimeouts,
        interim: &InterimResponses,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        frame_request(request, &self.host);
        add_upgrade(request.headers_mut());
        let is_repeatable = true;
        self.send_on_new_connection(request, added, is_repeatable, timeouts, interim)
            .await
    }

    async fn send_on_new_connection(
        &self,
        request: &mut Request<ForwardBody>,
        added: &AddedFields,
        is_repeatable: bool,
        timeouts: ResponseTimeouts,
        interim: &InterimResponses,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        let socket = self.pool.connect(UpstreamAlpn::Http1).await?;
        let mut connection = Box::new(UpstreamConnection::new(socket));
        connection.begin(request, added, is_repeatable, None);
        let answer = self
            .exchange(connection, request, is_repeatable, timeouts, interim)
            .await;
        answer.map_err(SendFailure::into_error)
    }

    async fn exchange(
        &self,
        mut connection: Box<UpstreamConnection>,
        request: &mut Request<ForwardBody>,
        is_repeatable: bool,
        timeouts: ResponseTimeouts,
        interim: &InterimResponses,
    ) -> Result<Response<UpstreamBody>, SendFailure> {
        let mut deadline = Instant::from_std(poll_clock::now()) + timeouts.head;
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
                self.pool.timeout(UpstreamPhase::ResponseHead),
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
        let body = Http1ResponseBody::switched(connection, Rc::clone(&self.pool)).into();
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
        if let Some(reason) = head.hop.ambiguity() {
            return Err(self.malformed(reason));
        }
        let body = Http1ResponseBody::new(connection, upload, Rc::clone(&self.pool), idle_timeout);
        Ok(respond(head, body.into()))
    }

    fn malformed(&self, reason: &'static str) -> UpstreamError {
        UpstreamError::Malformed {
            authority: Arc::clone(&self.pool.authority),
            reason: reason.into(),
        }
    }
}
