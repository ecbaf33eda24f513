//! The body of a request as a protocol delivers it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::http2_body::Http2Body;
use crate::inspect::HttpRefusal;

/// The body of a request, before its time and its trailers are judged.
#[derive(Debug)]
pub(crate) enum IncomingBody {
    Http1(Incoming),
    /// Boxed, so that bodies of HTTP/1.1 requests do not grow.
    Http2(Box<Http2Body>),
}

impl IncomingBody {
    /// The next part. The error is a refusal, or nothing if the client is gone.
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Option<HttpRefusal>>>> {
        match self {
            Self::Http1(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(|_| None))),
            Self::Http2(body) => body.poll_frame(cx),
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        match self {
            Self::Http1(body) => body.is_end_stream(),
            Self::Http2(body) => body.is_end_stream(),
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Http1(body) => body.size_hint(),
            Self::Http2(body) => body.size_hint(),
        }
    }
}

impl From<Incoming> for IncomingBody {
    fn from(body: Incoming) -> Self {
        Self::Http1(body)
    }
}

impl From<Http2Body> for IncomingBody {
    fn from(body: Http2Body) -> Self {
        Self::Http2(Box::new(body))
    }
}
