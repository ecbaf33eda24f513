//! Waiting for a slot: what the waiter holds, and what whoever frees a slot sees.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::slot_pool::{HeldSlot, SlotPool};
use portcullis_vocabulary::Tier;

/// Why there is no slot, with the figures that explain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShedDetails {
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
    QueueFull,
    /// It waited, and gave way to another.
    Displaced,
    /// It waited as long as it may.
    Waited,
}

/// A request in line. A future that ends with its slot, or with the reason why it has none.
#[derive(Debug)]
pub struct SlotWait<'s> {
    pub(super) slots: &'s SlotPool,
    pub(super) ticket: Arc<QueueTicket>,
    /// Until when it may wait, since the bank was made.
    pub deadline: Duration,
}

/// A place in the line.
#[derive(Debug)]
pub(super) struct QueueTicket {
    pub(super) consumer: usize,
    pub(super) tier: Tier,
    pub(super) since: Duration,
    state: Mutex<TicketState>,
}

#[derive(Debug)]
enum TicketState {
    Waiting(Option<Waker>),
    Granted(HeldSlot),
    Shed(ShedDetails),
    Taken,
}

impl ShedReason {
    /// Its stable name, a label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "line-full",
            Self::Displaced => "displaced",
            Self::Waited => "waited",
        }
    }
}

impl QueueTicket {
    pub(super) fn new(consumer: usize, tier: Tier, since: Duration) -> Arc<Self> {
        Arc::new(Self {
            consumer,
            tier,
            since,
            state: Mutex::new(TicketState::Waiting(None)),
        })
    }

    /// Gives it a slot; whoever is returned has to be woken, once no lock is held.
    pub(super) fn grant(&self, slot: HeldSlot) -> Option<Waker> {
        self.settle(TicketState::Granted(slot))
    }

    /// Turns it away.
    pub(super) fn shed(&self, shed: ShedDetails) -> Option<Waker> {
        self.settle(TicketState::Shed(shed))
    }

    fn settle(&self, state: TicketState) -> Option<Waker> {
        match std::mem::replace(&mut *self.lock(), state) {
            TicketState::Waiting(waker) => waker,
            TicketState::Granted(_) | TicketState::Shed(_) | TicketState::Taken => None,
        }
    }

    fn take(&self) -> TicketState {
        std::mem::replace(&mut *self.lock(), TicketState::Taken)
    }

    fn lock(&self) -> MutexGuard<'_, TicketState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlotWait<'_> {
    /// The slot or the reason, if it is decided.
    pub fn decided(&mut self) -> Option<Result<HeldSlot, ShedDetails>> {
        let mut state = self.ticket.lock();
        match *state {
            TicketState::Granted(slot) => {
                *state = TicketState::Taken;
                Some(Ok(slot))
            }
            TicketState::Shed(shed) => {
                *state = TicketState::Taken;
                Some(Err(shed))
            }
            TicketState::Waiting(_) | TicketState::Taken => None,
        }
    }

    /// Stops waiting because the time is up. A slot that came at the last moment is taken.
    pub fn give_up(mut self) -> Result<HeldSlot, ShedDetails> {
        let shed = self.slots.withdraw(&self.ticket);
        self.decided().unwrap_or(Err(shed))
    }
}

impl Future for SlotWait<'_> {
    type Output = Result<HeldSlot, ShedDetails>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(decided) = self.decided() {
            return Poll::Ready(decided);
        }
        if let TicketState::Waiting(waker) = &mut *self.ticket.lock() {
            *waker = Some(cx.waker().clone());
        }
        // Decided between the two looks?
        self.decided().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for SlotWait<'_> {
    fn drop(&mut self) {
        if matches!(*self.ticket.lock(), TicketState::Taken) {
            return;
        }
        self.slots.withdraw(&self.ticket);
        if let TicketState::Granted(slot) = self.ticket.take() {
            // It came too late to be used.
            self.slots.release(slot);
        }
    }
}
