//! Sends requests to one upstream and receives the heads of the responses.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, TE, TRAILER, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body::Body;
use portcullis_tls::UpstreamAlpn;
use tokio::time::Instant;

use super::connection_pool::ConnectionPool;
use super::http1_body::Http1ResponseBody;
use super::http2::{Http2Pool, RequestTerms, needs_length, send_on_stream};
use super::kept_body::KeptBody;
use super::response_head::ReceivedHead;
use super::upload_rest::later_deadline;
use super::upstream_body::UpstreamBody;
use super::upstream_connection::{ExchangeFailure, UpstreamConnection};
use super::upstream_error::{UpstreamError, UpstreamPhase};
use super::upstream_socket::UpstreamSecurity;
use crate::body::{ForwardBody, UploadProgress};
use crate::headers::{remove_hop_by_hop, remove_own_fields};
use crate::interim_responses::InterimResponses;
use crate::limits::{ResponseTimeouts, UpstreamLimits};

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
        let pool = ConnectionPool::new(authority, security, limits);
        Self {
            http2: Http2Pool::of(&pool),
            pool,
            host,
        }
    }

    /// The upstream's `host:port`, as configured.
    pub fn authority(&self) -> &str {
        &self.pool.authority
    }

    /// Sends a request and waits for the head of the response.
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
        is_idempotent: bool,
        timeouts: ResponseTimeouts,
        interim: &InterimResponses,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        if let Some(http2) = self.http2.as_ref().filter(|http2| !http2.has_http1()) {
            let terms = RequestTerms {
                host: &self.host,
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
        self.prepare(request);
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
                    self.prepare(request);
                }
                Err(SendFailure::Final(error)) => return Err(error),
            }
        }
        // Boxed, because it is rare and its size would count for every request.
        Box::pin(self.send_on_new_connection(request, is_repeatable, timeouts, interim)).await
    }

    async fn send_on_new_connection(
        &self,
        request: &mut Request<ForwardBody>,
        is_repeatable: bool,
        timeouts: ResponseTimeouts,
        interim: &InterimResponses,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        let socket = self.pool.connect(UpstreamAlpn::Http1).await?;
        let mut connection = Box::new(UpstreamConnection::new(socket));
        connection.begin(request, is_repeatable, None);
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

    /// Refuses an ambiguous response, and removes the header fields of the hop.
    fn accept(
        &self,
        head: ReceivedHead,
        connection: Box<UpstreamConnection>,
        upload: Option<UploadProgress>,
        idle_timeout: Duration,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        if let Some(reason) = ambiguity(&head) {
            return Err(UpstreamError::Malformed {
                authority: self.shared_authority(),
                reason: reason.into(),
            });
        }
        let mut headers = head.headers;
        remove_hop_by_hop(&mut headers);
        remove_own_fields(&mut headers);
        headers.remove(TE);
        if head.status == StatusCode::NO_CONTENT {
            headers.remove(CONTENT_LENGTH);
        }
        let body = Http1ResponseBody::new(connection, upload, Rc::clone(&self.pool), idle_timeout);
        let mut response = Response::new(UpstreamBody::from(body));
        *response.status_mut() = head.status;
        *response.headers_mut() = headers;
        if let Some(reason) = head.reason {
            response.extensions_mut().insert(reason);
        }
        Ok(response)
    }

    /// Sets the HTTP version, `Host` and the framing of a request.
    fn prepare(&self, request: &mut Request<ForwardBody>) {
        *request.version_mut() = Version::HTTP_11;
        let length = request.body().size_hint().exact();
        let trailer_names = request.body().trailers().and_then(trailer_field);
        let needs_length = needs_length(request.method());
        let headers = request.headers_mut();
        if !headers.contains_key(HOST) {
            headers.insert(HOST, self.host.clone());
        }
        if headers.contains_key(TE) {
            headers.insert(CONNECTION, HeaderValue::from_static("te"));
        }
        headers.remove(CONTENT_LENGTH);
        match length {
            Some(0) if !needs_length => {}
            Some(length) => {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
            None => {
                headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
                if let Some(names) = trailer_names {
                    headers.insert(TRAILER, names);
                }
            }
        }
    }

    fn shared_authority(&self) -> Arc<str> {
        Arc::clone(&self.pool.authority)
    }
}

/// The `Trailer` field for trailers that are known before the body is sent.
fn trailer_field(trailers: &HeaderMap) -> Option<HeaderValue> {
    let names: Vec<&str> = trailers.keys().map(http::HeaderName::as_str).collect();
    HeaderValue::from_str(&names.join(", ")).ok()
}

/// Why a response is ambiguous: its end is uncertain, or another protocol follows it.
fn ambiguity(response: &ReceivedHead) -> Option<&'static str> {
    let headers = &response.headers;
    if response.status == StatusCode::SWITCHING_PROTOCOLS {
        return Some("it switches protocols, which the request did not ask for");
    }
    if !headers.contains_key(TRANSFER_ENCODING) {
        return None;
    }
    if headers.contains_key(CONTENT_LENGTH) {
        return Some("it has both Content-Length and Transfer-Encoding");
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_chunked = match (codings.next(), codings.next()) {
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        _ => false,
    };
    (!is_chunked).then_some("its transfer coding is not just `chunked`")
}
