//! The body of an HTTP/1.1 request. Its reader reads the socket, so nothing is read before it is
//! wanted.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::client::RequestStream;
use crate::inspect::HttpRefusal;

/// The body of an HTTP/1.1 request.
#[derive(Debug)]
pub(crate) struct Http1Body {
    stream: Rc<RefCell<RequestStream>>,
    /// The number of its request on the connection.
    request: u64,
    /// Whether all of it was read. The stream may be at the next request then.
    has_ended: bool,
}

impl Http1Body {
    /// The body of the request with this number, which has a body.
    pub(crate) const fn new(stream: Rc<RefCell<RequestStream>>, request: u64) -> Self {
        Self {
            stream,
            request,
            has_ended: false,
        }
    }

    /// The next part. The error is a refusal, or nothing if the client has closed.
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Option<HttpRefusal>>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let mut stream = self.stream.borrow_mut();
        let frame = ready!(stream.poll_body(self.request, cx)).transpose();
        self.has_ended = frame.is_ok() && stream.has_body_ended();
        Poll::Ready(frame.transpose())
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.has_ended
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        if self.has_ended {
            return SizeHint::with_exact(0);
        }
        self.stream.borrow().body_size_hint(self.request)
    }
}
