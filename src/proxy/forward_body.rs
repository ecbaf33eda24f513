//! Bodies of requests to the upstream: none, in memory, or passed on as they arrive.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::body::{BodyError, RequestBody, Upload};
use super::tap::SampledBody;
use super::whole::Collected;

/// The body of a request to the upstream.
#[derive(Debug)]
pub struct ForwardBody(Forward);

#[derive(Debug)]
enum Forward {
    Whole {
        bytes: Bytes,
        trailers: Option<HeaderMap>,
    },
    Streamed {
        first: Bytes,
        rest: RequestBody,
    },
    Gated(Gated),
}

/// Judges a body while it passes.
pub(super) trait Gate: fmt::Debug {
    /// More of the body.
    ///
    /// # Errors
    /// [`BodyError::Violated`] when it must not go on.
    fn data(&mut self, bytes: &[u8]) -> Result<(), BodyError>;

    /// The body ends here.
    ///
    /// # Errors
    /// [`BodyError::Violated`] when it must not arrive as a whole.
    fn end(&mut self) -> Result<(), BodyError>;
}

/// A body that is judged while it passes. Its last piece is held back until the verdict, so that
/// the upstream never has all of a body that is refused.
#[derive(Debug)]
struct Gated {
    held: Bytes,
    rest: RequestBody,
    gate: Box<dyn Gate>,
    trailers: Option<HeaderMap>,
    has_ended: bool,
}

impl Gated {
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        while !self.has_ended {
            let frame = ready!(Pin::new(&mut self.rest).poll_frame(cx)).transpose()?;
            match frame.map(Frame::into_data) {
                Some(Ok(data)) => {
                    self.gate.data(&data)?;
                    let before = std::mem::replace(&mut self.held, data);
                    if !before.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(before))));
                    }
                }
                last => {
                    self.gate.end()?;
                    self.trailers = last.and_then(|frame| frame.err()?.into_trailers().ok());
                    self.has_ended = true;
                }
            }
        }
        let held = std::mem::take(&mut self.held);
        let last = match held.is_empty() {
            true => self.trailers.take().map(Frame::trailers),
            false => Some(Frame::data(held)),
        };
        Poll::Ready(last.map(Ok))
    }
}

impl ForwardBody {
    /// No body at all.
    pub fn empty() -> Self {
        Self::whole(Collected::default())
    }

    /// A body that was read, and perhaps judged, before.
    pub fn whole(collected: Collected) -> Self {
        let Collected { bytes, trailers } = collected;
        let trailers = trailers.filter(|fields| !fields.is_empty());
        Self(Forward::Whole { bytes, trailers })
    }

    /// A body passed on as it arrives.
    pub fn streamed(body: RequestBody) -> Self {
        Self::resumed(Bytes::new(), body)
    }

    /// A body of which the beginning was read already.
    pub fn resumed(first: Bytes, rest: RequestBody) -> Self {
        if rest.is_empty() {
            return Self(Forward::Whole {
                bytes: first,
                trailers: None,
            });
        }
        Self(Forward::Streamed { first, rest })
    }

    /// A body of which the beginning was read and shown to `gate` already, judged to its end
    /// while it passes.
    pub(super) fn gated(first: Bytes, rest: RequestBody, gate: Box<dyn Gate>) -> Self {
        Self(Forward::Gated(Gated {
            held: first,
            rest,
            gate,
            trailers: None,
            has_ended: false,
        }))
    }

    /// Reads a body to its end for nobody but its gate.
    pub(super) async fn drain(mut self) -> Result<(), BodyError> {
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await {
            frame?;
        }
        Ok(())
    }

    /// The trailer fields, when they are known already.
    pub(super) fn trailers(&self) -> Option<&HeaderMap> {
        match &self.0 {
            Forward::Whole { trailers, .. } => trailers.as_ref(),
            Forward::Streamed { .. } | Forward::Gated(_) => None,
        }
    }

    /// A view of how the body proceeds while it is being sent, if it is streamed.
    pub(super) fn upload(&self) -> Option<Upload> {
        match &self.0 {
            Forward::Whole { .. } => None,
            Forward::Streamed { rest, .. } => Some(rest.upload()),
            Forward::Gated(gated) => Some(gated.rest.upload()),
        }
    }

    /// The body for a sample of the exchange.
    pub(super) fn sampled(&self) -> SampledBody {
        match &self.0 {
            Forward::Whole { bytes, .. } if bytes.is_empty() => SampledBody::Absent,
            Forward::Whole { bytes, .. } => SampledBody::Whole(bytes.clone()),
            Forward::Streamed { first, rest } if first.is_empty() && rest.is_empty() => {
                SampledBody::Absent
            }
            Forward::Streamed { .. } | Forward::Gated(_) => SampledBody::Streamed,
        }
    }

    /// The same body once more, when it is in memory.
    pub(super) fn replay(&self) -> Option<Self> {
        match &self.0 {
            Forward::Whole { bytes, trailers } => Some(Self(Forward::Whole {
                bytes: bytes.clone(),
                trailers: trailers.clone(),
            })),
            Forward::Streamed { .. } | Forward::Gated(_) => None,
        }
    }
}

impl Body for ForwardBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.get_mut().0 {
            Forward::Whole { bytes, .. } if !bytes.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))))
            }
            Forward::Whole { trailers, .. } => {
                Poll::Ready(trailers.take().map(|fields| Ok(Frame::trailers(fields))))
            }
            Forward::Streamed { first, .. } if !first.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(first)))))
            }
            Forward::Streamed { rest, .. } => Pin::new(rest).poll_frame(cx),
            Forward::Gated(gated) => gated.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Forward::Whole { bytes, trailers } => bytes.is_empty() && trailers.is_none(),
            Forward::Streamed { first, rest } => first.is_empty() && rest.is_end_stream(),
            Forward::Gated(gated) => {
                gated.has_ended && gated.held.is_empty() && gated.trailers.is_none()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Forward::Whole {
                trailers: Some(_), ..
            } => SizeHint::default(),
            Forward::Whole { bytes, .. } => SizeHint::with_exact(bytes.len() as u64),
            Forward::Streamed { first, rest }
            | Forward::Gated(Gated {
                held: first, rest, ..
            }) => match rest.size_hint().exact() {
                Some(length) => SizeHint::with_exact(first.len() as u64 + length),
                None => SizeHint::default(),
            },
        }
    }
}
