//! Sends a request on a stream and receives the head of its response.
//!
//! A request is sent again, at most twice, if the upstream says that it did not process it (RFC 9113
//! section 8.7): by `REFUSED_STREAM`, or by a GOAWAY that does not cover its stream. So is a request of
//! which nothing was written before the connection ended, and an idempotent one whose connection ended
//! before the response began (RFC 9110 section 9.2.2). Its body must be in memory, or not larger than
//! 64 KiB.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use h2::RecvStream;
use h2::client::ResponseFuture;
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use tokio::time::Instant;

use super::acquire_stream::acquire_stream;
use super::http2_body::Http2ResponseBody;
use super::http2_pool::Http2Pool;
use super::message_heads::{accept_response, is_bodiless, request_head};
use super::shared_connection::StreamLease;
use super::stream_failure::StreamFailure;
use super::stream_upload::StreamUpload;
use crate::body::{ForwardBody, UploadProgress};
use crate::headers::AddedFields;
use crate::interim_responses::InterimResponses;
use crate::limits::ResponseTimeouts;
use crate::upstream::upload_rest::later_deadline;
use crate::upstream::upstream_body::UpstreamBody;
use crate::upstream::upstream_error::{UpstreamError, UpstreamPhase};

/// How often a request is sent at most.
const ATTEMPTS_MAX: u32 = 3;

/// On what terms a request is sent.
#[derive(Clone, Copy, Debug)]
pub(in crate::upstream) struct RequestTerms<'r> {
    /// The host of a request without one.
    pub(in crate::upstream) host: &'r HeaderValue,
    pub(in crate::upstream) added: &'r AddedFields,
    pub(in crate::upstream) is_idempotent: bool,
    pub(in crate::upstream) timeouts: ResponseTimeouts,
    pub(in crate::upstream) interim: &'r InterimResponses,
}

/// Sends a request and waits for the head of its response. `None` if the upstream chooses HTTP/1.1; the
/// request is complete then.
pub(in crate::upstream) async fn send_on_stream(
    pool: &Rc<Http2Pool>,
    request: &mut Request<ForwardBody>,
    terms: RequestTerms<'_>,
) -> Option<Result<Response<UpstreamBody>, UpstreamError>> {
    let mut attempts = 0;
    loop {
        let lease = match acquire_stream(pool).await {
            Ok(lease) => lease?,
            Err(error) => return Some(Err(error)),
        };
        attempts += 1;
        let failure = match attempt(pool, lease, request, terms).await {
            Ok(response) => {
                if !terms.is_idempotent {
                    *request.body_mut() = ForwardBody::empty();
                }
                return Some(Ok(response));
            }
            Err(failure) => failure,
        };
        let AttemptFailure { failure, is_whole } = failure;
        let may_repeat = match failure {
            StreamFailure::Unprocessed(_) => true,
            StreamFailure::Lost(_) => terms.is_idempotent,
            StreamFailure::Final(_) => false,
        };
        if !may_repeat || !is_whole || attempts == ATTEMPTS_MAX {
            return Some(Err(failure.into_error()));
        }
    }
}

/// How an attempt failed.
struct AttemptFailure {
    failure: StreamFailure,
    /// Whether the request is complete again.
    is_whole: bool,
}

async fn attempt(
    pool: &Rc<Http2Pool>,
    lease: StreamLease,
    request: &mut Request<ForwardBody>,
    terms: RequestTerms<'_>,
) -> Result<Response<UpstreamBody>, AttemptFailure> {
    let authority = &pool.http1().authority;
    let scheme = match pool.alpn() {
        Some(_) => Scheme::HTTPS,
        None => Scheme::HTTP,
    };
    let head = request_head(request, scheme, terms.host, terms.added);
    let written = lease.connection().activity().written();
    let (response, stream) = match lease.open(head, request.body().is_end_stream()) {
        Ok(opened) => opened,
        Err(error) => {
            let failure = error.map(|error| unsent(StreamFailure::of(&error, authority)));
            let refused = || {
                let authority = Arc::clone(authority);
                StreamFailure::Unprocessed(UpstreamError::Refused { authority })
            };
            return Err(AttemptFailure {
                failure: failure.unwrap_or_else(refused),
                is_whole: true,
            });
        }
    };
    let is_in_memory = request.body().is_in_memory();
    let body = request.body_mut().hand_over();
    let mut exchange = StreamExchange {
        upload: StreamUpload::new(stream, body, lease),
        response,
        pool,
        method: request.method().clone(),
    };
    match exchange.head(terms).await {
        Ok((status, response, progress)) => {
            let failed = |failure| AttemptFailure {
                failure,
                is_whole: false,
            };
            exchange
                .accept(status, response, progress, terms)
                .map_err(failed)
        }
        Err(mut failure) => {
            let connection = exchange.upload.lease.connection();
            if connection.activity().written() == written {
                failure = unsent(failure);
            }
            let body = exchange.upload.take_back();
            let is_whole = is_in_memory || body.is_some();
            if let Some(body) = body {
                *request.body_mut() = body;
            }
            Err(AttemptFailure { failure, is_whole })
        }
    }
}

