//! The body of a response, as it arrives from the upstream.

use std::any::Any;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::connection_pool::ConnectionPool;
use super::switched_connection::SwitchedConnection;
use super::upload_rest::{HeldByUpload, UploadRest, later_deadline};
use super::upstream_connection::UpstreamConnection;
use super::upstream_error::{UpstreamError, UpstreamPhase};
use crate::body::{BodyLease, BufferOutcome, UploadProgress, buffer_body};
use crate::headers::remove_forbidden_trailers;

/// The body of the upstream's response. Reading it drives the connection, and also the rest of the
/// request. At its end the connection returns to the pool, or sends the rest of the request first, if
/// the upstream reads on. Dropping the body before its end closes the connection.
#[derive(Debug)]
pub struct UpstreamBody {
    /// Nothing at the end of the body, and after a failure.
    connection: Option<Box<UpstreamConnection>>,
    has_ended: bool,
    /// How the request failed while the response was not read.
    failure: Option<Box<UpstreamError>>,
    /// The progress of the request's body, unless it was in memory or is complete.
    upload: Option<UploadProgress>,
    /// Whether the rest of the request is sent even after the response.
    upload_continues: bool,
    /// What that upload holds.
    held: Weak<HeldByUpload>,
    pool: Rc<ConnectionPool>,
    idle_timeout: Duration,
    deadline: Option<Instant>,
}

impl UpstreamBody {
    pub(super) fn new(
        connection: Box<UpstreamConnection>,
        upload: Option<UploadProgress>,
        pool: Rc<ConnectionPool>,
        idle_timeout: Duration,
    ) -> Self {
        let upload_continues = connection.continues_upload()
            && upload
                .as_ref()
                .is_none_or(|upload| upload.outlive_answer(connection.keeps_alive()));
        let mut body = Self {
            has_ended: false,
            failure: None,
            upload,
            upload_continues,
            held: Weak::new(),
            connection: Some(connection),
            pool,
            idle_timeout,
            deadline: None,
        };
        body.end_if_complete();
        body
    }

    /// What follows an answer that switches protocols. It is not a body and never read as one.
    pub(super) fn switched(
        mut connection: Box<UpstreamConnection>,
        pool: Rc<ConnectionPool>,
    ) -> Self {
        connection.switch();
        Self {
            has_ended: false,
            failure: None,
            upload: None,
            upload_continues: false,
            held: Weak::new(),
            connection: Some(connection),
            pool,
            idle_timeout: Duration::MAX,
            deadline: None,
        }
    }

    /// The connection, if the upstream has switched protocols on it.
    pub(crate) fn into_switched(self) -> Option<SwitchedConnection> {
        self.connection.map(SwitchedConnection::new)
    }

    /// Reads the body into memory, or returns it if it is larger than `bytes_max`.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`] if the body ends early.
    pub async fn gather(self, bytes_max: u64) -> Result<BufferOutcome<Self>, UpstreamError> {
        buffer_body(self, bytes_max, BodyLease::uncounted()).await
    }

    /// Sends more of the request while the response is not read. So a client that sends all of its
    /// request first does not wait for an upstream that answers meanwhile.
    pub(crate) fn poll_upload(&mut self, cx: &mut Context<'_>) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        if let Poll::Ready(Err(failure)) = connection.poll_upload(cx) {
            let error = UpstreamError::of_exchange(failure, &self.pool.authority);
            self.failure = Some(Box::new(error));
            self.connection = None;
        }
    }

    /// Keeps `held` until all of the request is sent, if that continues after the response.
    pub(crate) fn hold_for_upload(&self, held: Box<dyn Any>) {
        if let Some(place) = self.held.upgrade() {
            place.replace(Some(held));
        }
    }

    /// Returns the connection to the pool, if all of the body was read.
    fn end_if_complete(&mut self) {
        let is_complete = |connection: &mut Box<UpstreamConnection>| connection.has_ended();
        let Some(connection) = self.connection.take_if(is_complete) else {
            return;
        };
        self.has_ended = true;
        let upload = self.upload.take();
        if self.upload_continues && connection.continues_upload() {
            let rest = UploadRest::new(connection, upload, self.idle_timeout);
            self.held = Rc::downgrade(rest.held());
            tokio::task::spawn_local(rest.finish(Rc::clone(&self.pool)));
        } else {
            self.pool.put(connection);
        }
    }

    /// Ready when the upstream was silent for too long, without the time in which it waited for the
    /// request. A body of known length is then incomplete; one of unknown length may be a stream, for
    /// which silence is ordinary.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<UpstreamError> {
        let idle = self.idle_timeout;
        let mut deadline = *self.deadline.get_or_insert_with(|| Instant::now() + idle);
        let authority = Arc::clone(&self.pool.authority);
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(UpstreamError::Closed { authority });
        };
        while connection.timer.poll(cx, deadline).is_ready() {
            match later_deadline(self.upload.as_mut(), idle, deadline) {
                Some(later) => deadline = later,
                None => {
                    let has_length = connection.size_hint().exact().is_some();
                    return Poll::Ready(idle_error(authority, has_length));
                }
            }
        }
        self.deadline = Some(deadline);
        Poll::Pending
    }
}

fn idle_error(authority: Arc<str>, has_length: bool) -> UpstreamError {
    if has_length {
        let phase = UpstreamPhase::ResponseBody;
        UpstreamError::Timeout { authority, phase }
    } else {
        UpstreamError::Idle { authority }
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
        if let Some(failure) = this.failure.take() {
            return Poll::Ready(Some(Err(*failure)));
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
