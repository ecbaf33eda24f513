//! The body of an HTTP/2 response, as it arrives from the upstream.
//!
//! Read bytes are given back to the flow control at once, so a response that is not read takes at most
//! its window of memory. The library compares the length with `Content-Length`.

use std::any::Any;
use std::fmt;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use super::stream_failure::StreamFailure;
use super::stream_upload::StreamUpload;
use crate::body::UploadProgress;
use crate::headers::remove_forbidden_trailers;
use crate::upstream::upload_rest::{ContinuedUpload, HeldByUpload, UploadRest, later_deadline};
use crate::upstream::upstream_error::UpstreamError;

/// The body of a response. Reading it also sends the rest of the request. At its end, the rest of the
/// request is sent, if the upstream reads on. Dropping it before its end resets the stream.
pub(in crate::upstream) struct Http2ResponseBody {
    /// Nothing at the end of the body, and after a failure.
    exchange: Option<OpenExchange>,
    has_ended: bool,
    /// How the request failed while the response was not read.
    failure: Option<Box<UpstreamError>>,
    /// The progress of the request's body, unless it was in memory or is complete.
    progress: Option<UploadProgress>,
    /// Whether the rest of the request is sent even after the response.
    upload_continues: bool,
    /// What that upload holds.
    held: Weak<HeldByUpload>,
    /// What is left of the length, if it is known.
    left: Option<u64>,
    authority: Arc<str>,
    idle_timeout: Duration,
    deadline: Option<Instant>,
}

/// A stream of which the upstream sends the rest.
struct OpenExchange {
    stream: RecvStream,
    upload: StreamUpload,
    has_data_ended: bool,
}

impl Http2ResponseBody {
    pub(super) fn new(
        stream: RecvStream,
        headers: &HeaderMap,
        is_bodiless: bool,
        upload: StreamUpload,
        progress: Option<UploadProgress>,
        authority: Arc<str>,
        idle_timeout: Duration,
    ) -> Self {
        let length = headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let upload_continues = upload.continues()
            && progress
                .as_ref()
                .is_none_or(|progress| progress.outlive_answer(true));
        let mut body = Self {
            has_ended: false,
            failure: None,
            progress,
            upload_continues,
            held: Weak::new(),
            left: length,
            exchange: Some(OpenExchange {
                stream,
                upload,
                has_data_ended: false,
            }),
            authority,
            idle_timeout,
            deadline: None,
        };
        if is_bodiless {
            // Nothing of it is for the client, whatever the upstream sends.
            body.end();
        } else {
            body.end_if_complete();
        }
        body
    }

    /// Sends more of the request while the response is not read.
    pub(in crate::upstream) fn poll_upload(&mut self, cx: &mut Context<'_>) {
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        if let Poll::Ready(Err(source)) = exchange.upload.poll(cx) {
            let authority = Arc::clone(&self.authority);
            let failure = UpstreamError::RequestBody { authority, source };
            self.failure = Some(Box::new(failure));
            self.exchange = None;
        }
    }

    /// Keeps `held` until all of the request is sent, if that continues after the response.
    pub(in crate::upstream) fn hold_for_upload(&self, held: Box<dyn Any>) {
        if let Some(place) = self.held.upgrade() {
            place.replace(Some(held));
        }
    }

    pub(in crate::upstream) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        self.poll_upload(cx);
        if let Some(failure) = self.failure.take() {
            return Poll::Ready(Some(Err(*failure)));
        }
        let Some(exchange) = &mut self.exchange else {
            let authority = Arc::clone(&self.authority);
            return Poll::Ready(Some(Err(UpstreamError::Closed { authority })));
        };
        let Poll::Ready(frame) = exchange.poll_frame(cx) else {
            ready!(self.poll_idle(cx));
            self.exchange = None;
            let authority = Arc::clone(&self.authority);
            let silent = UpstreamError::silent(authority, self.left.is_some());
            return Poll::Ready(Some(Err(silent)));
        };
        self.deadline = None;
        Poll::Ready(match frame {
            Some(Ok(frame)) => Some(Ok(self.pass(frame))),
            Some(Err(error)) => {
                self.exchange = None;
                Some(Err(StreamFailure::of(&error, &self.authority).into_error()))
            }
            None => {
                self.end();
                None
            }
        })
    }

    /// The frame as it is passed on.
    fn pass(&mut self, mut frame: Frame<Bytes>) -> Frame<Bytes> {
        if let Some(data) = frame.data_ref() {
            let length = data.len() as u64;
            self.left = self.left.map(|left| left.saturating_sub(length));
            // Nothing follows the last frame, and not every reader asks for more after it.
            self.end_if_complete();
        } else if let Some(trailers) = frame.trailers_mut() {
            remove_forbidden_trailers(trailers);
            self.end();
        }
        frame
    }

    fn end_if_complete(&mut self) {
        let stream = self.exchange.as_ref().map(|exchange| &exchange.stream);
        if stream.is_some_and(RecvStream::is_end_stream) {
            self.end();
        }
    }

    /// Ends the exchange, or sends the rest of the request.
    fn end(&mut self) {
        self.has_ended = true;
        let progress = self.progress.take();
        let exchange = self.exchange.take();
        let Some(OpenExchange { upload, .. }) = exchange.filter(|_| self.upload_continues) else {
            return;
        };
        if upload.continues() {
            let rest = UploadRest::new(upload, progress, self.idle_timeout);
            self.held = Rc::downgrade(rest.held());
            tokio::task::spawn_local(async move { drop(rest.finish().await) });
        }
    }

    /// Ready when the upstream was silent for too long, without the time in which it waited for the
    /// request.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let idle = self.idle_timeout;
        let mut deadline = *self.deadline.get_or_insert_with(|| Instant::now() + idle);
        let Some(exchange) = &mut self.exchange else {
            return Poll::Ready(());
        };
        while exchange.upload.timer().poll(cx, deadline).is_ready() {
            match later_deadline(self.progress.as_mut(), idle, deadline) {
                Some(later) => deadline = later,
                None => return Poll::Ready(()),
            }
        }
        self.deadline = Some(deadline);
        Poll::Pending
    }

    pub(in crate::upstream) const fn is_end_stream(&self) -> bool {
        self.has_ended
    }

    pub(in crate::upstream) fn size_hint(&self) -> SizeHint {
        match self.left {
            _ if self.has_ended => SizeHint::with_exact(0),
            Some(left) => SizeHint::with_exact(left),
            None => SizeHint::default(),
        }
    }
}

impl OpenExchange {
    /// The next data that is not empty, or the trailers.
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        while !self.has_data_ended {
            match ready!(self.stream.poll_data(cx)).transpose() {
                Ok(Some(data)) => {
                    let released = self.stream.flow_control().release_capacity(data.len());
                    debug_assert!(released.is_ok(), "what was received can be released");
                    if !data.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                }
                Ok(None) => self.has_data_ended = true,
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        let trailers = ready!(self.stream.poll_trailers(cx)).transpose();
        Poll::Ready(trailers.map(|trailers| trailers.map(Frame::trailers)))
    }
}

impl fmt::Debug for Http2ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2ResponseBody")
            .field("has_ended", &self.has_ended)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