/// The failure of a connection on which nothing of the request was written.
fn unsent(failure: StreamFailure) -> StreamFailure {
    match failure {
        StreamFailure::Lost(error) => StreamFailure::Unprocessed(error),
        other => other,
    }
}

/// A request that waits for the head of its response.
struct StreamExchange<'r> {
    upload: StreamUpload,
    response: ResponseFuture,
    pool: &'r Rc<Http2Pool>,
    method: Method,
}

type ReceivedResponse = Response<RecvStream>;

impl StreamExchange<'_> {
    /// Sends the request, and waits for the final head.
    async fn head(
        &mut self,
        terms: RequestTerms<'_>,
    ) -> Result<(StatusCode, ReceivedResponse, Option<UploadProgress>), StreamFailure> {
        let timeout = terms.timeouts.head;
        let mut deadline = Instant::now() + timeout;
        let mut progress = self.upload.progress();
        let outcome = poll_fn(|cx| {
            if let Poll::Ready(outcome) = self.poll_head(cx, terms.interim) {
                return Poll::Ready(Some(outcome));
            }
            while self.upload.timer.poll(cx, deadline).is_ready() {
                match later_deadline(progress.as_mut(), timeout, deadline) {
                    Some(later) => deadline = later,
                    None => return Poll::Ready(None),
                }
            }
            Poll::Pending
        });
        match outcome.await {
            Some(Ok(response)) => {
                self.upload.forget_kept();
                Ok((response.status(), response, progress))
            }
            Some(Err(failure)) => Err(failure),
            None => {
                // Is it the request that takes long, or is the upstream gone?
                self.upload.lease.connection().probe();
                let timeout = self.pool.http1().timeout(UpstreamPhase::ResponseHead);
                Err(StreamFailure::Final(timeout))
            }
        }
    }

    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        interim: &InterimResponses,
    ) -> Poll<Result<ReceivedResponse, StreamFailure>> {
        let authority = &self.pool.http1().authority;
        if let Poll::Ready(Err(source)) = self.upload.poll(cx) {
            let authority = Arc::clone(authority);
            let failure = UpstreamError::RequestBody { authority, source };
            return Poll::Ready(Err(StreamFailure::Final(failure)));
        }
        while let Poll::Ready(Some(Ok(head))) = self.response.poll_informational(cx) {
            let (parts, ()) = head.into_parts();
            if parts.status == StatusCode::SWITCHING_PROTOCOLS {
                let reason = "it switches protocols, which HTTP/2 does not know".into();
                let authority = Arc::clone(authority);
                let failure = UpstreamError::Malformed { authority, reason };
                return Poll::Ready(Err(StreamFailure::Final(failure)));
            }
            interim.pass(parts.status, parts.headers);
        }
        let polled = Pin::new(&mut self.response).poll(cx);
        polled.map_err(|error| StreamFailure::of(&error, authority))
    }

    /// The response as it is passed on.
    fn accept(
        self,
        status: StatusCode,
        response: ReceivedResponse,
        progress: Option<UploadProgress>,
        terms: RequestTerms<'_>,
    ) -> Result<Response<UpstreamBody>, StreamFailure> {
        let http1 = self.pool.http1();
        let (mut head, stream) = response.into_parts();
        if let Err(reason) = accept_response(status, &mut head.headers, &http1.limits) {
            return Err(StreamFailure::Final(UpstreamError::Malformed {
                authority: Arc::clone(&http1.authority),
                reason: reason.into(),
            }));
        }
        let is_bodiless = is_bodiless(status, &self.method);
        let body = Http2ResponseBody::new(
            stream,
            &head.headers,
            is_bodiless,
            self.upload,
            progress,
            Arc::clone(&http1.authority),
            terms.timeouts.body_idle,
        );
        let mut response = Response::new(UpstreamBody::from(Box::new(body)));
        *response.status_mut() = status;
        *response.headers_mut() = head.headers;
        Ok(response)
    }
}
