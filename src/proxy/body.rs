//! Request bodies on their way in and out.
//!
//! A body is only as good as the stream it comes from: when the inspector refuses the
//! stream, or the client is too slow, the body ends in an error that says so, and never in
//! a clean end. Nothing is copied unless a body must be whole and arrived in pieces.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::headers::remove_forbidden_trailers;
use super::inspect::HttpRefusal;
use super::limits::WireLimits;
use super::link::Link;

/// Why a request body could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The body is larger than the reader allows.
    #[error("the request body is larger than {bytes_max} bytes")]
    TooLarge {
        /// The bound it exceeded.
        bytes_max: u64,
    },
    /// The body did not arrive in time; answer 408.
    #[error("the request body did not arrive in time")]
    Timeout,
    /// The body is not well formed; answer with the refusal's status.
    #[error("the request body is refused: {0}")]
    Refused(HttpRefusal),
    /// The client closed the connection; there is nobody to answer.
    #[error("the client closed the connection before the end of the request body")]
    ClientGone,
}

/// A whole body.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its trailer fields, without those that may not be trailers.
    pub trailers: Option<HeaderMap>,
}

/// What [`RequestBody::gather`] found.
#[derive(Debug)]
pub enum GatheredRequest {
    /// The whole body.
    Whole(Collected),
    /// The body is larger than was asked for.
    Larger {
        /// Its beginning.
        first: Bytes,
        /// What follows.
        rest: RequestBody,
    },
}

/// The body of an arrived request.
#[derive(Debug)]
pub struct RequestBody {
    incoming: Incoming,
    link: Rc<Link>,
    limits: Rc<WireLimits>,
    received: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
}

impl RequestBody {
    pub(super) fn new(incoming: Incoming, link: Rc<Link>, limits: Rc<WireLimits>) -> Self {
        link.body_unread.set(!incoming.is_end_stream());
        Self {
            incoming,
            link,
            limits,
            received: 0,
            waited: Duration::ZERO,
            waiting_since: None,
        }
    }

    /// Whether the request has no body, or an empty one of known length.
    pub fn is_empty(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// Reads the body into memory as far as it fits; what is larger is handed back, nothing of
    /// it lost. A body whose announced length exceeds `bytes_max` is not asked for at all.
    ///
    /// # Errors
    ///
    /// See [`BodyError`].
    pub async fn gather(mut self, bytes_max: u64) -> Result<GatheredRequest, BodyError> {
        let exact = self.size_hint().exact();
        let mut pieces = Pieces::default();
        if exact.is_some_and(|length| length > bytes_max) {
            return Ok(GatheredRequest::Larger {
                first: Bytes::new(),
                rest: self,
            });
        }
        while !self.is_end_stream() {
            let Some(frame) = poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await else {
                break;
            };
            if pieces.take(frame?, exact, bytes_max).is_err() {
                let first = pieces.into_whole().bytes;
                return Ok(GatheredRequest::Larger { first, rest: self });
            }
        }
        Ok(GatheredRequest::Whole(pieces.into_whole()))
    }

    /// Ends the wait, if any, that `poll_frame` began.
    fn end_wait(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
            self.link.body_deadline.set(None);
        }
    }

