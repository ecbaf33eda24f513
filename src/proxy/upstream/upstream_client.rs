//! Exchanges: a request out, a response head back.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, TE, TRAILER, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use tokio::time::{Instant, timeout};

use super::connection_pool::ConnectionPool;
use super::upstream_body::UpstreamBody;
use super::upstream_connection::UpstreamConnection;
use super::upstream_error::{UpstreamError, UpstreamPhase};
use crate::proxy::body::forward_body::ForwardBody;
use crate::proxy::body::request_body::UploadProgress;
use crate::proxy::headers::remove_hop_by_hop;
use crate::proxy::limits::UpstreamLimits;

/// One upstream, as one data core sees it. Cloning shares the connections.
#[derive(Clone, Debug)]
pub struct UpstreamClient {
    pool: Rc<ConnectionPool>,
    host: HeaderValue,
}

/// A request that failed, and what may be done about it.
enum SendFailure {
    /// Not a byte was written: the request itself, to be sent elsewhere.
    Unsent(Box<Request<ForwardBody>>),
    /// It was written, and closed upon without a word.
    ClosedSilently(UpstreamError),
    /// Anything else.
    Final(UpstreamError),
}

impl UpstreamClient {
    /// The upstream at `authority`, which is `host:port`.
    pub fn new(authority: &str, limits: UpstreamLimits) -> Self {
        let host = HeaderValue::from_str(authority)
            .unwrap_or_else(|_| HeaderValue::from_static("upstream"));
        Self {
            pool: ConnectionPool::new(authority, limits),
            host,
        }
    }

    /// The upstream as it was configured.
    pub fn authority(&self) -> &str {
        &self.pool.authority
    }

    /// Sends a request and waits for the head of the response.
    ///
    /// The request goes out as HTTP/1.1 with framing of its own, its target and `Host`
    /// unchanged. A request that reached a closed connection is sent once more on a new one:
    /// always when no byte of it was written, and when it `is_idempotent`, its body is in
    /// memory and the upstream had not said a word (RFC 9110 section 9.2.2).
    ///
    /// # Errors
    ///
    /// See [`UpstreamError`].
    pub async fn send(
        &self,
        mut request: Box<Request<ForwardBody>>,
        is_idempotent: bool,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        self.prepare(&mut request);
        let Some(lane) = self.pool.take() else {
            return Box::pin(self.send_on_new_connection(request)).await;
        };
        let copy = is_idempotent.then(|| copy(&request)).flatten();
        match self.exchange(lane, request).await {
            Ok(response) => Ok(response),
            Err(SendFailure::Final(error)) => Err(error),
            Err(SendFailure::Unsent(request)) => {
                Box::pin(self.send_on_new_connection(request)).await
            }
            Err(SendFailure::ClosedSilently(error)) => match copy {
                Some(request) => Box::pin(self.send_on_new_connection(request)).await,
                None => Err(error),
            },
        }
    }

    /// Sends a request on a connection of its own. Boxed by its callers: it is rare, and its
    /// size would count for every request.
    async fn send_on_new_connection(
        &self,
        request: Box<Request<ForwardBody>>,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        let lane = self.connect().await?;
        self.exchange(lane, request)
            .await
            .map_err(|failure| match failure {
                SendFailure::ClosedSilently(error) | SendFailure::Final(error) => error,
                SendFailure::Unsent(_) => UpstreamError::Closed {
                    authority: self.shared_authority(),
                },
            })
    }

    async fn connect(&self) -> Result<UpstreamConnection, UpstreamError> {
        let limits = &self.pool.limits;
        let connecting = UpstreamConnection::connect(&self.pool.authority, limits);
        match timeout(limits.connect_timeout, connecting).await {
            Ok(Ok(lane)) => Ok(lane),
            Ok(Err(error)) => Err(UpstreamError::Connect {
                authority: self.shared_authority(),
                source: Arc::new(error),
            }),
            Err(_) => Err(self.timeout(UpstreamPhase::Connect)),
        }
    }

