//! The line before a service: who waits for a slot, and who comes next.
//!
//! Each squad waits by itself, its gold requests before its silver ones before its bronze ones.
//! Order within one of these is that of arrival, until the line has stood for 100 ms: then the
//! newest comes first and nobody waits longer than 5 ms, for in an overload whoever has waited
//! long is no longer waited for, and serving the newest keeps the time of those who are served
//! near what it is without load. The overload is over when nobody has waited for 100 ms: clients
//! that are turned away together leave the line empty for a moment. Source: B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015
//! (adaptive LIFO, CoDel).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use portcullis_vocabulary::Tier;

use super::slot_pool::UNKNOWN;
use super::slot_wait::QueueTicket;

/// After how long a line that was never empty is an overload.
const STANDING: Duration = Duration::from_millis(100);

/// How long a request may wait in an overload.
const OVERLOADED_WAIT: Duration = Duration::from_millis(5);

/// All that wait.
#[derive(Debug, Default)]
pub(super) struct WaitQueue {
    queues: BTreeMap<usize, TierQueues>,
    len: usize,
    /// Of the unknown, and of squads: who may have to wait however little there is to do must not
    /// make the others' line an overload.
    clocks: [OverloadClock; 2],
}

/// How long a line has stood.
#[derive(Clone, Copy, Debug, Default)]
struct OverloadClock {
    standing_since: Option<Duration>,
    /// When it was last seen with somebody in it.
    seen: Duration,
    len: usize,
}

/// Those of one consumer, by tier.
type TierQueues = [VecDeque<Arc<QueueTicket>>; Tier::ALL.len()];

impl WaitQueue {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn len_of(&self, consumer: usize) -> usize {
        let queue = self.queues.get(&consumer);
        queue.map_or(0, |queue| queue.iter().map(VecDeque::len).sum())
    }

    /// How long a request that joins now may wait.
    pub(super) fn patience(&self, consumer: usize, now: Duration, wait_max: Duration) -> Duration {
        match self.clocks[kind(consumer)].is_overloaded(now) {
            true => wait_max.min(OVERLOADED_WAIT),
            false => wait_max,
        }
    }

    pub(super) fn join(&mut self, ticket: Arc<QueueTicket>) {
        self.clocks[kind(ticket.consumer)].join(ticket.since);
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
        let place = queue.iter().position(|other| Arc::ptr_eq(other, ticket));
        let Some(place) = place else { return false };
        queue.remove(place);
        self.left(ticket.consumer);
        true
    }

    /// The consumers that wait, each with its highest and its lowest waiting tier and its first
    /// ticket's time.
    pub(super) fn consumers(&self) -> impl Iterator<Item = QueuedConsumer> {
        self.queues
            .iter()
            .filter_map(|(consumer, queue)| QueuedConsumer::of(*consumer, queue))
    }

    /// Removes the next ticket of a consumer: of its highest tier, the first or, in an overload,
    /// the last.
    pub(super) fn next(&mut self, consumer: usize, now: Duration) -> Option<Arc<QueueTicket>> {
        let clock = &mut self.clocks[kind(consumer)];
        let is_overloaded = clock.is_overloaded(now);
        clock.seen = clock.seen.max(now);
        let queue = self.queues.get_mut(&consumer)?;
        let queue = queue.iter_mut().rev().find(|queue| !queue.is_empty())?;
        let ticket = match is_overloaded {
            true => queue.pop_back(),
            false => queue.pop_front(),
        };
        self.left(consumer);
        ticket
    }

    /// Removes the ticket of a consumer that gives way first: of its lowest tier, the oldest.
    pub(super) fn pop_displaced(&mut self, consumer: usize) -> Option<Arc<QueueTicket>> {
        let queue = self.queues.get_mut(&consumer)?;
        let ticket = queue
            .iter_mut()
            .find(|queue| !queue.is_empty())?
            .pop_front();
        self.left(consumer);
        ticket
    }

