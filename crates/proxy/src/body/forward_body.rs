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
pub struct ForwardBody {
    /// Sent first.
    first: Bytes,
    rest: ForwardRest,
}

#[derive(Debug)]
enum ForwardRest {
    Trailers(Option<HeaderMap>),
    Streamed(RequestBody),
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
        Self {
            first: bytes,
            rest: ForwardRest::Trailers(trailers),
        }
    }

    /// A body that is forwarded as it arrives.
    pub fn streamed(body: RequestBody) -> Self {
        Self::resumed(Bytes::new(), body)
    }

    /// The same, after `first` was read.
    pub fn resumed(first: Bytes, rest: RequestBody) -> Self {
        let rest = if rest.is_empty() {
            ForwardRest::Trailers(None)
        } else {
            ForwardRest::Streamed(rest)
        };
        Self { first, rest }
    }

    /// A body that `checker` judges while it passes. The checker has judged `first` already.
    pub(crate) fn checked(first: Bytes, rest: RequestBody, checker: Box<dyn BodyChecker>) -> Self {
        let checked = CheckedBody {
            held: first,
            rest,
            checker,
            trailers: None,
            has_ended: false,
        };
        Self {
            first: Bytes::new(),
            rest: ForwardRest::Checked(Box::new(checked)),
        }
    }

    /// The same body, with the part that was read put back in front.
    #[must_use]
    pub(crate) fn preceded_by(self, first: Bytes) -> Self {
        let first = if self.first.is_empty() {
            first
        } else {
            [&first[..], &self.first].concat().into()
        };
        Self { first, ..self }
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
        match &self.rest {
            ForwardRest::Trailers(trailers) => trailers.as_ref(),
            ForwardRest::Streamed(_) | ForwardRest::Checked(_) => None,
        }
    }

    /// The progress of the body while it is sent; `None` if it is in memory.
    pub(crate) fn upload(&self) -> Option<UploadProgress> {
        match &self.rest {
            ForwardRest::Trailers(_) => None,
            ForwardRest::Streamed(rest) => Some(rest.progress()),
            ForwardRest::Checked(checked) => Some(checked.rest.progress()),
        }
    }

    /// The bytes of a body in memory.
    pub(crate) fn buffered(&self) -> Option<&Bytes> {
        match &self.rest {
            ForwardRest::Trailers(_) => Some(&self.first),
            ForwardRest::Streamed(_) | ForwardRest::Checked(_) => None,
        }
    }

    /// Whether the whole body is in memory.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.buffered().is_some()
    }

    /// The body to send. One in memory stays here too, so that it can be sent again.
    pub(crate) fn hand_over(&mut self) -> Self {
        match &self.rest {
            ForwardRest::Trailers(trailers) => Self {
                first: self.first.clone(),
                rest: ForwardRest::Trailers(trailers.clone()),
            },
            ForwardRest::Streamed(_) | ForwardRest::Checked(_) => {
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
        let this = self.get_mut();
        if !this.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.first)))));
        }
        match &mut this.rest {
            ForwardRest::Trailers(trailers) => {
                Poll::Ready(trailers.take().map(|fields| Ok(Frame::trailers(fields))))
            }
            ForwardRest::Streamed(rest) => Pin::new(rest).poll_frame(cx),
            ForwardRest::Checked(checked) => checked.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty()
            && match &self.rest {
                ForwardRest::Trailers(trailers) => trailers.is_none(),
                ForwardRest::Streamed(rest) => rest.is_end_stream(),
                ForwardRest::Checked(checked) => {
                    checked.has_ended && checked.held.is_empty() && checked.trailers.is_none()
                }
            }
    }

    fn size_hint(&self) -> SizeHint {
        let rest = match &self.rest {
            ForwardRest::Trailers(Some(_)) => None,
            ForwardRest::Trailers(None) => Some(0),
            ForwardRest::Streamed(rest) => rest.size_hint().exact(),
            ForwardRest::Checked(checked) => {
                let rest = checked.rest.size_hint().exact();
                rest.map(|rest| checked.held.len() as u64 + rest)
            }
        };
        let length = rest.map(|rest| self.first.len() as u64 + rest);
        length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
