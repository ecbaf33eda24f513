//! A connection as its requests see it: its room for streams, and the leases of those that are open.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use h2::SendStream;
use h2::client::{ResponseFuture, SendRequest};
use http::Request;
use tokio::time::Instant;

use super::counted_socket::SocketActivity;
use super::stream_waiters::StreamWaiters;

/// The silence of a connection after which its next request asks whether the upstream is there.
const SILENCE_UNSUSPICIOUS: Duration = Duration::from_secs(10);

/// A connection that requests share.
#[derive(Debug)]
pub(super) struct SharedConnection {
    /// Opens streams; nothing once the connection takes no further requests.
    sender: RefCell<Option<SendRequest<Bytes>>>,
    streams_max: usize,
    open: Cell<usize>,
    was_used: Cell<bool>,
    /// Since when no stream is open, if none is.
    idle_since: Cell<Instant>,
    activity: Rc<SocketActivity>,
    /// Whether the upstream shall be asked whether it is there.
    wants_probe: Cell<bool>,
    /// The task that drives the connection.
    driver: RefCell<Option<Waker>>,
}

impl SharedConnection {
    pub(super) fn new(
        sender: SendRequest<Bytes>,
        streams_max: u32,
        activity: Rc<SocketActivity>,
    ) -> Self {
        Self {
            sender: RefCell::new(Some(sender)),
            streams_max: streams_max as usize,
            open: Cell::new(0),
            was_used: Cell::new(false),
            idle_since: Cell::new(Instant::now()),
            activity,
            wants_probe: Cell::new(false),
            driver: RefCell::default(),
        }
    }

    /// How many streams may be open at the same time; 0 if the connection takes no further requests.
    pub(super) fn streams_max(&self) -> usize {
        let allowed = |sender: &SendRequest<Bytes>| sender.current_max_send_streams();
        let allowed = self.sender.borrow().as_ref().map_or(0, allowed);
        allowed.min(self.streams_max)
    }

    /// Opens a stream, if there is room.
    pub(super) fn lease(self: &Rc<Self>, waiters: &Rc<StreamWaiters>) -> Option<StreamLease> {
        if self.open.get() >= self.streams_max() || self.notice_end() {
            return None;
        }
        self.open.set(self.open.get() + 1);
        self.was_used.set(true);
        if self.activity.last_read().elapsed() > SILENCE_UNSUSPICIOUS {
            self.probe();
        }
        Some(StreamLease {
            connection: Rc::clone(self),
            waiters: Rc::clone(waiters),
        })
    }

    /// Takes no further requests if the upstream has announced the end of the connection, or if no
    /// stream can be numbered. Returns whether it takes none.
    pub(super) fn notice_end(&self) -> bool {
        let mut sender = self.sender.borrow_mut();
        let mut cx = Context::from_waker(Waker::noop());
        let is_open = sender
            .as_mut()
            .is_some_and(|sender| !matches!(sender.poll_ready(&mut cx), Poll::Ready(Err(_))));
        if !is_open {
            *sender = None;
        }
        !is_open
    }

    /// Takes no further requests. The connection ends after its last stream.
    pub(super) fn retire(&self) {
        if self.sender.replace(None).is_some() {
            self.wake_driver();
        }
    }

    /// Since when no stream is open.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        (self.open.get() == 0).then(|| self.idle_since.get())
    }

    /// Whether it has had streams, and none is open now.
    pub(super) const fn is_idle_after_use(&self) -> bool {
        self.open.get() == 0 && self.was_used.get()
    }

    pub(super) fn activity(&self) -> &SocketActivity {
        &self.activity
    }

    /// Asks the upstream whether it is there.
    pub(super) fn probe(&self) {
        self.wants_probe.set(true);
        self.wake_driver();
    }

    /// Whether to ask; once.
    pub(super) fn take_probe(&self) -> bool {
        self.wants_probe.take()
    }

    /// Registers the task that drives the connection.
    pub(super) fn register(&self, waker: &Waker) {
        let mut driver = self.driver.borrow_mut();
        if !driver
            .as_ref()
            .is_some_and(|driver| driver.will_wake(waker))
        {
            *driver = Some(waker.clone());
        }
    }

    fn wake_driver(&self) {
        if let Some(driver) = &*self.driver.borrow() {
            driver.wake_by_ref();
        }
    }
}

/// An open stream, or one that is about to be opened. Dropping it makes room for another one.
#[derive(Debug)]
pub(super) struct StreamLease {
    connection: Rc<SharedConnection>,
    waiters: Rc<StreamWaiters>,
}

impl StreamLease {
    /// Sends the head of a request.
    pub(super) fn open(
        &self,
        head: Request<()>,
        is_last: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), Option<h2::Error>> {
        // A clone, because the one that is kept must not wait for its stream.
        let sender = self.connection.sender.borrow().clone();
        let mut sender = sender.ok_or(None)?;
        sender.send_request(head, is_last).map_err(Some)
    }

    pub(super) fn connection(&self) -> &SharedConnection {
        &self.connection
    }
}

impl Drop for StreamLease {
    fn drop(&mut self) {
        let connection = &self.connection;
        connection.open.set(connection.open.get() - 1);
        if connection.open.get() == 0 {
            connection.idle_since.set(Instant::now());
            connection.wake_driver();
        }
        self.waiters.note_room();
    }
}