    fn left(&mut self, consumer: usize) {
        self.len -= 1;
        self.clocks[kind(consumer)].len -= 1;
        if self.len_of(consumer) == 0 {
            self.queues.remove(&consumer);
        }
    }
}

impl OverloadClock {
    fn join(&mut self, now: Duration) {
        let is_calm = now.saturating_sub(self.seen) > STANDING;
        if self.len == 0 && is_calm {
            self.standing_since = None;
        }
        self.standing_since.get_or_insert(now);
        self.seen = self.seen.max(now);
        self.len += 1;
    }

    fn is_overloaded(&self, now: Duration) -> bool {
        let is_standing = self.len > 0 || now.saturating_sub(self.seen) <= STANDING;
        let since = self.standing_since.filter(|_| is_standing);
        since.is_some_and(|since| now.saturating_sub(since) > STANDING)
    }
}

/// Whether a consumer is a squad.
fn kind(consumer: usize) -> usize {
    usize::from(consumer != UNKNOWN)
}

/// One consumer in line.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueuedConsumer {
    pub(super) consumer: usize,
    pub(super) highest: Tier,
    pub(super) lowest: Tier,
    pub(super) since: Duration,
}

impl QueuedConsumer {
    fn of(consumer: usize, queue: &TierQueues) -> Option<Self> {
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

    fn line(tickets: &[(usize, Tier, u64)]) -> WaitQueue {
        let mut line = WaitQueue::default();
        for (consumer, tier, at) in tickets {
            line.join(QueueTicket::new(*consumer, *tier, ms(*at)));
        }
        line
    }

    #[test]
    fn gold_goes_first_and_bronze_gives_way_first() {
        let tickets = [
            (1, Tier::Bronze, 0),
            (1, Tier::Gold, 1),
            (1, Tier::Gold, 2),
            (1, Tier::Silver, 3),
        ];
        let mut next = line(&tickets);
        let order: Vec<_> = std::iter::from_fn(|| next.next(1, ms(4)))
            .map(|ticket| ticket.since.as_millis())
            .collect();
        assert_eq!(order, [1, 2, 3, 0]);
        let mut last = line(&tickets);
        let order: Vec<_> = std::iter::from_fn(|| last.pop_displaced(1))
            .map(|ticket| ticket.since.as_millis())
            .collect();
        assert_eq!(order, [0, 3, 1, 2]);
    }

    #[test]
    fn a_standing_line_serves_the_newest_and_waits_little() {
        let mut line = line(&[(1, Tier::Gold, 0), (1, Tier::Gold, 50), (1, Tier::Gold, 90)]);
        assert_eq!(line.patience(1, ms(100), ms(80)), ms(80));
        assert_eq!(line.patience(1, ms(101), ms(80)), ms(5));
        assert_eq!(line.patience(1, ms(101), ms(2)), ms(2));
        let mut next = |at| line.next(1, ms(at)).map(|ticket| ticket.since);
        assert_eq!(next(101), Some(ms(90)));
        assert_eq!(next(100), Some(ms(0)));
        assert_eq!(next(300), Some(ms(50)));
        assert_eq!(next(300), None);
        assert_eq!(
            line.patience(1, ms(350), ms(80)),
            ms(5),
            "empty, but only just"
        );
        assert_eq!(line.patience(1, ms(401), ms(80)), ms(80));
        line.join(QueueTicket::new(1, Tier::Gold, ms(402)));
        assert_eq!(line.patience(1, ms(403), ms(80)), ms(80));
    }

    #[test]
    fn whoever_leaves_is_gone() {
        let mut line = line(&[(2, Tier::Silver, 0)]);
        let ticket = QueueTicket::new(2, Tier::Silver, ms(1));
        assert!(!line.leave(&ticket));
        line.join(Arc::clone(&ticket));
        assert_eq!((line.len(), line.len_of(2), line.len_of(3)), (2, 2, 0));
        assert!(line.leave(&ticket));
        assert!(!line.leave(&ticket));
        assert_eq!(line.len(), 1);
        assert!(line.next(2, ms(1)).is_some());
        assert!(line.is_empty());
    }
}
