//! The body of a response, as it arrives from the upstream.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::connection_pool::ConnectionPool;
use super::upstream_connection::UpstreamConnection;
use super::upstream_error::{UpstreamError, UpstreamPhase};
use crate::body::{BodyLease, BufferOutcome, buffer_body};
use crate::headers::remove_forbidden_trailers;

/// The body of the upstream's response. Reading it drives the connection. At its end the connection
/// returns to the pool; dropping the body before its end closes the connection.
#[derive(Debug)]
pub struct UpstreamBody {
    incoming: Incoming,
    /// Whether all of it was read. A body without a length knows that only after its last frame.
    has_ended: bool,
    connection: Option<UpstreamConnection>,
    pool: Rc<ConnectionPool>,
    idle_timeout: Duration,
    deadline: Option<Instant>,
}

impl UpstreamBody {
    pub(super) fn new(
        incoming: Incoming,
        connection: UpstreamConnection,
        pool: Rc<ConnectionPool>,
        idle_timeout: Duration,
    ) -> Self {
        let mut body = Self {
            has_ended: incoming.is_end_stream(),
            incoming,
            connection: Some(connection),
            pool,
            idle_timeout,
            deadline: None,
        };
        if body.has_ended {
            body.end();
        }
        body
    }

    /// Reads the body into memory, or returns it if it is larger than `bytes_max`.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`] if the body ends early.
    pub async fn gather(self, bytes_max: u64) -> Result<BufferOutcome<Self>, UpstreamError> {
        buffer_body(self, bytes_max, BodyLease::uncounted()).await
    }

    /// Returns the connection to the pool, because all of the body was read.
    fn end(&mut self) {
        self.has_ended = true;
        if let Some(connection) = self.connection.take() {
            self.pool.put(connection);
        }
    }

    fn poll_incoming(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        // Frames arrive only while the connection is driven below, so no waker is needed here.
        let mut noop_context = Context::from_waker(Waker::noop());
        let polled = Pin::new(&mut self.incoming).poll_frame(&mut noop_context);
        let (Poll::Pending, Some(connection)) = (&polled, &mut self.connection) else {
            return polled;
        };
        connection.drive(cx);
        Pin::new(&mut self.incoming).poll_frame(&mut noop_context)
    }

    /// Ready when the upstream was silent for too long. A body of known length is then incomplete;
    /// one of unknown length may be a stream, for which silence is ordinary.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<UpstreamError> {
        let idle = self.idle_timeout;
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + idle);
        let authority = Arc::clone(&self.pool.authority);
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(UpstreamError::Closed { authority });
        };
        let has_length = self.incoming.size_hint().exact().is_some();
        connection.timer.poll(cx, deadline).map(|()| {
            if has_length {
                let phase = UpstreamPhase::ResponseBody;
                UpstreamError::Timeout { authority, phase }
            } else {
                UpstreamError::Idle { authority }
            }
        })
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let this = self.get_mut();
        if this.has_ended {
            return Poll::Ready(None);
        }
        let frame = match this.poll_incoming(cx) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                return this.poll_idle(cx).map(|error| {
                    this.connection = None;
                    Some(Err(error))
                });
            }
        };
        this.deadline = None;
        match frame {
            Some(Ok(mut frame)) => {
                if let Some(trailers) = frame.trailers_mut() {
                    remove_forbidden_trailers(trailers);
                }
                // Nothing follows trailers, and not every reader asks for more after them.
                if frame.is_trailers() || this.incoming.is_end_stream() {
                    this.end();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                this.connection = None;
                let error =
                    UpstreamError::from_hyper(&error, &this.pool.authority, &this.pool.limits);
                Poll::Ready(Some(Err(error)))
            }
            None => {
                this.end();
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
