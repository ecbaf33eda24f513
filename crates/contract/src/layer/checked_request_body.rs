//! The body that the inner service receives: the bytes that were read, then the rest.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

/// A request body with the bytes of the original one. Frames of a buffered body may be joined.
pub struct CheckedRequestBody<B: Body> {
    read: VecDeque<Result<Frame<Bytes>, B::Error>>,
    /// The unread rest; `None` after the end of the original body.
    rest: Option<Pin<Box<B>>>,
}

impl<B: Body> CheckedRequestBody<B> {
    pub(super) fn new(
        read: VecDeque<Result<Frame<Bytes>, B::Error>>,
        rest: Option<Pin<Box<B>>>,
    ) -> Self {
        Self { read, rest }
    }

    /// A body of which nothing was read.
    pub(super) fn unread(body: B) -> Self {
        Self::new(VecDeque::new(), Some(Box::pin(body)))
    }
}

// The rest is pinned in its box, and the other field is never pinned.
impl<B: Body> Unpin for CheckedRequestBody<B> {}

impl<B: Body> Body for CheckedRequestBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(frame) = self.read.pop_front() {
            return Poll::Ready(Some(frame));
        }
        match &mut self.rest {
            Some(rest) => rest
                .as_mut()
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map(into_bytes))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        let is_rest_ended = self.rest.as_ref().is_none_or(|rest| rest.is_end_stream());
        self.read.is_empty() && is_rest_ended
    }

    fn size_hint(&self) -> SizeHint {
        let data = self
            .read
            .iter()
            .filter_map(|frame| frame.as_ref().ok()?.data_ref());
        let read: u64 = data.map(|data| data.len() as u64).sum();
        let rest = self
            .rest
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), |rest| rest.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(read.saturating_add(rest.lower()));
        if let Some(upper) = rest.upper() {
            hint.set_upper(read.saturating_add(upper));
        }
        hint
    }
}

impl<B: Body> fmt::Debug for CheckedRequestBody<B> {
    /// Shows the size and not the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedRequestBody")
            .field("size", &self.size_hint())
            .finish_non_exhaustive()
    }
}

/// A frame with its data as [`Bytes`], without a copy if it has them.
pub(super) fn into_bytes<D: Buf>(frame: Frame<D>) -> Frame<Bytes> {
    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
}
