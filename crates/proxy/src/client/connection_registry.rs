//! The connections of one data core: their number, and how they are woken for the drain.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::answer_buffer::BufferedBytes;
use super::date_field::DateField;
use super::listener_totals::ListenerTotals;

/// The cap on client connections, shared by all data cores.
#[derive(Debug)]
pub struct ConnectionCap {
    open: AtomicUsize,
    max: usize,
}

impl ConnectionCap {
    /// A cap of `connections_max`.
    pub fn new(connections_max: usize) -> Arc<Self> {
        Arc::new(Self {
            open: AtomicUsize::new(0),
            max: connections_max,
        })
    }

    /// Number of open connections.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Counts a new connection and returns whether it is within the cap; `None` if it is so far
    /// beyond the cap that it gets no answer.
    fn enter(&self) -> Option<bool> {
        let open = self.open.fetch_add(1, Ordering::Relaxed);
        if open > self.max + self.max / 8 {
            self.leave();
            return None;
        }
        Some(open < self.max)
    }

    fn leave(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the connections of a data core share.
#[derive(Debug, Default)]
pub(super) struct ConnectionRegistry {
    /// Whether every answer closes its connection.
    pub(super) closing: Cell<bool>,
    /// How long idle connections stay open once the core is stopping.
    pub(super) idle_until: Cell<Option<Instant>>,
    /// Whether all connections must end immediately.
    pub(super) aborting: Cell<bool>,
    pub(super) counts: RefCell<ListenerTotals>,
    /// The memory of answers that are read ahead of their clients.
    pub(super) buffered: Rc<BufferedBytes>,
    /// The `Date` of answers.
    pub(super) date: DateField,
    slots: RefCell<Vec<ConnectionSlot>>,
    open: Cell<usize>,
    emptied: Notify,
}

/// The slot of one connection, with the waker of its task once that is known.
type ConnectionSlot = Option<Option<Waker>>;

impl ConnectionRegistry {
    pub(super) fn register_connection(
        self: &Rc<Self>,
        cap: &Arc<ConnectionCap>,
    ) -> Option<ConnectionPermit> {
        let within_cap = cap.enter()?;
        let mut slots = self.slots.borrow_mut();
        let free = slots.iter().position(Option::is_none);
        let index = free.unwrap_or_else(|| {
            slots.push(None);
            slots.len() - 1
        });
        slots[index] = Some(None);
        self.open.set(self.open.get() + 1);
        Some(ConnectionPermit {
            registry: Rc::clone(self),
            cap: Arc::clone(cap),
            index,
            within_cap,
        })
    }

    /// Wakes every connection, so that it reads the flags.
    pub(super) fn wake_all(&self) {
        for waker in self.slots.borrow().iter().flatten().flatten() {
            waker.wake_by_ref();
        }
    }

    /// Waits until the last connection has ended.
    pub(super) async fn empty(&self) {
        while self.open.get() > 0 {
            self.emptied.notified().await;
        }
    }
}

/// A connection's slot in the registry and its share of the cap. Dropping it releases both.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    registry: Rc<ConnectionRegistry>,
    cap: Arc<ConnectionCap>,
    index: usize,
    /// Whether the connection is within the cap.
    pub(super) within_cap: bool,
}

impl ConnectionPermit {
    pub(super) fn registry(&self) -> &ConnectionRegistry {
        &self.registry
    }

    /// Registers the waker of the connection's task.
    pub(super) fn register(&self, waker: &Waker) {
        self.registry.slots.borrow_mut()[self.index] = Some(Some(waker.clone()));
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.cap.leave();
        self.registry.slots.borrow_mut()[self.index] = None;
        self.registry.open.set(self.registry.open.get() - 1);
        if std::thread::panicking() {
            self.registry.counts.borrow_mut().panicked += 1;
        }
        if self.registry.open.get() == 0 {
            self.registry.emptied.notify_one();
        }
    }
}
