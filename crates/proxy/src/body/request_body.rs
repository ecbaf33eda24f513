//! Request bodies as they arrive.
//!
//! If the body is malformed, or the client is too slow, the body ends with that error and never looks
//! complete. Nothing is copied unless a body must be in one piece and arrived in
//! several.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::body_budget::BodyLease;
use super::body_patience::BodyPatience;
use super::buffered_body::{BufferOutcome, BufferedBody, buffer_body};
use super::incoming_body::IncomingBody;
use crate::connection_state::ConnectionState;
use crate::headers::remove_forbidden_trailers;
use crate::inspect::HttpRefusal;
use crate::interim_responses::InterimResponses;
use crate::limits::ClientLimits;

/// Why a request body could not be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestBodyError {
    /// The body is larger than the reader allows.
    #[error("the request body is larger than {bytes_max} bytes (`limits.body_bytes_max`)")]
    TooLarge {
        /// The bound it exceeded.
        bytes_max: u64,
    },
    /// The body did not arrive in time; the answer is 408.
    #[error(
        "the request body did not arrive in time (`limits.request_body_timeout`, \
         `limits.request_body_rate_min`)"
    )]
    Timeout,
    /// The body is malformed; the refusal has the status of the answer.
    #[error("the request body is refused: {0}")]
    Refused(HttpRefusal),
    /// The client closed the connection, so no answer is possible.
    #[error("the client closed the connection before the end of the request body")]
    ClientGone,
    /// The memory for bodies is used up; the answer is 503.
    #[error("the memory for request bodies is used up (`limits.body_memory_max`)")]
    NoMemory,
    /// The body violates the contract. This was found while the body was forwarded.
    #[error("the request body violates the contract")]
    Violated,
}

/// The body of an arrived request.
#[derive(Debug)]
pub struct RequestBody {
    incoming: IncomingBody,
    state: Rc<ConnectionState>,
    /// The number of its request on the connection.
    request: u64,
    patience: BodyPatience,
    waiting_since: Option<Instant>,
}

impl RequestBody {
    pub(crate) fn new(
        incoming: IncomingBody,
        state: Rc<ConnectionState>,
        limits: &ClientLimits,
    ) -> Self {
        state.body_unread.set(!incoming.is_end_stream());
        state.upload_continues.set(false);
        state.closes_after_upload.set(false);
        state.body_ended.set(None);
        // The body before may still be read, but it has arrived.
        state.body_deadline.set(None);
        Self {
            incoming,
            request: state.requests.get(),
            state,
            patience: BodyPatience::new(limits.request_body_timeout, limits.request_body_rate_min),
            waiting_since: None,
        }
    }

    /// Passes interim responses to the client.
    pub fn interim_responses(&self) -> InterimResponses {
        InterimResponses::new(self.connection())
    }

    /// The connection of the request.
    pub(crate) fn connection(&self) -> Rc<ConnectionState> {
        Rc::clone(&self.state)
    }

    /// Whether the request has no body, or an empty one of known length.
    pub fn is_empty(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// Reads the body into memory.
    ///
    /// # Errors
    ///
    /// See [`RequestBodyError`]. The connection closes after the answer, because the rest of the
    /// body is not read.
    pub async fn collect(self, bytes_max: u64) -> Result<BufferedBody, RequestBodyError> {
        match self.gather(bytes_max).await? {
            BufferOutcome::Whole(whole) => Ok(whole),
            BufferOutcome::Larger { .. } => Err(RequestBodyError::TooLarge { bytes_max }),
            BufferOutcome::NoMemory { .. } => Err(RequestBodyError::NoMemory),
        }
    }

    /// Reads the body into memory, or returns it if it is larger than `bytes_max`. A body whose
    /// `Content-Length` is too large is not read at all, so a client that waits for
    /// `100 Continue` does not send it.
    ///
    /// # Errors
    ///
    /// See [`RequestBodyError`].
    pub async fn gather(self, bytes_max: u64) -> Result<BufferOutcome<Self>, RequestBodyError> {
        self.gather_with(bytes_max, BodyLease::uncounted()).await
    }

    /// The same, with memory of a budget.
    pub(crate) async fn gather_with(
        self,
        bytes_max: u64,
        lease: BodyLease,
    ) -> Result<BufferOutcome<Self>, RequestBodyError> {
        buffer_body(self, bytes_max, lease).await
    }

    /// The progress of the body, for code that waits for the upstream.
    pub(super) fn progress(&self) -> UploadProgress {
        UploadProgress {
            state: Rc::clone(&self.state),
            request: self.request,
            frames: 0,
        }
    }

    /// Whether no other request has arrived on the connection since. If one has, this body has arrived
    /// completely.
    fn is_current(&self) -> bool {
        self.state.requests.get() == self.request
    }

    /// Ends the wait that `poll_frame` began, if there is one.
    fn end_wait(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.patience.waited(since.elapsed());
            if self.is_current() {
                self.state.body_deadline.set(None);
            }
        }
    }

