//! The body of an HTTP/1.1 response, as it arrives from the upstream.

use std::any::Any;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use super::connection_pool::ConnectionPool;
use super::switched_connection::SwitchedConnection;
use super::upload_rest::{HeldByUpload, UploadRest, later_deadline};
use super::upstream_connection::UpstreamConnection;
use super::upstream_error::UpstreamError;
use crate::body::UploadProgress;
use crate::headers::remove_forbidden_trailers;

/// The body of a response. Reading it drives the connection, and also the rest of the
/// request. At its end the connection returns to the pool, or sends the rest of the request first, if
/// the upstream reads on. Dropping the body before its end closes the connection.
#[derive(Debug)]
pub(super) struct Http1ResponseBody {
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

impl Http1ResponseBody {
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
    pub(super) fn into_switched(self) -> Option<SwitchedConnection> {
        self.connection.map(SwitchedConnection::new)
    }

    /// Sends more of the request while the response is not read. So a client that sends all of its
    /// request first does not wait for an upstream that answers meanwhile.
    pub(super) fn poll_upload(&mut self, cx: &mut Context<'_>) {
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
    pub(super) fn hold_for_upload(&self, held: Box<dyn Any>) {
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
            let pool = Rc::clone(&self.pool);
            tokio::task::spawn_local(async move {
                if let Some(connection) = rest.finish().await {
                    pool.put(connection);
                }
            });
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
                    return Poll::Ready(UpstreamError::silent(authority, has_length));
                }
            }
        }
        self.deadline = Some(deadline);
        Poll::Pending
    }
}

impl Http1ResponseBody {
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        if let Some(failure) = self.failure.take() {
            return Poll::Ready(Some(Err(*failure)));
        }
        let closed = || UpstreamError::Closed {
            authority: Arc::clone(&self.pool.authority),
        };
        let polled = match &mut self.connection {
            Some(connection) => connection.poll_frame(cx),
            None => return Poll::Ready(Some(Err(closed()))),
        };
        let Poll::Ready(frame) = polled else {
            return self.poll_idle(cx).map(|error| {
                self.connection = None;
                Some(Err(error))
            });
        };
        self.deadline = None;
        match frame.transpose() {
            Ok(frame) => {
                // Nothing follows the last frame, and not every reader asks for more after it.
                self.end_if_complete();
                let without_forbidden = |mut frame: Frame<Bytes>| {
                    if let Some(trailers) = frame.trailers_mut() {
                        remove_forbidden_trailers(trailers);
                    }
                    Ok(frame)
                };
                Poll::Ready(frame.map(without_forbidden))
            }
            Err(failure) => {
                self.connection = None;
                let error = UpstreamError::of_exchange(failure, &self.pool.authority);
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.has_ended
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match &self.connection {
            Some(connection) => connection.size_hint(),
            None if self.has_ended => SizeHint::with_exact(0),
            None => SizeHint::default(),
        }
    }
}
