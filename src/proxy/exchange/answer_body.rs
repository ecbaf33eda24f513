//! Bodies of answers: our own, or the upstream's as it streams in.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::telemetry::Span;

use super::in_flight::InFlight;
use crate::proxy::body::body_tee::BodyTee;
use crate::proxy::body::buffered_body::BufferedBody;
use crate::proxy::upstream::{UpstreamBody, UpstreamError};

/// The body of an answer.
#[derive(Debug)]
pub struct AnswerBody {
    /// What is sent first, and at once.
    first: Bytes,
    rest: AnswerTail,
    /// Those that look at the body when it has passed.
    watches: Vec<BodyTee>,
    /// What the request holds until its answer has passed.
    passage: Option<Box<InFlight>>,
    /// What ends when the answer has passed, where the request is traced.
    span: Option<Rc<Span>>,
}

#[derive(Debug)]
enum AnswerTail {
    Trailers(Option<http::HeaderMap>),
    Streamed(UpstreamBody),
}

impl AnswerBody {
    /// No body.
    pub fn empty() -> Self {
        Self::from(Bytes::new())
    }

    /// A body in memory, with its trailers if it has any.
    pub fn buffered(collected: BufferedBody) -> Self {
        let BufferedBody { bytes, trailers } = collected;
        let trailers = trailers.filter(|fields| !fields.is_empty());
        Self {
            first: bytes,
            rest: AnswerTail::Trailers(trailers),
            watches: Vec::new(),
            passage: None,
            span: None,
        }
    }

    /// The upstream's body, passed on as it arrives.
    pub fn streamed(body: UpstreamBody) -> Self {
        Self::streamed_after(Bytes::new(), body)
    }

    /// The upstream's body of which the beginning was read already.
    pub fn streamed_after(first: Bytes, rest: UpstreamBody) -> Self {
        Self {
            first,
            rest: AnswerTail::Streamed(rest),
            watches: Vec::new(),
            passage: None,
            span: None,
        }
    }

    /// The same body with what was read of it put back in front.
    #[must_use]
    pub(super) fn preceded_by(self, first: Bytes) -> Self {
        debug_assert!(self.first.is_empty(), "it was read");
        Self { first, ..self }
    }

    /// The same body, watched while it passes.
    #[must_use]
    pub(super) fn with_tee(mut self, watch: BodyTee) -> Self {
        self.watches.push(watch);
        self
    }

    /// The same body, which gives back what the request holds when it has passed.
    #[must_use]
    pub(super) fn with_in_flight(self, passage: Option<Box<InFlight>>) -> Self {
        let in_flight = passage.filter(|_| !self.is_end_stream());
        Self {
            passage: in_flight,
            ..self
        }
    }

    /// The same body, with which a span ends.
    #[must_use]
    pub(super) fn traced(self, span: Rc<Span>) -> Self {
        let span = (!self.is_end_stream()).then_some(span);
        Self { span, ..self }
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        if !self.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.first)))));
        }
        match &mut self.rest {
            AnswerTail::Trailers(trailers) => {
                Poll::Ready(trailers.take().map(|fields| Ok(Frame::trailers(fields))))
            }
            AnswerTail::Streamed(body) => Pin::new(body).poll_frame(cx),
        }
    }
}

impl AnswerBody {
    fn notify_holders(
        &mut self,
        polled: &Poll<Option<Result<Frame<Bytes>, UpstreamError>>>,
        is_ended: bool,
    ) {
        if let Some(passage) = &mut self.passage {
            match polled {
                Poll::Ready(Some(Ok(frame))) => {
                    frame
                        .trailers_ref()
                        .into_iter()
                        .for_each(|fields| passage.trailers(fields));
                }
                Poll::Ready(Some(Err(_))) => passage.record_truncation(),
                Poll::Ready(None) | Poll::Pending => {}
            }
        }
        if let (Some(span), Poll::Ready(Some(Err(_)))) = (&self.span, polled) {
            span.mark_truncated();
        }
        let is_over = is_ended || matches!(polled, Poll::Ready(None | Some(Err(_))));
        if is_over {
            self.passage = None;
            self.span = None;
        }
    }
}

impl From<Bytes> for AnswerBody {
    fn from(bytes: Bytes) -> Self {
        Self {
            first: bytes,
            rest: AnswerTail::Trailers(None),
            watches: Vec::new(),
            passage: None,
            span: None,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let this = self.get_mut();
        let polled = this.poll_next(cx);
        let is_ended = this.is_end_stream();
        this.notify_holders(&polled, is_ended);
        for watch in &mut this.watches {
            match &polled {
                Poll::Ready(Some(Ok(frame))) => {
                    frame
                        .data_ref()
                        .into_iter()
                        .for_each(|piece| watch.push(piece));
                    if is_ended {
                        watch.ended();
                    }
                }
                Poll::Ready(None) => watch.ended(),
                Poll::Ready(Some(Err(_))) | Poll::Pending => {}
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty()
            && match &self.rest {
                AnswerTail::Trailers(trailers) => trailers.is_none(),
                AnswerTail::Streamed(body) => body.is_end_stream(),
            }
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.len() as u64;
        match &self.rest {
            AnswerTail::Trailers(None) => SizeHint::with_exact(first),
            AnswerTail::Trailers(Some(_)) => SizeHint::default(),
            AnswerTail::Streamed(body) => match body.size_hint().exact() {
                Some(rest) => SizeHint::with_exact(first + rest),
                None => SizeHint::default(),
            },
        }
    }
}
