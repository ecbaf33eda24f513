//! The queue for slots: which requests wait, and which comes next.
//!
//! Each squad has its own queue, gold requests before silver before bronze. Within a tier, requests
//! are served in the order of arrival until the squad's queue has not been empty for 100 ms, which
//! is an overload. Then the newest request comes first, and no request above the squad's share waits
//! longer than 5 ms: in an overload the clients of the oldest requests have given up, and serving
//! the newest keeps the latency of the served requests near that of a service without load. An
//! overload ends when no request of the squad has waited for 100 ms, because the queue is empty for
//! a moment when many clients are shed together. One squad's overload does not shorten the wait of
//! another, and a squad that has, or has recently used, less than its share may always wait as long
//! as is configured.
//!
//! Source: B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015 (adaptive LIFO, CoDel).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use portcullis_vocabulary::Tier;

use super::queue_ticket::QueueTicket;
use crate::consumer_index::ConsumerIndex;

/// How long a queue must be non-empty to count as an overload.
const STANDING: Duration = Duration::from_millis(100);

/// How long a request may wait in an overload.
const OVERLOADED_WAIT: Duration = Duration::from_millis(5);

/// All waiting requests.
#[derive(Debug)]
pub(super) struct WaitQueue {
    queues: BTreeMap<ConsumerIndex, TierQueues>,
    len: usize,
    /// One for each consumer.
    clocks: Box<[OverloadClock]>,
}

/// How long a queue has been non-empty.
#[derive(Clone, Copy, Debug, Default)]
struct OverloadClock {
    since: Option<Duration>,
    /// When the queue was last seen non-empty.
    last_seen: Duration,
    len: usize,
}

/// The waiting requests of one consumer, by tier.
type TierQueues = [VecDeque<Arc<QueueTicket>>; Tier::ALL.len()];