    async fn exchange(
        &self,
        mut lane: UpstreamConnection,
        request: Box<Request<ForwardBody>>,
    ) -> Result<Response<UpstreamBody>, SendFailure> {
        lane.reset_received();
        let patience = self.pool.limits.response_head_timeout;
        let mut deadline = Instant::now() + patience;
        let mut upload = request.body().upload();
        let mut sent = pin!(lane.sender.try_send_request(*request));
        let outcome = poll_fn(|cx| {
            lane.drive(cx);
            let mut quiet = Context::from_waker(Waker::noop());
            if let Poll::Ready(outcome) = sent.as_mut().poll(&mut quiet) {
                return Poll::Ready(Some(outcome));
            }
            while lane.alarm.poll(cx, deadline).is_ready() {
                if !upload.as_mut().is_some_and(UploadProgress::has_progressed) {
                    return Poll::Ready(None);
                }
                deadline = Instant::now() + patience;
            }
            Poll::Pending
        });
        match outcome.await {
            Some(Ok(response)) => self.accept(response, lane).map_err(SendFailure::Final),
            Some(Err(error)) => Err(self.judge_failure(error, &lane)),
            None => Err(SendFailure::Final(
                self.timeout(UpstreamPhase::ResponseHead),
            )),
        }
    }

    fn judge_failure(
        &self,
        mut error: TrySendError<Request<ForwardBody>>,
        lane: &UpstreamConnection,
    ) -> SendFailure {
        if let Some(request) = error.take_message() {
            return SendFailure::Unsent(Box::new(request));
        }
        let cause = UpstreamError::from_hyper(&error.into_error(), &self.pool.authority);
        match cause {
            UpstreamError::Closed { .. } if !lane.has_received() => {
                SendFailure::ClosedSilently(cause)
            }
            _ => SendFailure::Final(cause),
        }
    }

    /// Refuses a response that can be read in two ways, and removes the fields of the hop.
    fn accept(
        &self,
        response: Response<Incoming>,
        lane: UpstreamConnection,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        if let Some(reason) = ambiguity(&response) {
            let authority = self.shared_authority();
            return Err(UpstreamError::Malformed {
                authority,
                reason: reason.into(),
            });
        }
        let (mut head, incoming) = response.into_parts();
        remove_hop_by_hop(&mut head.headers);
        head.headers.remove(TE);
        if head.status == StatusCode::NO_CONTENT {
            head.headers.remove(CONTENT_LENGTH);
        }
        head.version = Version::HTTP_11;
        let body = UpstreamBody::new(incoming, lane, Rc::clone(&self.pool));
        Ok(Response::from_parts(head, body))
    }

    /// Gives a request the version, the `Host` and the framing it is sent with.
    fn prepare(&self, request: &mut Request<ForwardBody>) {
        *request.version_mut() = Version::HTTP_11;
        let length = request.body().size_hint().exact();
        let announced = request.body().trailers().and_then(trailer_names);
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
                if let Some(names) = announced {
                    headers.insert(TRAILER, names);
                }
            }
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

/// The same request once more, if its body is in memory.
pub(in crate::proxy) fn copy(request: &Request<ForwardBody>) -> Option<Box<Request<ForwardBody>>> {
    let mut copy = Box::new(Request::new(request.body().replay()?));
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

/// Methods that anticipate a body, so that its absence is stated (RFC 9110 section 8.6).
fn needs_length(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// The `Trailer` field for trailers known beforehand.
fn trailer_names(trailers: &HeaderMap) -> Option<HeaderValue> {
    let names: Vec<&str> = trailers.keys().map(http::HeaderName::as_str).collect();
    HeaderValue::from_str(&names.join(", ")).ok()
}

/// Why the end of a response is uncertain, or what follows it not HTTP.
fn ambiguity(response: &Response<Incoming>) -> Option<&'static str> {
    let headers = response.headers();
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Some("it switches protocols, which was not asked for");
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
