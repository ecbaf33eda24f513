//! The body of an HTTP/2 request.
//!
//! Read bytes are given back to the flow control at once, so a body takes at most its window of
//! memory until it is read, and a reader that stops stops its client only on this stream. The library
//! compares the length with `Content-Length`.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::header::{CONTENT_LENGTH, EXPECT, HeaderMap};
use http::{Response, StatusCode};
use http_body::{Frame, SizeHint};

use crate::inspect::{HttpRefusal, InspectLimits, check_http2_trailers};

/// The sending half of a stream, shared by its task and the body of its request.
pub(crate) type SharedResponse = Rc<RefCell<SendResponse<Bytes>>>;

/// The body of an HTTP/2 request.
pub(crate) struct Http2Body {
    /// Nothing if the request has no body: what its client sends belongs to another protocol.
    stream: Option<RecvStream>,
    /// What is left of the length, if it is known.
    left: Option<u64>,
    has_data_ended: bool,
    limits: InspectLimits,
    /// Gets `100 Continue` when the body is read first, if the client waits for it.
    waiting: Option<SharedResponse>,
}

impl Http2Body {
    /// The body of a request with these header fields.
    pub(crate) fn new(
        stream: RecvStream,
        headers: &HeaderMap,
        limits: InspectLimits,
        respond: &SharedResponse,
    ) -> Self {
        let length = headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let is_waiting = headers.contains_key(EXPECT) && !stream.is_end_stream();
        Self {
            stream: Some(stream),
            left: length,
            has_data_ended: false,
            limits,
            waiting: is_waiting.then(|| Rc::clone(respond)),
        }
    }

    /// The body of a request without one.
    pub(crate) const fn absent(limits: InspectLimits) -> Self {
        Self {
            stream: None,
            left: None,
            has_data_ended: true,
            limits,
            waiting: None,
        }
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Option<HttpRefusal>>>> {
        if let Some(waiting) = self.waiting.take() {
            let mut informed = Response::new(());
            *informed.status_mut() = StatusCode::CONTINUE;
            // If the stream has ended, reading reports it.
            let _ = waiting.borrow_mut().send_informational(informed);
        }
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(None);
        };
        if !self.has_data_ended {
            match ready!(stream.poll_data(cx)) {
                Some(Ok(data)) => {
                    let length = data.len();
                    if let Some(left) = &mut self.left {
                        *left = left.saturating_sub(length as u64);
                    }
                    let released = stream.flow_control().release_capacity(length);
                    debug_assert!(released.is_ok(), "what was received can be released");
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(_)) => return Poll::Ready(Some(Err(None))),
                None => self.has_data_ended = true,
            }
        }
        Poll::Ready(match ready!(stream.poll_trailers(cx)) {
            Ok(Some(trailers)) => Some(
                check_http2_trailers(&trailers, &self.limits)
                    .map(|()| Frame::trailers(trailers))
                    .map_err(Some),
            ),
            Ok(None) => None,
            Err(_) => Some(Err(None)),
        })
    }

    pub(super) fn is_end_stream(&self) -> bool {
        let stream = self.stream.as_ref();
        stream.is_none_or(RecvStream::is_end_stream)
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self.left {
            _ if self.is_end_stream() => SizeHint::with_exact(0),
            Some(left) => SizeHint::with_exact(left),
            None => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Http2Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2Body")
            .field("stream", &self.stream.as_ref().map(RecvStream::stream_id))
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
