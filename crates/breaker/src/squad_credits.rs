//! Divides a budget among the squads that ask: a bucket of credits for each, filled by weight.
//!
//! Credits go to the known squads that asked within the last ten seconds, in proportion to their
//! weights. What does not fit a squad's bucket goes to the other squads, and to the unknown consumer
//! only what fits none of them. A bucket holds what a squad earns in two seconds, so traffic is
//! spread over time, and a client that waits as long as `Retry-After` says loses nothing.
//!
//! Source: M. Shreedhar, G. Varghese, "Efficient Fair Queuing Using Deficit Round Robin", SIGCOMM
//! 1995, with credits that arrive over time instead of in rounds.

use std::time::Duration;

use crate::circuit::sliding_window::SECONDS;
use crate::consumer_index::ConsumerIndex;

/// How much a bucket holds, in seconds of what its squad earns.
const BUCKET_SECONDS: f64 = 2.0;

/// The least that a bucket holds.
const BUCKET_MIN: f64 = 2.0;

/// How long a squad counts as one that asks.
const ASKING: Duration = Duration::from_secs(SECONDS as u64);

/// The longest wait that is announced. By then the window has changed completely.
const RETRY_MAX: Duration = Duration::from_secs(SECONDS as u64);

/// The credits of all consumers.
#[derive(Debug)]
pub(super) struct SquadCredits {
    buckets: Box<[CreditBucket]>,
    at: Duration,
    /// What the unknown consumer earned in each second, on average.
    spare_rate: f64,
    /// The weights of the squads that asked, when credits were last added.
    asking_weight: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct CreditBucket {
    level: f64,
    asked: Option<Duration>,
}

impl SquadCredits {
    pub(super) fn new(consumers: usize) -> Self {
        Self {
            buckets: vec![CreditBucket::default(); consumers].into(),
            at: Duration::ZERO,
            spare_rate: 0.0,
            asking_weight: 1.0,
        }
    }

    /// When credits were last added.
    pub(super) fn at(&self) -> Duration {
        self.at
    }

    /// Notes that a consumer asks.
    pub(super) fn note_asking(&mut self, consumer: ConsumerIndex, now: Duration) {
        self.buckets[consumer.get()].asked = Some(now);
    }

    /// Adds credits that were earned until now. `rate` is what is earned in a second at present.
    pub(super) fn add(&mut self, now: Duration, credits: f64, rate: f64, weights: &[u32]) {
        let elapsed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        let mut left = credits;
        let mut open = self.asking(weights);
        let all = open.iter().map(|(_, weight)| weight).sum::<f64>().max(1.0);
        self.asking_weight = all;
        // Each round fills a bucket or is the last one.
        while left > 0.0 && !open.is_empty() {
            let sum: f64 = open.iter().map(|(_, weight)| weight).sum();
            let round = left;
            let asked = open.len();
            open.retain(|(consumer, weight)| {
                let bucket = &mut self.buckets[*consumer];
                let capacity = capacity(rate * weight / all);
                let share = (round * weight / sum).min((capacity - bucket.level).max(0.0));
                bucket.level += share;
                left -= share;
                bucket.level < capacity
            });
            if open.len() == asked {
                left = 0.0;
            }
        }
        let unknown = &mut self.buckets[ConsumerIndex::UNKNOWN.get()];
        unknown.level = (unknown.level + left).min(capacity(rate).max(unknown.level));
        let kept = (-elapsed / f64::from(SECONDS)).exp();
        self.spare_rate = self.spare_rate * kept + left / f64::from(SECONDS);
    }

    /// Takes a credit.
    pub(super) fn take(&mut self, consumer: ConsumerIndex) -> bool {
        let level = &mut self.buckets[consumer.get()].level;
        let has_credit = *level >= 1.0;
        if has_credit {
            *level -= 1.0;
        }
        has_credit
    }

