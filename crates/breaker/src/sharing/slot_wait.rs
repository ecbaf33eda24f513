//! Acquiring a slot: the outcome, and the future of a request that waits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::protection::SharePolicy;

use super::held_slot::HeldSlot;
use super::queue_ticket::QueueTicket;
use super::shed_details::ShedDetails;
use super::slot_pool::{ArbiterOutcome, SlotPool};
use crate::consumer_index::ConsumerIndex;
use crate::core_index::CoreIndex;

/// The outcome of asking for a slot.
#[derive(Debug)]
pub enum SlotOutcome<'s> {
    /// The request holds a slot.
    Granted(HeldSlot),
    /// The request waits for a slot.
    Queued(SlotWait<'s>),
    /// The request is shed.
    Shed(ShedDetails),
}

/// A waiting request. The future resolves to its slot, or to the reason why it was shed.
#[derive(Debug)]
pub struct SlotWait<'s> {
    slots: &'s SlotPool,
    ticket: Arc<QueueTicket>,
    /// Until when it may wait, since the limits were created.
    pub deadline: Duration,
}

impl SlotPool {
    /// Asks for a slot. It must be given back with [`release`](Self::release), on the same core.
    #[inline]
    pub(crate) fn acquire(
        &self,
        core: CoreIndex,
        consumer: ConsumerIndex,
        tier: Tier,
        now: Duration,
        policy: &SharePolicy,
    ) -> SlotOutcome<'_> {
        if let Some(slot) = self.acquire_lent(core, consumer, now) {
            return SlotOutcome::Granted(slot);
        }
        match self.acquire_locked(core, consumer, tier, now, policy) {
            ArbiterOutcome::Granted(slot) => SlotOutcome::Granted(slot),
            ArbiterOutcome::Queued { ticket, deadline } => SlotOutcome::Queued(SlotWait {
                slots: self,
                ticket,
                deadline,
            }),
            ArbiterOutcome::Shed(shed) => SlotOutcome::Shed(shed),
        }
    }
}

impl SlotWait<'_> {
    /// The slot or the reason, once there is a decision.
    pub fn decided(&mut self) -> Option<Result<HeldSlot, ShedDetails>> {
        self.ticket.take_decision()
    }

    /// Stops waiting at the deadline.
    ///
    /// # Errors
    /// Why the request is shed, unless a slot was granted at the last moment.
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
        self.ticket.wake_on_decision(cx);
        // The decision may have come before the waker was stored.
        self.decided().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for SlotWait<'_> {
    fn drop(&mut self) {
        if self.ticket.is_taken() {
            return;
        }
        self.slots.withdraw(&self.ticket);
        if let Some(Ok(slot)) = self.ticket.take_decision() {
            // The slot was granted after the request stopped waiting.
            self.slots.release(slot, || self.ticket.since);
        }
    }
}
