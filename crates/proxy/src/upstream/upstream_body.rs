//! The body of a response, as it arrives from the upstream.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
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
    /// Nothing at the end of the body, and after a failure.
    connection: Option<Box<UpstreamConnection>>,
    has_ended: bool,
    pool: Rc<ConnectionPool>,
    idle_timeout: Duration,
    deadline: Option<Instant>,
}

impl UpstreamBody {
    pub(super) fn new(
        connection: Box<UpstreamConnection>,
        pool: Rc<ConnectionPool>,
        idle_timeout: Duration,
    ) -> Self {
        let mut body = Self {
            has_ended: false,
            connection: Some(connection),
            pool,
            idle_timeout,
            deadline: None,
        };
        body.end_if_complete();
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

    /// Returns the connection to the pool, if all of the body was read.
    fn end_if_complete(&mut self) {
        let is_complete = |connection: &mut Box<UpstreamConnection>| connection.has_ended();
        if let Some(connection) = self.connection.take_if(is_complete) {
            self.has_ended = true;
            self.pool.put(connection);
        }
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
        let has_length = connection.size_hint().exact().is_some();
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
        let closed = || UpstreamError::Closed {
            authority: Arc::clone(&this.pool.authority),
        };
        let polled = match &mut this.connection {
            Some(connection) => connection.poll_frame(cx),
            None => return Poll::Ready(Some(Err(closed()))),
        };
        let Poll::Ready(frame) = polled else {
            return this.poll_idle(cx).map(|error| {
                this.connection = None;
                Some(Err(error))
            });
        };
        this.deadline = None;
        match frame.transpose() {
            Ok(frame) => {
                // Nothing follows the last frame, and not every reader asks for more after it.
                this.end_if_complete();
                let without_forbidden = |mut frame: Frame<Bytes>| {
                    if let Some(trailers) = frame.trailers_mut() {
                        remove_forbidden_trailers(trailers);
                    }
                    Ok(frame)
                };
                Poll::Ready(frame.map(without_forbidden))
            }
            Err(failure) => {
                this.connection = None;
                let error = UpstreamError::of_exchange(failure, &this.pool.authority);
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended
    }

    fn size_hint(&self) -> SizeHint {
        match &self.connection {
            Some(connection) => connection.size_hint(),
            None if self.has_ended => SizeHint::with_exact(0),
            None => SizeHint::default(),
        }
    }
}
