//! The state that the parts of one client connection share.
//!
//! The driver with the timer (`ConnectionDriver`) and the request body (`RequestBody`) run in one task
//! until the request is answered. The rest of an upload is then sent by another task of the same
//! thread, so plain cells are enough. Each stream of an HTTP/2 connection has its own state, and so has
//! its connection.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Weak;
use std::task::{Poll, Waker};

use bytes::{Bytes, BytesMut};
use h2::server::SendResponse;
use tokio::time::Instant;

use super::limits::ClientLimits;
use super::write_pace::WritePace;

/// Most interim responses on one stream of HTTP/2. Further ones are dropped.
const STREAM_INTERIM_MAX: u32 = 32;

/// The shared state of one connection.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    /// Number of requests passed to the handler.
    pub(super) requests: Cell<u64>,
    /// Number of answers written completely.
    pub(super) answered: Cell<u64>,
    /// Whether the client can distinguish the end of an answer from the end of the stream.
    pub(super) is_framed: Cell<bool>,
    /// Interim responses to the current request that are not written yet.
    pub(super) interim: RefCell<BytesMut>,
    /// What sends interim responses on a stream of HTTP/2.
    pub(super) stream: RefCell<Weak<RefCell<SendResponse<Bytes>>>>,
    /// How many more interim responses the stream gets.
    pub(super) interim_left: Cell<u32>,
    /// Since when the client has accepted no bytes.
    pub(super) stalled: Cell<Option<Instant>>,
    /// How fast the client accepts bytes.
    pub(super) write_pace: Cell<WritePace>,
    /// When the client closed its sending side before all answers were sent.
    pub(super) half_closed: Cell<Option<Instant>>,
    /// The deadline of the wait for the current body.
    pub(super) body_deadline: Cell<Option<Instant>>,
    /// Whether that deadline has passed.
    pub(super) body_expired: Cell<bool>,
    /// Whether the current request has a body that was not read to its end.
    pub(super) body_unread: Cell<bool>,
    /// Whether the current body is sent to its end even if its request is answered before.
    pub(super) upload_continues: Cell<bool>,
    /// Whether the connection closes after that, because the upstream's connection does.
    pub(super) closes_after_upload: Cell<bool>,
    /// Number of body frames read.
    pub(super) body_frames: Cell<u64>,
    /// Bytes of bodies read.
    pub(super) body_bytes: Cell<u64>,
    /// When the current body was read to its end.
    pub(super) body_ended: Cell<Option<Instant>>,
    /// Wakes the task that waits for the current body.
    pub(super) body_waker: RefCell<Option<Waker>>,
    /// Wakes the driver.
    pub(super) driver_waker: RefCell<Option<Waker>>,
    /// Whether this is a stream or a connection of HTTP/2.
    pub(super) is_http2: Cell<bool>,
    /// Whether the client waits for `100 Continue` before it sends the current body.
    pub(super) awaits_continue: Cell<bool>,
    /// Whether the current request asks to continue with WebSocket.
    pub(super) asks_upgrade: Cell<bool>,
    /// Whether the connection is aborted because the process stops.
    pub(super) is_aborted: Cell<bool>,
}

impl ConnectionState {
    pub(super) fn new() -> Self {
        Self {
            requests: Cell::new(0),
            answered: Cell::new(0),
            is_framed: Cell::new(true),
            interim: RefCell::default(),
            stream: RefCell::default(),
            interim_left: Cell::new(STREAM_INTERIM_MAX),
            stalled: Cell::new(None),
            write_pace: Cell::new(WritePace::default()),
            half_closed: Cell::new(None),
            body_deadline: Cell::new(None),
            body_expired: Cell::new(false),
            body_unread: Cell::new(false),
            upload_continues: Cell::new(false),
            closes_after_upload: Cell::new(false),
            body_frames: Cell::new(0),
            body_bytes: Cell::new(0),
            body_ended: Cell::new(None),
            body_waker: RefCell::new(None),
            driver_waker: RefCell::new(None),
            is_http2: Cell::new(false),
            awaits_continue: Cell::new(false),
            asks_upgrade: Cell::new(false),
            is_aborted: Cell::new(false),
        }
    }

    /// Whether every request has been answered.
    pub(super) fn is_answered(&self) -> bool {
        self.requests.get() == self.answered.get()
    }

    /// Notes the result of a write to the client.
    pub(super) fn note_write(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(written) => self.note_accepted(*written.as_ref().unwrap_or(&0)),
            Poll::Pending => self.note_stall(),
        }
    }

    /// Notes that the client has accepted bytes.
    pub(super) fn note_accepted(&self, bytes: usize) {
        let waited = self.stalled.take().map(|since| since.elapsed());
        let pace = self.write_pace.get().after(waited, bytes);
        self.write_pace.set(pace);
    }

    /// Notes that the client accepts no bytes now.
    pub(super) fn note_stall(&self) {
        if self.stalled.get().is_none() {
            self.stalled.set(Some(Instant::now()));
        }
    }

    /// When the client is too slow, if it is waited for.
    pub(super) fn write_deadline(&self, limits: &ClientLimits) -> Option<Instant> {
        let since = self.stalled.get()?;
        let pace = self.write_pace.get().settled(limits);
        self.write_pace.set(pace);
        Some(pace.deadline(since, limits))
    }

    /// Ends the wait for the current body.
    pub(super) fn expire_body(&self) {
        self.body_deadline.set(None);
        self.body_expired.set(true);
        self.wake_body();
    }

    /// Notes that the current body was read to its end.
    pub(super) fn note_body_end(&self) {
        if self.body_unread.replace(false) {
            self.body_ended.set(Some(Instant::now()));
        }
        self.end_upload();
    }

    /// Notes that the current body is not read any more.
    pub(super) fn end_upload(&self) {
        if self.upload_continues.replace(false) {
            self.wake_driver();
        }
    }

    /// Notes that the client has sent a part of the body. It may do so instead of reading its answer.
    pub(super) fn note_body_frame(&self) {
        self.body_frames.set(self.body_frames.get() + 1);
        if self.stalled.get().is_some() {
            self.stalled.set(Some(Instant::now()));
        }
    }

    /// Wakes the driver, whose deadline has changed.
    pub(super) fn wake_driver(&self) {
        if let Some(waker) = &*self.driver_waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Wakes the task that waits for the body, because the wait is over.
    pub(super) fn wake_body(&self) {
        if let Some(waker) = self.body_waker.take() {
            waker.wake();
        }
    }
}
