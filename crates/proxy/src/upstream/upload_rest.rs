//! The rest of a request whose response is already complete.
//!
//! An upstream that has not closed its connection may read on (RFC 9112 section 9.6), and its client
//! continues to send. So the upload is finished, after which both connections can be used again,
//! unless the upstream announced that it closes its own. An upstream that has closed it, or says more
//! without a request, does not read on.

use std::any::Any;
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::connection_pool::ConnectionPool;
use super::upstream_connection::UpstreamConnection;
use crate::body::UploadProgress;

/// What an exchange holds until all of its request is sent.
pub(super) type HeldByUpload = RefCell<Option<Box<dyn Any>>>;

/// An upload that continues.
#[derive(Debug)]
pub(super) struct UploadRest {
    connection: Box<UpstreamConnection>,
    /// `None` if the rest is in memory.
    upload: Option<UploadProgress>,
    /// How long the upstream may accept nothing.
    idle_timeout: Duration,
    deadline: Instant,
    sent_bytes: u64,
    held: Rc<HeldByUpload>,
}

impl UploadRest {
    pub(super) fn new(
        connection: Box<UpstreamConnection>,
        upload: Option<UploadProgress>,
        idle_timeout: Duration,
    ) -> Self {
        Self {
            sent_bytes: connection.sent_bytes(),
            connection,
            upload,
            idle_timeout,
            deadline: Instant::now() + idle_timeout,
            held: Rc::default(),
        }
    }

    /// What is dropped when the upload has ended.
    pub(super) fn held(&self) -> &Rc<HeldByUpload> {
        &self.held
    }

    /// Sends the rest and returns the connection to the pool. A failure closes the connection: the
    /// response has passed, so there is nothing to report.
    pub(super) async fn finish(mut self, pool: Rc<ConnectionPool>) {
        if poll_fn(|cx| self.poll(cx)).await {
            pool.put(self.connection);
        }
    }

    /// Ready when the upload has ended; returns whether all of it was sent.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if let Poll::Ready(outcome) = self.connection.poll_upload(cx) {
            return Poll::Ready(outcome.is_ok());
        }
        if self.connection.poll_disturbance(cx).is_ready() {
            return Poll::Ready(false);
        }
        while self.connection.timer.poll(cx, self.deadline).is_ready() {
            let sent_bytes = self.connection.sent_bytes();
            let has_moved = std::mem::replace(&mut self.sent_bytes, sent_bytes) != sent_bytes;
            let moved = has_moved.then(|| Instant::now() + self.idle_timeout);
            let later = moved
                .or_else(|| later_deadline(self.upload.as_mut(), self.idle_timeout, self.deadline));
            match later {
                Some(later) => self.deadline = later,
                None => return Poll::Ready(false),
            }
        }
        Poll::Pending
    }
}

/// A later deadline for the upstream, if it has waited for the request meanwhile.
pub(super) fn later_deadline(
    upload: Option<&mut UploadProgress>,
    timeout: Duration,
    deadline: Instant,
) -> Option<Instant> {
    let since = upload.and_then(UploadProgress::upstream_due_since)?;
    Some(since + timeout).filter(|later| *later > deadline)
}