    fn begin_wait(&mut self, cx: &Context<'_>) {
        if !self.is_current() {
            return;
        }
        let mut waker = self.state.body_waker.borrow_mut();
        if !waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *waker = Some(cx.waker().clone());
        }
        if self.waiting_since.is_none() {
            let now = Instant::now();
            self.waiting_since = Some(now);
            self.state
                .body_deadline
                .set(Some(now + self.patience.left()));
            if self.state.is_answered() {
                self.state.wake_driver();
            }
        }
    }

    fn note_end(&self) {
        if self.is_current() {
            self.state.note_body_end();
        }
    }

    /// The known reason why the body will not continue.
    fn failure(&self) -> Option<RequestBodyError> {
        let is_expired = self.is_current() && self.state.body_expired.get();
        is_expired.then_some(RequestBodyError::Timeout)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, RequestBodyError>>> {
        let this = self.get_mut();
        if let Some(failure) = this.failure() {
            return Poll::Ready(Some(Err(failure)));
        }
        let polled = this.incoming.poll_frame(cx);
        let Poll::Ready(frame) = polled else {
            this.begin_wait(cx);
            return Poll::Pending;
        };
        this.end_wait();
        match frame {
            Some(Ok(mut frame)) => {
                if this.is_current() {
                    this.state.note_body_frame();
                }
                if let Some(data) = frame.data_ref() {
                    this.patience.received(data.len());
                    let bytes = this.state.body_bytes.get() + data.len() as u64;
                    this.state.body_bytes.set(bytes);
                } else if let Some(trailers) = frame.trailers_mut() {
                    remove_forbidden_trailers(trailers);
                }
                if this.incoming.is_end_stream() || frame.is_trailers() {
                    this.note_end();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(refusal)) => {
                let refused = refusal.map(RequestBodyError::Refused);
                let failure = refused.or_else(|| this.failure());
                let failure = failure.unwrap_or(RequestBodyError::ClientGone);
                Poll::Ready(Some(Err(failure)))
            }
            None => {
                this.note_end();
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
        if self.is_current() {
            self.state.body_deadline.set(None);
            self.state.body_waker.take();
            self.state.end_upload();
        }
    }
}

/// The progress of a streamed request body.
#[derive(Debug)]
pub(crate) struct UploadProgress {
    state: Rc<ConnectionState>,
    request: u64,
    frames: u64,
}

impl UploadProgress {
    /// Since when the upstream alone delays the exchange: since the body ended, or since now if it is
    /// unfinished and either has moved since the last call or waits for its client, which has a
    /// separate deadline. `None` if the upstream does not accept the body.
    pub(crate) fn upstream_due_since(&mut self) -> Option<Instant> {
        if self.state.requests.get() != self.request {
            return None;
        }
        let frames = self.state.body_frames.get();
        let has_moved = std::mem::replace(&mut self.frames, frames) != frames;
        if !self.state.body_unread.get() {
            return self.state.body_ended.get();
        }
        let is_client_due = has_moved || self.state.body_deadline.get().is_some();
        is_client_due.then(Instant::now)
    }

    /// Notes that the body may be sent to its end after the answer. If the upstream does not keep its
    /// connection alive, the connection of the client closes after the body, too. Returns whether the
    /// body may continue: a client to which the end of the connection is the end of the answer would
    /// wait for it.
    pub(crate) fn outlive_answer(&self, keeps_alive: bool) -> bool {
        let continues = self.state.is_framed.get();
        if self.state.body_unread.get() {
            self.state.upload_continues.set(continues);
            self.state.closes_after_upload.set(!keeps_alive);
        }
        continues
    }
}