    /// How long a consumer must wait for a credit.
    pub(super) fn wait(&self, consumer: ConsumerIndex, rate: f64, weight: u32) -> Duration {
        let missing = (1.0 - self.buckets[consumer.get()].level).max(0.0);
        let weight = f64::from(weight);
        let own_rate = if consumer.is_unknown() {
            self.spare_rate
        } else {
            rate * weight / self.asking_weight.max(weight)
        };
        let seconds = missing / own_rate.max(f64::MIN_POSITIVE);
        Duration::try_from_secs_f64(seconds).map_or(RETRY_MAX, |wait| wait.min(RETRY_MAX))
    }

    /// The known squads that ask, with their weights.
    fn asking(&self, weights: &[u32]) -> Vec<(usize, f64)> {
        let buckets = self.buckets.iter().zip(weights).enumerate().skip(1);
        let asking = buckets.filter(|(_, (bucket, _))| {
            bucket
                .asked
                .is_some_and(|asked| self.at.saturating_sub(asked) <= ASKING)
        });
        asking
            .map(|(consumer, (_, weight))| (consumer, f64::from(*weight)))
            .collect()
    }
}

/// How much the bucket of a squad holds that earns so much in a second.
fn capacity(rate: f64) -> f64 {
    (rate * BUCKET_SECONDS).max(BUCKET_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: [u32; 4] = [0, 3, 1, 1];

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Adds `rate` credits in each second. Each consumer asks for so many requests in each second, and
    /// gets these in ten seconds, after its bucket was filled in the ten seconds before.
    fn serve(rate: f64, asked: [u32; 4]) -> [u32; 4] {
        let mut credits = SquadCredits::new(4);
        let mut served = [0; 4];
        for step in 1..=2000_u64 {
            let now = at(step * 10);
            for (consumer, per_second) in asked.into_iter().enumerate() {
                let index = ConsumerIndex::new(consumer);
                let due =
                    u64::from(per_second) * step / 100 - u64::from(per_second) * (step - 1) / 100;
                for _ in 0..due {
                    credits.note_asking(index, now);
                    let is_taken = credits.take(index);
                    served[consumer] += u32::from(is_taken && step > 1000);
                }
            }
            credits.add(now, rate / 100.0, rate, &WEIGHTS);
        }
        served
    }

    #[test]
    fn squads_that_ask_share_by_weight_and_unknown_callers_get_the_rest() {
        let check = |asked, expected: [u32; 4]| {
            let served = serve(10.0, asked);
            for (served, expected) in served.into_iter().zip(expected) {
                assert!(
                    served.abs_diff(expected) <= 8,
                    "{asked:?}: {served} {expected}"
                );
            }
        };
        check([100, 100, 100, 100], [0, 60, 20, 20]);
        check([100, 0, 100, 100], [0, 0, 50, 50]);
        check([100, 2, 100, 0], [0, 20, 80, 0]);
        check([100, 2, 1, 1], [60, 20, 10, 10]);
        check([100, 0, 0, 0], [100, 0, 0, 0]);
    }

    #[test]
    fn the_announced_wait_is_the_time_until_the_next_credit() {
        let mut credits = SquadCredits::new(4);
        let squad = ConsumerIndex::new(1);
        credits.note_asking(squad, at(0));
        credits.note_asking(ConsumerIndex::new(2), at(0));
        credits.add(at(0), 0.0, 0.5, &WEIGHTS);
        let wait = credits.wait(squad, 0.5, WEIGHTS[1]);
        assert_eq!(
            wait.as_millis(),
            2666,
            "three quarters of half a credit a second"
        );
        credits.add(wait, 0.5 * wait.as_secs_f64(), 0.5, &WEIGHTS);
        assert!(credits.buckets[1].level > 0.999);
        let unknown = credits.wait(ConsumerIndex::UNKNOWN, 0.5, WEIGHTS[0]);
        assert_eq!(unknown, RETRY_MAX, "nothing is spare");
    }
}
