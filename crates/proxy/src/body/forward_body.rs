//! Bodies of requests to the upstream: in memory, streamed, or judged while they pass.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::buffered_body::BufferedBody;
use super::request_body::{RequestBody, RequestBodyError, UploadProgress};

/// The body of a request to the upstream.
#[derive(Debug)]
pub struct ForwardBody(ForwardBodyKind);

#[derive(Debug)]
enum ForwardBodyKind {
    Whole {
        bytes: Bytes,
        trailers: Option<HeaderMap>,
    },
    Streamed {
        first: Bytes,
        rest: RequestBody,
    },
    /// Boxed, because it is rare and every request moves the largest variant.
    Checked(Box<CheckedBody>),
}

/// Judges a body while it passes.
pub(crate) trait BodyChecker: fmt::Debug {
    /// Judges the next bytes.
    ///
    /// # Errors
    /// [`RequestBodyError::Violated`] if the body must not continue.
    fn data(&mut self, bytes: &[u8]) -> Result<(), RequestBodyError>;

    /// Judges the whole body at its end.
    ///
    /// # Errors
    /// [`RequestBodyError::Violated`] if the body is refused.
    fn end(&mut self) -> Result<(), RequestBodyError>;
}

/// A body that is judged while it passes. The last piece is held back until the verdict, so the
/// upstream never gets all of a refused body.
#[derive(Debug)]
struct CheckedBody {
    held: Bytes,
    rest: RequestBody,
    checker: Box<dyn BodyChecker>,
    trailers: Option<HeaderMap>,
    has_ended: bool,
}

impl CheckedBody {
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        while !self.has_ended {
            let frame = ready!(Pin::new(&mut self.rest).poll_frame(cx)).transpose()?;
            match frame.map(Frame::into_data) {
                Some(Ok(data)) => {
                    self.checker.data(&data)?;
                    let before = std::mem::replace(&mut self.held, data);
                    if !before.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(before))));
                    }
                }
                last => {
                    self.checker.end()?;
                    self.trailers = last.and_then(|frame| frame.err()?.into_trailers().ok());
                    self.has_ended = true;
                }
            }
        }
        let held = std::mem::take(&mut self.held);
        let last = if held.is_empty() {
            self.trailers.take().map(Frame::trailers)
        } else {
            Some(Frame::data(held))
        };
        Poll::Ready(last.map(Ok))
    }
}

impl ForwardBody {
    /// No body at all.
    pub fn empty() -> Self {
        Self::whole(BufferedBody::default())
    }

    /// A body in memory.
    pub fn whole(whole: BufferedBody) -> Self {
        let BufferedBody { bytes, trailers } = whole;
        let trailers = trailers.filter(|fields| !fields.is_empty());
        Self(ForwardBodyKind::Whole { bytes, trailers })
    }

    /// A body that is forwarded as it arrives.
    pub fn streamed(body: RequestBody) -> Self {
        Self::resumed(Bytes::new(), body)
    }

    /// The same, after `first` was read.
    pub fn resumed(first: Bytes, rest: RequestBody) -> Self {
        if rest.is_empty() {
            return Self(ForwardBodyKind::Whole {
                bytes: first,
                trailers: None,
            });
        }
        Self(ForwardBodyKind::Streamed { first, rest })
    }

    /// A body that `checker` judges while it passes. The checker has judged `first` already.
    pub(crate) fn checked(first: Bytes, rest: RequestBody, checker: Box<dyn BodyChecker>) -> Self {
        Self(ForwardBodyKind::Checked(Box::new(CheckedBody {
            held: first,
            rest,
            checker,
            trailers: None,
            has_ended: false,
        })))
    }

    /// Reads a body to its end, only to judge it.
    pub(crate) async fn drain(mut self) -> Result<(), RequestBodyError> {
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await {
            frame?;
        }
        Ok(())
    }

    /// The trailer fields, if they are known before the body is sent.
    pub(crate) fn trailers(&self) -> Option<&HeaderMap> {
        match &self.0 {
            ForwardBodyKind::Whole { trailers, .. } => trailers.as_ref(),
            ForwardBodyKind::Streamed { .. } | ForwardBodyKind::Checked(_) => None,
        }
    }

    /// The progress of the body while it is sent; `None` if it is in memory.
    pub(crate) fn upload(&self) -> Option<UploadProgress> {
        match &self.0 {
            ForwardBodyKind::Whole { .. } => None,
            ForwardBodyKind::Streamed { rest, .. } => Some(rest.progress()),
            ForwardBodyKind::Checked(checked) => Some(checked.rest.progress()),
        }
    }

    /// The bytes of a body in memory.
    pub(crate) fn buffered(&self) -> Option<&Bytes> {
        match &self.0 {
            ForwardBodyKind::Whole { bytes, .. } => Some(bytes),
            ForwardBodyKind::Streamed { .. } | ForwardBodyKind::Checked(_) => None,
        }
    }

    /// Whether the whole body is in memory.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.buffered().is_some()
    }

    /// The body to send. One in memory stays here too, so that it can be sent again.
    pub(crate) fn hand_over(&mut self) -> Self {
        match &self.0 {
            ForwardBodyKind::Whole { bytes, trailers } => Self(ForwardBodyKind::Whole {
                bytes: bytes.clone(),
                trailers: trailers.clone(),
            }),
            ForwardBodyKind::Streamed { .. } | ForwardBodyKind::Checked(_) => {
                std::mem::replace(self, Self::empty())
            }
        }
    }
}

impl Body for ForwardBody {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        match &mut self.get_mut().0 {
            ForwardBodyKind::Whole { bytes, .. } if !bytes.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))))
            }
            ForwardBodyKind::Whole { trailers, .. } => {
                Poll::Ready(trailers.take().map(|fields| Ok(Frame::trailers(fields))))
            }
            ForwardBodyKind::Streamed { first, .. } if !first.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(first)))))
            }
            ForwardBodyKind::Streamed { rest, .. } => Pin::new(rest).poll_frame(cx),
            ForwardBodyKind::Checked(checked) => checked.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            ForwardBodyKind::Whole { bytes, trailers } => bytes.is_empty() && trailers.is_none(),
            ForwardBodyKind::Streamed { first, rest } => first.is_empty() && rest.is_end_stream(),
            ForwardBodyKind::Checked(checked) => {
                checked.has_ended && checked.held.is_empty() && checked.trailers.is_none()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            ForwardBodyKind::Whole {
                trailers: Some(_), ..
            } => SizeHint::default(),
            ForwardBodyKind::Whole { bytes, .. } => SizeHint::with_exact(bytes.len() as u64),
            ForwardBodyKind::Streamed { first, rest } => length_after(first, rest),
            ForwardBodyKind::Checked(checked) => length_after(&checked.held, &checked.rest),
        }
    }
}

/// The length of a body of which `first` was read already.
fn length_after(first: &Bytes, rest: &RequestBody) -> SizeHint {
    match rest.size_hint().exact() {
        Some(length) => SizeHint::with_exact(first.len() as u64 + length),
        None => SizeHint::default(),
    }
}
