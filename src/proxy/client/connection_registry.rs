//! The connections of one data core: how many there are, and how they learn of the end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::listener_totals::ListenerTotals;

/// The bound on client connections, common to all data cores.
#[derive(Debug)]
pub struct ConnectionCap {
    open: AtomicUsize,
    max: usize,
}

impl ConnectionCap {
    /// A bound of `connections_max`.
    pub fn new(connections_max: usize) -> Arc<Self> {
        Arc::new(Self {
            open: AtomicUsize::new(0),
            max: connections_max,
        })
    }

    /// Connections open at this moment.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Counts a connection in and says whether it is within the bound; `None` when it is so
    /// far beyond that it is not even told.
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
    /// Whether every answer announces the end of its connection.
    pub(super) closing: Cell<bool>,
    /// Until when idle connections are kept once the core is stopping.
    pub(super) idle_until: Cell<Option<Instant>>,
    /// Whether everything is to end at once.
    pub(super) aborting: Cell<bool>,
    pub(super) counts: RefCell<ListenerTotals>,
    seats: RefCell<Vec<ConnectionSlot>>,
    taken: Cell<usize>,
    emptied: Notify,
}

/// One connection's place, with its task's waker as soon as it is known.
type ConnectionSlot = Option<Option<Waker>>;

impl ConnectionRegistry {
    pub(super) fn register_connection(
        self: &Rc<Self>,
        cap: &Arc<ConnectionCap>,
    ) -> Option<ConnectionPermit> {
        let within_cap = cap.enter()?;
        let mut seats = self.seats.borrow_mut();
        let free = seats.iter().position(Option::is_none);
        let index = free.unwrap_or_else(|| {
            seats.push(None);
            seats.len() - 1
        });
        seats[index] = Some(None);
        self.taken.set(self.taken.get() + 1);
        Some(ConnectionPermit {
            registry: Rc::clone(self),
            cap: Arc::clone(cap),
            index,
            within_cap,
        })
    }

    /// Lets every connection look at the flags.
    pub(super) fn wake_all(&self) {
        for waker in self.seats.borrow().iter().flatten().flatten() {
            waker.wake_by_ref();
        }
    }

    /// Waits until the last connection has ended.
    pub(super) async fn empty(&self) {
        while self.taken.get() > 0 {
            self.emptied.notified().await;
        }
    }
}

/// A connection's place in the registry and under the cap; dropping it gives both back.
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

    /// Leaves the waker of the connection's task.
    pub(super) fn register(&self, waker: &Waker) {
        self.registry.seats.borrow_mut()[self.index] = Some(Some(waker.clone()));
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.cap.leave();
        self.registry.seats.borrow_mut()[self.index] = None;
        self.registry.taken.set(self.registry.taken.get() - 1);
        if std::thread::panicking() {
            self.registry.counts.borrow_mut().panicked += 1;
        }
        if self.registry.taken.get() == 0 {
            self.registry.emptied.notify_one();
        }
    }
}
