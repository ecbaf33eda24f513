//! The body of a request as a protocol delivers it.

use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::http1_body::Http1Body;
use super::http2_body::Http2Body;
use crate::inspect::HttpRefusal;

/// The body of a request, before its time and its trailers are judged.
#[derive(Debug)]
pub(crate) enum IncomingBody {
    /// A body in memory, or none.
    Whole(Bytes),
    Http1(Http1Body),
    /// Boxed, so that bodies of HTTP/1.1 requests do not grow.
    Http2(Box<Http2Body>),
}

impl IncomingBody {
    /// The next part. The error is a refusal, or nothing if the client has closed.
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Option<HttpRefusal>>>> {
        match self {
            Self::Whole(bytes) => {
                let bytes = Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty());
                Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
            Self::Http1(body) => body.poll_frame(cx),
            Self::Http2(body) => body.poll_frame(cx),
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Http1(body) => body.is_end_stream(),
            Self::Http2(body) => body.is_end_stream(),
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Http1(body) => body.size_hint(),
            Self::Http2(body) => body.size_hint(),
        }
    }
}

impl From<Http1Body> for IncomingBody {
    fn from(body: Http1Body) -> Self {
        Self::Http1(body)
    }
}

impl From<Http2Body> for IncomingBody {
    fn from(body: Http2Body) -> Self {
        Self::Http2(Box::new(body))
    }
}
