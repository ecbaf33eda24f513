//! What the parts of one client connection know together.
//!
//! The socket (`wire`), the driver that owns the clock (`connection`) and the request body
//! (`body`) run in one task, so they share plain cells. Nothing here is locked.

use std::cell::{Cell, RefCell};
use std::task::Waker;

use tokio::time::Instant;

use super::inspect::{HttpRefusal, StreamPosition};

/// The common facts of one connection.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    /// Where the inspector stands in the request stream.
    pub(super) position: Cell<StreamPosition>,
    /// Since when that stage, or the silence between two requests, lasts.
    pub(super) since: Cell<Instant>,
    /// Heads passed on to the library.
    pub(super) heads: Cell<u64>,
    /// Requests handed to the service.
    pub(super) requests: Cell<u64>,
    /// Answers written out completely.
    pub(super) answered: Cell<u64>,
    /// Answers of which the library was given the last byte.
    pub(super) handed_over: Cell<u64>,
    /// The defect that ended the reading.
    pub(super) refusal: Cell<Option<HttpRefusal>>,
    /// Whether that defect is in the body of a request being served.
    pub(super) refused_in_body: Cell<bool>,
    /// Whether the client can tell the end of an answer from the end of the stream.
    pub(super) is_framed: Cell<bool>,
    /// Since when the client accepts no byte.
    pub(super) stalled: Cell<Option<Instant>>,
    /// When the client closed its sending side with answers outstanding.
    pub(super) half_closed: Cell<Option<Instant>>,
    /// When the wait for the present body ends.
    pub(super) body_deadline: Cell<Option<Instant>>,
    /// Whether it has ended.
    pub(super) body_expired: Cell<bool>,
    /// Whether the present request has a body that was not read to its end.
    pub(super) body_unread: Cell<bool>,
    /// Frames of request bodies read so far.
    pub(super) body_frames: Cell<u64>,
    /// Who waits for the present body.
    pub(super) body_waker: RefCell<Option<Waker>>,
}

impl ConnectionState {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            position: Cell::new(StreamPosition::Idle),
            since: Cell::new(now),
            heads: Cell::new(0),
            requests: Cell::new(0),
            answered: Cell::new(0),
            handed_over: Cell::new(0),
            refusal: Cell::new(None),
            refused_in_body: Cell::new(false),
            is_framed: Cell::new(true),
            stalled: Cell::new(None),
            half_closed: Cell::new(None),
            body_deadline: Cell::new(None),
            body_expired: Cell::new(false),
            body_unread: Cell::new(false),
            body_frames: Cell::new(0),
            body_waker: RefCell::new(None),
        }
    }

    /// Whether every request passed on was answered.
    pub(super) fn is_idle(&self) -> bool {
        self.heads.get() == self.answered.get()
    }

    /// Whether a request is with the service, or its answer on the way.
    pub(super) fn is_serving(&self) -> bool {
        self.requests.get() > self.answered.get()
    }

    /// Whether all bytes of the request being served have arrived.
    pub(super) fn has_whole_request(&self) -> bool {
        self.heads.get() > self.requests.get() || self.position.get() != StreamPosition::Body
    }

    /// Takes note that the library has flushed what it had.
    pub(super) fn note_flush(&self) {
        let handed_over = self.handed_over.get();
        if self.answered.replace(handed_over) != handed_over && self.is_idle() {
            self.since.set(Instant::now());
        }
    }

    /// Wakes whoever waits for the body, so that it sees that the wait is over.
    pub(super) fn wake_body(&self) {
        if let Some(waker) = self.body_waker.take() {
            waker.wake();
        }
    }
}