    fn begin_wait(&mut self, cx: &Context<'_>) {
        let mut waker = self.link.body_waker.borrow_mut();
        if !waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *waker = Some(cx.waker().clone());
        }
        if self.waiting_since.is_none() {
            let now = Instant::now();
            let earned = Duration::from_secs(self.received / self.limits.request_body_rate_min);
            let allowance = (self.limits.request_body_timeout + earned).saturating_sub(self.waited);
            self.waiting_since = Some(now);
            self.link.body_deadline.set(Some(now + allowance));
        }
    }

    /// Why no more of this body will come, when that is known.
    fn failure(&self) -> Option<BodyError> {
        if self.link.refused_in_body.get() {
            return self.link.refusal.get().map(BodyError::Refused);
        }
        self.link.body_expired.get().then_some(BodyError::Timeout)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if let Some(failure) = this.failure() {
            return Poll::Ready(Some(Err(failure)));
        }
        let polled = Pin::new(&mut this.incoming).poll_frame(cx);
        let Poll::Ready(frame) = polled else {
            this.begin_wait(cx);
            return Poll::Pending;
        };
        this.end_wait();
        match frame {
            Some(Ok(mut frame)) => {
                this.link.body_frames.set(this.link.body_frames.get() + 1);
                if let Some(data) = frame.data_ref() {
                    this.received += data.len() as u64;
                } else if let Some(trailers) = frame.trailers_mut() {
                    remove_forbidden_trailers(trailers);
                }
                if this.incoming.is_end_stream() || frame.is_trailers() {
                    this.link.body_unread.set(false);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(_)) => {
                let failure = this.failure().unwrap_or(BodyError::ClientGone);
                Poll::Ready(Some(Err(failure)))
            }
            None => {
                this.link.body_unread.set(false);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.link.body_deadline.set(None);
        self.link.body_waker.take();
    }
}

/// What a body is put together from. One piece stays as it is; several are joined in a
/// buffer that is as large as the body is known to become.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    only: Bytes,
    joined: Option<BytesMut>,
    trailers: Option<HeaderMap>,
}

impl Pieces {
    pub(super) fn len(&self) -> u64 {
        self.joined.as_ref().map_or(self.only.len(), BytesMut::len) as u64
    }

    /// Adds a frame.
    ///
    /// # Errors
    ///
    /// [`BodyError::TooLarge`] when the body would exceed `bytes_max`; the frame is kept.
    pub(super) fn take(
        &mut self,
        frame: Frame<Bytes>,
        exact: Option<u64>,
        bytes_max: u64,
    ) -> Result<(), BodyError> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => {
                self.trailers = frame.into_trailers().ok();
                return Ok(());
            }
        };
        let length = self.len() + data.len() as u64;
        match &mut self.joined {
            Some(joined) => joined.extend_from_slice(&data),
            None if self.only.is_empty() => self.only = data,
            None => {
                let expected = exact
                    .unwrap_or(length * 2)
                    .max(length)
                    .min(bytes_max.max(length));
                let mut joined =
                    BytesMut::with_capacity(usize::try_from(expected).unwrap_or_default());
                joined.extend_from_slice(&self.only);
                joined.extend_from_slice(&data);
                self.joined = Some(joined);
            }
        }
        if length > bytes_max {
            Err(BodyError::TooLarge { bytes_max })
        } else {
            Ok(())
        }
    }

    pub(super) fn into_whole(self) -> Collected {
        let bytes = self.joined.map_or(self.only, BytesMut::freeze);
        Collected {
            bytes,
            trailers: self.trailers,
        }
    }
}

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
        /// What was read already.
        first: Bytes,
        rest: RequestBody,
    },
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
        if body.is_empty() {
            Self::empty()
        } else {
            Self::resumed(Bytes::new(), body)
        }
    }

    /// A body of which the beginning was read already, passed on as it arrives.
    pub fn resumed(first: Bytes, rest: RequestBody) -> Self {
        Self(Forward::Streamed { first, rest })
    }

    /// The trailer fields, when they are known already.
    pub(super) fn trailers(&self) -> Option<&HeaderMap> {
        match &self.0 {
            Forward::Whole { trailers, .. } => trailers.as_ref(),
            Forward::Streamed { .. } => None,
        }
    }

    /// A view of how the body proceeds while it is being sent, if it is streamed.
    pub(super) fn upload(&self) -> Option<Upload> {
        match &self.0 {
            Forward::Whole { .. } => None,
            Forward::Streamed { rest, .. } => Some(Upload {
                link: Rc::clone(&rest.link),
                frames: 0,
            }),
        }
    }

    /// The same body once more, when it is in memory.
    pub(super) fn replay(&self) -> Option<Self> {
        match &self.0 {
            Forward::Whole { bytes, trailers } => Some(Self(Forward::Whole {
                bytes: bytes.clone(),
                trailers: trailers.clone(),
            })),
            Forward::Streamed { .. } => None,
        }
    }
}

/// How a streamed request body proceeds.
#[derive(Debug)]
pub(super) struct Upload {
    link: Rc<Link>,
    frames: u64,
}

impl Upload {
    /// Whether the body is unfinished and has moved since this was last asked, or its
    /// client, who has a deadline of his own, is being waited for.
    pub(super) fn is_moving(&mut self) -> bool {
        let frames = self.link.body_frames.get();
        let has_moved = std::mem::replace(&mut self.frames, frames) != frames;
        self.link.body_unread.get() && (has_moved || self.link.body_deadline.get().is_some())
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
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Forward::Whole { bytes, trailers } => bytes.is_empty() && trailers.is_none(),
            Forward::Streamed { first, rest } => first.is_empty() && rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Forward::Whole {
                trailers: Some(_), ..
            } => SizeHint::default(),
            Forward::Whole { bytes, .. } => SizeHint::with_exact(bytes.len() as u64),
            // What was read already is of unknown whole length, or nothing was read.
            Forward::Streamed { first, rest } if first.is_empty() => rest.size_hint(),
            Forward::Streamed { .. } => SizeHint::default(),
        }
    }
}
