//! Waiting for a slot: what the waiter holds, and what whoever frees a slot sees.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::slots::{Slot, Slots};
use portcullis_vocabulary::Tier;

/// Why there is no slot, with the figures that explain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shed {
    /// Why.
    pub reason: ShedReason,
    /// How many requests of the consumer are in flight.
    pub in_flight: u32,
    /// How many it is guaranteed.
    pub guaranteed: u32,
    /// How many may be in flight in all.
    pub limit: u32,
}

/// Why there is no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShedReason {
    /// Too many wait, and the others have more right to.
    LineFull,
    /// It waited, and gave way to another.
    Displaced,
    /// It waited as long as it may.
    Waited,
}

/// A request in line. A future that ends with its slot, or with the reason why it has none.
#[derive(Debug)]
pub struct Waiting<'s> {
    pub(super) slots: &'s Slots,
    pub(super) ticket: Arc<Ticket>,
    /// Until when it may wait, since the bank was made.
    pub deadline: Duration,
}

/// A place in the line.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) consumer: usize,
    pub(super) tier: Tier,
    pub(super) since: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Waiting(Option<Waker>),
    Granted(Slot),
    Shed(Shed),
    Taken,
}

impl ShedReason {
    /// Its stable name, a label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LineFull => "line-full",
            Self::Displaced => "displaced",
            Self::Waited => "waited",
        }
    }
}

impl Ticket {
    pub(super) fn new(consumer: usize, tier: Tier, since: Duration) -> Arc<Self> {
        Arc::new(Self {
            consumer,
            tier,
            since,
            state: Mutex::new(State::Waiting(None)),
        })
    }

    /// Gives it a slot; whoever is returned has to be woken, once no lock is held.
    pub(super) fn grant(&self, slot: Slot) -> Option<Waker> {
        self.settle(State::Granted(slot))
    }

    /// Turns it away.
    pub(super) fn shed(&self, shed: Shed) -> Option<Waker> {
        self.settle(State::Shed(shed))
    }

    fn settle(&self, state: State) -> Option<Waker> {
        match std::mem::replace(&mut *self.lock(), state) {
            State::Waiting(waker) => waker,
            State::Granted(_) | State::Shed(_) | State::Taken => None,
        }
    }

    fn take(&self) -> State {
        std::mem::replace(&mut *self.lock(), State::Taken)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting<'_> {
    /// The slot or the reason, if it is decided.
    pub fn decided(&mut self) -> Option<Result<Slot, Shed>> {
        let mut state = self.ticket.lock();
        match *state {
            State::Granted(slot) => {
                *state = State::Taken;
                Some(Ok(slot))
            }
            State::Shed(shed) => {
                *state = State::Taken;
                Some(Err(shed))
            }
            State::Waiting(_) | State::Taken => None,
        }
    }

    /// Stops waiting because the time is up. A slot that came at the last moment is taken.
    pub fn give_up(mut self) -> Result<Slot, Shed> {
        let shed = self.slots.withdraw(&self.ticket);
        self.decided().unwrap_or(Err(shed))
    }
}

impl Future for Waiting<'_> {
    type Output = Result<Slot, Shed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(decided) = self.decided() {
            return Poll::Ready(decided);
        }
        if let State::Waiting(waker) = &mut *self.ticket.lock() {
            *waker = Some(cx.waker().clone());
        }
        // Decided between the two looks?
        self.decided().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if matches!(*self.ticket.lock(), State::Taken) {
            return;
        }
        self.slots.withdraw(&self.ticket);
        if let State::Granted(slot) = self.ticket.take() {
            // It came too late to be used.
            self.slots.leave(slot);
        }
    }
}
