//! The open streams of one connection: their number, and how they learn that the process stops.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;

use tokio::time::Instant;

use crate::connection_state::ConnectionState;

/// The open streams of one connection.
#[derive(Debug)]
pub(super) struct StreamRegistry {
    open: RefCell<BTreeMap<u32, Rc<ConnectionState>>>,
    /// How many streams were opened.
    opened: Cell<u64>,
    /// Since when no stream is open.
    idle_since: Cell<Option<Instant>>,
    /// Wakes the driver of the connection.
    driver: RefCell<Option<Waker>>,
}

/// An open stream. Dropping it closes it.
#[derive(Debug)]
pub(super) struct OpenStream {
    registry: Rc<StreamRegistry>,
    id: u32,
}

impl StreamRegistry {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            open: RefCell::default(),
            opened: Cell::new(0),
            idle_since: Cell::new(Some(now)),
            driver: RefCell::default(),
        }
    }

    /// Opens a stream.
    pub(super) fn open(self: &Rc<Self>, id: u32, state: &Rc<ConnectionState>) -> OpenStream {
        self.open.borrow_mut().insert(id, Rc::clone(state));
        self.opened.set(self.opened.get() + 1);
        self.idle_since.set(None);
        OpenStream {
            registry: Rc::clone(self),
            id,
        }
    }

    /// How many streams were opened.
    pub(super) const fn opened(&self) -> u64 {
        self.opened.get()
    }

    /// Since when no stream is open.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.idle_since.get()
    }

    /// Marks all streams as aborted, because the process stops.
    pub(super) fn abort(&self) {
        for state in self.open.borrow().values() {
            state.is_aborted.set(true);
        }
    }

    /// Registers the waker of the driver.
    pub(super) fn register(&self, waker: &Waker) {
        let mut driver = self.driver.borrow_mut();
        if !driver
            .as_ref()
            .is_some_and(|driver| driver.will_wake(waker))
        {
            *driver = Some(waker.clone());
        }
    }

    /// Wakes the driver, so that it looks at what has changed.
    pub(super) fn wake_driver(&self) {
        if let Some(driver) = &*self.driver.borrow() {
            driver.wake_by_ref();
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.registry.open.borrow_mut();
        open.remove(&self.id);
        if open.is_empty() {
            drop(open);
            self.registry.idle_since.set(Some(Instant::now()));
            self.registry.wake_driver();
        }
    }
}
