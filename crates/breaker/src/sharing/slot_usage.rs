//! How many slots each consumer used on average recently, and how long its calls hold one.
//!
//! Both are exponentially weighted averages over two seconds. The average number of slots is what
//! capacity costs: slot-seconds per second. It ranks the squads that want more than their share, so
//! a squad with few long calls and one with many short calls at equal weights get equal capacity,
//! and a squad that used less than the others recently comes first. The advantage is bounded: it
//! concerns only slots beyond guarantees, and a squad that used nothing before has used as much as
//! the others within the two seconds.
//!
//! How long a call holds a slot follows from Little's law: the average number of slots divided by
//! the rate at which calls end. Calls that hang count from the moment they begin, because they use
//! slots and do not end.
//!
//! Sources: J. Kay, P. Lauder, "A Fair Share Scheduler", CACM 31(1), 1988 (usage that decays);
//! A. Demers, S. Keshav, S. Shenker, "Analysis and Simulation of a Fair Queueing Algorithm",
//! SIGCOMM 1989 (the cost of a request, not its number, is shared).

use std::time::Duration;

use crate::consumer_index::ConsumerIndex;

/// The time constant of the averages, in seconds.
const HORIZON_SECONDS: f64 = 2.0;

/// How many recent calls show how long calls take.
const CALLS_MIN: f64 = 5.0;

/// The recent usage of all consumers.
#[derive(Debug)]
pub(super) struct SlotUsage(Box<[ConsumerUsage]>);

#[derive(Clone, Copy, Debug, Default)]
struct ConsumerUsage {
    at: Duration,
    slots: f64,
    /// How many calls ended, each with a weight that decays.
    calls: f64,
    /// The number of calls since the start that are included; it wraps.
    counted: u32,
}

impl SlotUsage {
    pub(super) fn new(consumers: usize) -> Self {
        Self(vec![ConsumerUsage::default(); consumers].into())
    }

    /// Brings the averages of a consumer up to date. `in_flight` is the number of slots that it has
    /// held since the last update, `ended` the number of its calls that ended since the
    /// start.
    pub(super) fn update(
        &mut self,
        consumer: ConsumerIndex,
        now: Duration,
        in_flight: u32,
        ended: u32,
    ) {
        let usage = &mut self.0[consumer.get()];
        let elapsed = now.saturating_sub(usage.at).as_secs_f64();
        let mut calls = f64::from(ended.wrapping_sub(usage.counted));
        if elapsed > 0.0 {
            let kept = (-elapsed / HORIZON_SECONDS).exp();
            usage.slots = usage.slots * kept + f64::from(in_flight) * (1.0 - kept);
            usage.calls *= kept;
            // They ended at some time since the last update.
            calls *= (1.0 - kept) * HORIZON_SECONDS / elapsed;
            usage.at = now;
        }
        usage.calls += calls;
        usage.counted = ended;
    }

    /// The average number of slots in use.
    pub(super) fn slots(&self, consumer: ConsumerIndex) -> f64 {
        self.0[consumer.get()].slots
    }

    /// Whether recent calls are known to give so many slots back within a time, on average.
    pub(super) fn gives_back(&self, consumer: ConsumerIndex, slots: u32, time: Duration) -> bool {
        let calls = self.0[consumer.get()].calls;
        calls >= CALLS_MIN && self.is_below(consumer, slots, calls, time)
    }

    /// The same, if nothing that is known speaks against it: a consumer of which nothing is known
    /// may have as many slots as one with one more call than it had.
    pub(super) fn may_give_back(
        &self,
        consumer: ConsumerIndex,
        slots: u32,
        time: Duration,
    ) -> bool {
        let calls = self.0[consumer.get()].calls + 1.0;
        self.is_below(consumer, slots, calls, time)
    }

    /// Little's law, with the slots in use and with their average: what calls hang holds does not
    /// wait until the average follows.
    fn is_below(&self, consumer: ConsumerIndex, slots: u32, calls: f64, time: Duration) -> bool {
        let slots = self.slots(consumer).max(f64::from(slots));
        slots * HORIZON_SECONDS <= time.as_secs_f64() * calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUAD: ConsumerIndex = ConsumerIndex::new(0);
    const PATIENCE: Duration = Duration::from_millis(100);

    /// Calls that begin every `every_ms` and hold a slot for `hold_ms`, for `length_ms`.
    fn run(every_ms: u64, hold_ms: u64, length_ms: u64) -> SlotUsage {
        let mut usage = SlotUsage::new(1);
        for now in 0..length_ms {
            let first = now.saturating_sub(hold_ms - 1).div_ceil(every_ms);
            let in_flight = u32::try_from(now / every_ms + 1 - first).unwrap();
            let ended = u32::try_from(first).unwrap();
            usage.update(SQUAD, Duration::from_millis(now + 1), in_flight, ended);
        }
        usage
    }

    #[test]
    fn the_average_is_the_number_of_slots_in_use() {
        let usage = run(10, 50, 20_000);
        assert!((usage.slots(SQUAD) - 5.0).abs() < 0.1, "{usage:?}");
        assert!(usage.gives_back(SQUAD, 0, PATIENCE));
        let usage = run(1000, 2000, 20_000);
        assert!((usage.slots(SQUAD) - 2.0).abs() < 0.1, "{usage:?}");
        assert!(!usage.gives_back(SQUAD, 0, PATIENCE));
    }

    #[test]
    fn calls_that_hang_are_not_short_soon_after_they_begin() {
        assert!(!run(100, 100_000, 600).gives_back(SQUAD, 0, PATIENCE));
        assert!(!run(10, 100_000, 300).gives_back(SQUAD, 0, PATIENCE));
    }

    #[test]
    fn the_rate_of_calls_does_not_depend_on_how_often_it_is_updated() {
        let mut usage = SlotUsage::new(1);
        usage.update(SQUAD, Duration::from_secs(10), 1, 1000);
        assert!(usage.gives_back(SQUAD, 9, PATIENCE), "{usage:?}");
        assert!(!usage.gives_back(SQUAD, 11, PATIENCE), "{usage:?}");
    }

    #[test]
    fn nothing_is_known_of_a_few_calls() {
        assert!(!run(10, 100_000, 300).gives_back(SQUAD, 0, PATIENCE));
        assert!(!run(10, 1, 40).gives_back(SQUAD, 0, PATIENCE));
        assert!(run(10, 1, 80).gives_back(SQUAD, 0, PATIENCE));
        let mut usage = run(10, 1, 80);
        usage.update(SQUAD, Duration::from_secs(60), 0, 8);
        assert!(!usage.gives_back(SQUAD, 0, PATIENCE), "that was long ago");
    }
}
