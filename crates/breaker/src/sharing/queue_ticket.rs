//! The ticket of a waiting request: its place in the queue, and the decision that it waits for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use portcullis_vocabulary::Tier;

use super::held_slot::HeldSlot;
use super::shed_details::ShedDetails;
use crate::consumer_index::ConsumerIndex;

/// A place in the queue.
#[derive(Debug)]
pub(super) struct QueueTicket {
    pub(super) consumer: ConsumerIndex,
    pub(super) tier: Tier,
    pub(super) since: Duration,
    state: Mutex<TicketState>,
}

#[derive(Debug)]
enum TicketState {
    Waiting(Option<Waker>),
    Granted(HeldSlot),
    Shed(ShedDetails),
    /// The waiter has taken the decision.
    Taken,
}

impl QueueTicket {
    pub(super) fn new(consumer: ConsumerIndex, tier: Tier, since: Duration) -> Arc<Self> {
        Arc::new(Self {
            consumer,
            tier,
            since,
            state: Mutex::new(TicketState::Waiting(None)),
        })
    }

    /// Grants a slot. The returned waker must be called once no lock is held.
    pub(super) fn grant(&self, slot: HeldSlot) -> Option<Waker> {
        self.decide(TicketState::Granted(slot))
    }

    /// Sheds the request. The returned waker must be called once no lock is held.
    pub(super) fn shed(&self, shed: ShedDetails) -> Option<Waker> {
        self.decide(TicketState::Shed(shed))
    }

    fn decide(&self, state: TicketState) -> Option<Waker> {
        match std::mem::replace(&mut *self.lock(), state) {
            TicketState::Waiting(waker) => waker,
            TicketState::Granted(_) | TicketState::Shed(_) | TicketState::Taken => None,
        }
    }

    /// Takes the decision, if there is one.
    pub(super) fn take_decision(&self) -> Option<Result<HeldSlot, ShedDetails>> {
        let mut state = self.lock();
        let decision = match *state {
            TicketState::Granted(slot) => Ok(slot),
            TicketState::Shed(shed) => Err(shed),
            TicketState::Waiting(_) | TicketState::Taken => return None,
        };
        *state = TicketState::Taken;
        Some(decision)
    }

    /// Whether the decision was taken.
    pub(super) fn is_taken(&self) -> bool {
        matches!(*self.lock(), TicketState::Taken)
    }

    /// Stores the waker of the task that waits for the decision.
    pub(super) fn wake_on_decision(&self, cx: &Context<'_>) {
        if let TicketState::Waiting(waker) = &mut *self.lock() {
            *waker = Some(cx.waker().clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, TicketState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
