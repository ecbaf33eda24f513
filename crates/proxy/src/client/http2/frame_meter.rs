//! Counts the frames of one connection, for its socket, its driver and its streams.

use std::cell::{Cell, RefCell};

use tokio::time::Instant;

use crate::inspect::{FrameBudget, FrameScanner};
use crate::limits::ClientLimits;

/// What one connection has read, and what it may still read.
#[derive(Debug)]
pub(super) struct FrameMeter {
    began: Instant,
    scanner: RefCell<FrameScanner>,
    budget: RefCell<FrameBudget>,
    /// Since when a field block is unfinished.
    head_since: Cell<Option<Instant>>,
    is_exceeded: Cell<bool>,
    /// When the client closed its sending side.
    half_closed: Cell<Option<Instant>>,
    /// Whether the library learns of it. It would end all streams.
    passes_end: Cell<bool>,
}

impl FrameMeter {
    pub(super) fn new(limits: &ClientLimits, now: Instant) -> Self {
        let http2 = &limits.http2;
        Self {
            began: now,
            scanner: RefCell::default(),
            budget: RefCell::new(FrameBudget::new(http2.control_frames_max, http2.resets_max)),
            head_since: Cell::new(Some(now)),
            is_exceeded: Cell::new(false),
            half_closed: Cell::new(None),
            passes_end: Cell::new(true),
        }
    }

    /// Counts bytes that were read.
    pub(super) fn read(&self, bytes: &[u8]) {
        let mut scanner = self.scanner.borrow_mut();
        let frames = scanner.feed(bytes);
        if frames > 0 && !self.budget.borrow_mut().spend(frames, self.began.elapsed()) {
            self.is_exceeded.set(true);
        }
        match (scanner.is_inside_head(), self.head_since.get()) {
            (true, None) => self.head_since.set(Some(Instant::now())),
            // Every other head of the connection began later.
            (true, Some(_)) if frames > 1 => self.head_since.set(Some(Instant::now())),
            (true, Some(_)) => {}
            (false, _) => self.head_since.set(None),
        }
    }

    /// Whether the client has sent too many frames without content. Nothing is read any more then.
    pub(super) fn is_exceeded(&self) -> bool {
        self.is_exceeded.get()
    }

    /// Notes the end of what the client sends. Returns whether the library learns of it.
    pub(super) fn note_end(&self) -> bool {
        if self.half_closed.get().is_none() {
            self.half_closed.set(Some(Instant::now()));
        }
        self.passes_end.get()
    }

    /// When the client closed its sending side, while the library does not know it.
    pub(super) fn half_closed(&self) -> Option<Instant> {
        self.half_closed.get().filter(|_| !self.passes_end.get())
    }

    /// Hides from the library that the client closes its sending side, until requests are answered.
    pub(super) fn hold_end(&self) {
        self.passes_end.set(false);
    }

    /// Lets the library learn that the client has closed its sending side.
    pub(super) fn pass_end(&self) {
        self.passes_end.set(true);
    }

    /// Since when a field block, or the preface, is unfinished.
    pub(super) fn head_since(&self) -> Option<Instant> {
        self.head_since.get()
    }

    /// Notes frames of an answer.
    pub(super) fn answer_frames(&self, frames: u32) {
        self.budget.borrow_mut().answer_frames(frames);
    }

    /// Notes that a request was answered completely.
    pub(super) fn answered(&self) {
        self.budget.borrow_mut().answered();
    }

    /// Notes that the client has cancelled a request before its answer began.
    pub(super) fn cancelled(&self) {
        self.budget.borrow_mut().cancelled(self.began.elapsed());
    }

    /// By how many cancelled requests the limit is exceeded.
    pub(super) fn resets_in_excess(&self) -> u32 {
        self.budget.borrow().resets_in_excess()
    }
}
