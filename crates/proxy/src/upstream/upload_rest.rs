//! The rest of a request whose response is already complete.
//!
//! An upstream that has not closed its connection may read on (RFC 9112 section 9.6), and its client
//! continues to send. So the upload is finished, after which both connections can be used again,
//! unless the upstream announced that it closes its own. An upstream that has closed it, or says more
//! without a request, does not read on.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::upstream_connection::UpstreamConnection;
use crate::body::UploadProgress;
use crate::deadline_timer::DeadlineTimer;

thread_local! {
    /// The uploads of this data core.
    static OPEN: Rc<OpenUploads> = Rc::default();
}

/// The uploads that continue, for the drain.
#[derive(Debug, Default)]
struct OpenUploads {
    count: Cell<usize>,
    emptied: Notify,
}

/// One of them, until it is dropped.
#[derive(Debug)]
struct OpenUpload(Rc<OpenUploads>);

impl OpenUpload {
    fn begin() -> Self {
        let open = OPEN.with(Rc::clone);
        open.count.set(open.count.get() + 1);
        Self(open)
    }
}

impl Drop for OpenUpload {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get() - 1);
        if self.0.count.get() == 0 {
            self.0.emptied.notify_one();
        }
    }
}

/// Waits until no upload of this data core continues.
pub(crate) async fn uploads_ended() {
    let open = OPEN.with(Rc::clone);
    while open.count.get() > 0 {
        open.emptied.notified().await;
    }
}

/// What an exchange holds until all of its request is sent.
pub(super) type HeldByUpload = RefCell<Option<Box<dyn Any>>>;

/// The sending half of an exchange whose response is complete.
pub(super) trait ContinuedUpload {
    /// Sends more of the request. Ready when all of it is sent; returns whether it was.
    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Poll<bool>;

    /// Ready when the upstream does not read on.
    fn poll_disturbance(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// How many bytes of the request the upstream has accepted.
    fn sent_bytes(&self) -> u64;

    /// The timer of the exchange.
    fn timer(&mut self) -> &mut DeadlineTimer;
}

impl ContinuedUpload for Box<UpstreamConnection> {
    fn poll_upload(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        (**self).poll_upload(cx).map(|sent| sent.is_ok())
    }

    fn poll_disturbance(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        (**self).poll_disturbance(cx)
    }

    fn sent_bytes(&self) -> u64 {
        (**self).sent_bytes()
    }

    fn timer(&mut self) -> &mut DeadlineTimer {
        &mut self.timer
    }
}

/// An upload that continues.
#[derive(Debug)]
pub(super) struct UploadRest<C> {
    exchange: C,
    /// `None` if the rest is in memory.
    upload: Option<UploadProgress>,
    /// How long the upstream may accept nothing.
    idle_timeout: Duration,
    deadline: Instant,
    sent_bytes: u64,
    held: Rc<HeldByUpload>,
    _open: OpenUpload,
}

impl<C: ContinuedUpload> UploadRest<C> {
    pub(super) fn new(exchange: C, upload: Option<UploadProgress>, idle_timeout: Duration) -> Self {
        Self {
            sent_bytes: exchange.sent_bytes(),
            exchange,
            upload,
            idle_timeout,
            deadline: Instant::now() + idle_timeout,
            held: Rc::default(),
            _open: OpenUpload::begin(),
        }
    }

    /// What is dropped when the upload has ended.
    pub(super) fn held(&self) -> &Rc<HeldByUpload> {
        &self.held
    }

    /// Sends the rest and returns the exchange. A failure ends it: the response has passed, so there is
    /// nothing to report.
    pub(super) async fn finish(mut self) -> Option<C> {
        let is_sent = poll_fn(|cx| self.poll(cx)).await;
        is_sent.then_some(self.exchange)
    }

    /// Ready when the upload has ended; returns whether all of it was sent.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if let Poll::Ready(is_sent) = self.exchange.poll_upload(cx) {
            return Poll::Ready(is_sent);
        }
        if self.exchange.poll_disturbance(cx).is_ready() {
            return Poll::Ready(false);
        }
        while self.exchange.timer().poll(cx, self.deadline).is_ready() {
            let sent_bytes = self.exchange.sent_bytes();
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