impl WaitQueue {
    pub(super) fn new(consumers: usize) -> Self {
        Self {
            queues: BTreeMap::new(),
            len: 0,
            clocks: vec![OverloadClock::default(); consumers].into(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn len_of(&self, consumer: ConsumerIndex) -> usize {
        let queue = self.queues.get(&consumer);
        queue.map_or(0, |queue| queue.iter().map(VecDeque::len).sum())
    }

    /// How long a request that joins now may wait if it is above its consumer's share.
    pub(super) fn patience(
        &self,
        consumer: ConsumerIndex,
        now: Duration,
        wait_max: Duration,
    ) -> Duration {
        if self.clocks[consumer.get()].is_overloaded(now) {
            wait_max.min(OVERLOADED_WAIT)
        } else {
            wait_max
        }
    }

    pub(super) fn join(&mut self, ticket: Arc<QueueTicket>) {
        self.clocks[ticket.consumer.get()].join(ticket.since);
        self.len += 1;
        let queue = self.queues.entry(ticket.consumer).or_default();
        queue[ticket.tier as usize].push_back(ticket);
    }

    /// Removes a ticket; false when it was not there.
    pub(super) fn leave(&mut self, ticket: &Arc<QueueTicket>) -> bool {
        let Some(queue) = self.queues.get_mut(&ticket.consumer) else {
            return false;
        };
        let queue = &mut queue[ticket.tier as usize];
        let index = queue.iter().position(|other| Arc::ptr_eq(other, ticket));
        let Some(index) = index else { return false };
        queue.remove(index);
        self.count_removal(ticket.consumer);
        true
    }

    /// A consumer, if it has waiting requests.
    pub(super) fn queued(&self, consumer: ConsumerIndex) -> Option<QueuedConsumer> {
        QueuedConsumer::of(consumer, self.queues.get(&consumer)?)
    }

    /// Removes the next ticket of a consumer: the oldest of its highest tier, or the newest in an
    /// overload.
    pub(super) fn next(
        &mut self,
        consumer: ConsumerIndex,
        now: Duration,
    ) -> Option<Arc<QueueTicket>> {
        let clock = &mut self.clocks[consumer.get()];
        let is_overloaded = clock.is_overloaded(now);
        clock.last_seen = clock.last_seen.max(now);
        let queue = self.queues.get_mut(&consumer)?;
        let queue = queue.iter_mut().rev().find(|queue| !queue.is_empty())?;
        let ticket = if is_overloaded {
            queue.pop_back()
        } else {
            queue.pop_front()
        };
        self.count_removal(consumer);
        ticket
    }

    /// Removes the first ticket of a consumer to be displaced: the oldest of its lowest tier.
    pub(super) fn pop_displaced(&mut self, consumer: ConsumerIndex) -> Option<Arc<QueueTicket>> {
        let queue = self.queues.get_mut(&consumer)?;
        let ticket = queue
            .iter_mut()
            .find(|queue| !queue.is_empty())?
            .pop_front();
        self.count_removal(consumer);
        ticket
    }

    fn count_removal(&mut self, consumer: ConsumerIndex) {
        self.len -= 1;
        self.clocks[consumer.get()].len -= 1;
        if self.len_of(consumer) == 0 {
            self.queues.remove(&consumer);
        }
    }
}

impl OverloadClock {
    fn join(&mut self, now: Duration) {
        let was_empty = self.len == 0 && now.saturating_sub(self.last_seen) > STANDING;
        if was_empty {
            self.since = None;
        }
        self.since.get_or_insert(now);
        self.last_seen = self.last_seen.max(now);
        self.len += 1;
    }

    fn is_overloaded(&self, now: Duration) -> bool {
        let is_standing = self.len > 0 || now.saturating_sub(self.last_seen) <= STANDING;
        let since = self.since.filter(|_| is_standing);
        since.is_some_and(|since| now.saturating_sub(since) > STANDING)
    }
}

/// A consumer with waiting requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueuedConsumer {
    pub(super) consumer: ConsumerIndex,
    /// The highest tier with a waiting request.
    pub(super) highest: Tier,
    /// The lowest tier with a waiting request.
    pub(super) lowest: Tier,
    /// When its oldest request began to wait.
    pub(super) since: Duration,
}

impl QueuedConsumer {
    fn of(consumer: ConsumerIndex, queue: &TierQueues) -> Option<Self> {
        let mut tiers = Tier::ALL
            .into_iter()
            .filter(|tier| !queue[*tier as usize].is_empty());
        let lowest = tiers.next()?;
        let first = queue.iter().filter_map(VecDeque::front);
        Some(Self {
            consumer,
            highest: tiers.next_back().unwrap_or(lowest),
            lowest,
            since: first.map(|ticket| ticket.since).min()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    const SQUAD: ConsumerIndex = ConsumerIndex::new(1);

    fn queue(tickets: &[(Tier, u64)]) -> WaitQueue {
        let mut queue = WaitQueue::new(2);
        for (tier, at) in tickets {
            queue.join(QueueTicket::new(SQUAD, *tier, ms(*at)));
        }
        queue
    }

    #[test]
    fn gold_is_served_first_and_bronze_is_displaced_first() {
        let tickets = [
            (Tier::Bronze, 0),
            (Tier::Gold, 1),
            (Tier::Gold, 2),
            (Tier::Silver, 3),
        ];
        let mut next = queue(&tickets);
        let order: Vec<_> = std::iter::from_fn(|| next.next(SQUAD, ms(4)))
            .map(|ticket| ticket.since.as_millis())
            .collect();
        assert_eq!(order, [1, 2, 3, 0]);
        let mut last = queue(&tickets);
        let order: Vec<_> = std::iter::from_fn(|| last.pop_displaced(SQUAD))
            .map(|ticket| ticket.since.as_millis())
            .collect();
        assert_eq!(order, [0, 3, 1, 2]);
    }

    #[test]
    fn an_overloaded_queue_serves_the_newest_and_waits_little() {
        let mut queue = queue(&[(Tier::Gold, 0), (Tier::Gold, 50), (Tier::Gold, 90)]);
        assert_eq!(queue.patience(SQUAD, ms(100), ms(80)), ms(80));
        assert_eq!(queue.patience(SQUAD, ms(101), ms(80)), ms(5));
        assert_eq!(queue.patience(SQUAD, ms(101), ms(2)), ms(2));
        let mut next = |at| queue.next(SQUAD, ms(at)).map(|ticket| ticket.since);
        assert_eq!(next(101), Some(ms(90)));
        assert_eq!(next(100), Some(ms(0)));
        assert_eq!(next(300), Some(ms(50)));
        assert_eq!(next(300), None);
        assert_eq!(
            queue.patience(SQUAD, ms(350), ms(80)),
            ms(5),
            "empty for a moment only"
        );
        assert_eq!(queue.patience(SQUAD, ms(401), ms(80)), ms(80));
        queue.join(QueueTicket::new(SQUAD, Tier::Gold, ms(402)));
        assert_eq!(queue.patience(SQUAD, ms(403), ms(80)), ms(80));
    }

    #[test]
    fn a_ticket_leaves_once() {
        let mut queue = queue(&[(Tier::Silver, 0)]);
        let ticket = QueueTicket::new(SQUAD, Tier::Silver, ms(1));
        assert!(!queue.leave(&ticket));
        queue.join(Arc::clone(&ticket));
        let other = ConsumerIndex::new(2);
        assert_eq!(queue.len(), 2);
        assert_eq!((queue.len_of(SQUAD), queue.len_of(other)), (2, 0));
        assert!(queue.leave(&ticket));
        assert!(!queue.leave(&ticket));
        assert_eq!(queue.len(), 1);
        assert!(queue.next(SQUAD, ms(1)).is_some());
        assert!(queue.is_empty());
    }
}
