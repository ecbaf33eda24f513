//! The budget for requests of other squads than the provider.
//!
//! Each request of the provider earns a part of a credit, so that requests of other squads are at
//! most the configured share of all. While there are fewer requests than the budget is evaluated
//! for, credits also arrive with time. [`SquadCredits`] divides them.
//!
//! Requests of the provider are only counted, each core by itself. A request of another squad takes
//! a credit that was set aside for its squad, which is one atomic operation. Only when none is left,
//! the lock is taken and the credits that were earned meanwhile are divided.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_vocabulary::protection::BudgetPolicy;

use super::circuit::sliding_window::{CallTally, SECONDS};
use super::consumer_index::ConsumerIndex;
use super::core_index::CoreIndex;
use super::request_ratio::RequestRatio;
use super::squad_credits::SquadCredits;

/// How often credits are divided at most. To divide them costs a look at all squads, which a
/// request that is refused must not take each time.
const DIVIDE_EVERY: Duration = Duration::from_millis(1);

/// The budget of one service.
#[derive(Debug)]
pub(super) struct CrossSquadBudget {
    requests: RequestRatio,
    own: Box<[OwnRequests]>,
    /// Whole credits that were set aside, by consumer.
    ready: Box<[AtomicU32]>,
    credits: Mutex<EarnedCredits>,
}

/// The provider's requests on one core since the start; the number wraps.
#[derive(Debug, Default)]
#[repr(align(128))]
struct OwnRequests(AtomicU32);

#[derive(Debug)]
struct EarnedCredits {
    credits: SquadCredits,
    /// The provider's requests that have earned their credits.
    counted: u32,
    /// The weights of all consumers, when credits were last divided.
    weights: Box<[u32]>,
}

/// A request that exceeds the budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ExceededBudget {
    pub(super) tally: CallTally,
    pub(super) retry_after: Duration,
}

impl CrossSquadBudget {
    pub(super) fn new(cores: usize, consumers: usize) -> Self {
        Self {
            requests: RequestRatio::new(cores),
            own: (0..cores).map(|_| OwnRequests::default()).collect(),
            ready: (0..consumers).map(|_| AtomicU32::new(0)).collect(),
            credits: Mutex::new(EarnedCredits {
                credits: SquadCredits::new(consumers),
                counted: 0,
                weights: Box::default(),
            }),
        }
    }

    /// All requests of the last ten seconds are `calls`, those of other squads are `failures`.
    pub(super) fn tally(&self, now: Duration) -> CallTally {
        self.requests.tally(now)
    }

    /// Counts a request of the provider.
    pub(super) fn count_own(&self, core: CoreIndex, now: Duration) {
        let own = &self.own[core.get()].0;
        let number = own.load(Ordering::Relaxed).wrapping_add(1);
        own.store(number, Ordering::Release);
        self.requests.count(core, now, false);
    }

    /// Charges a request of another squad.
    ///
    /// # Errors
    /// The squad has no credit left.
    pub(super) fn charge(
        &self,
        core: CoreIndex,
        consumer: ConsumerIndex,
        now: Duration,
        policy: &BudgetPolicy,
        weights: impl FnOnce() -> Box<[u32]>,
    ) -> Result<(), ExceededBudget> {
        let share_max = policy.cross_squad_max.unwrap_or(1.0);
        if share_max >= 1.0 || self.take_ready(consumer) {
            self.requests.count(core, now, true);
            return Ok(());
        }
        let tally = self.requests.tally(now);
        let rates = CreditRates::of(tally, share_max, policy.calls_min);
        let mut earned = self.lock();
        earned.credits.note_asking(consumer, now);
        if earned.is_due(now) {
            earned.weights = weights();
            self.settle(&mut earned, now, rates);
        }
        if !earned.credits.take(consumer) && tally.calls >= policy.calls_min {
            return Err(ExceededBudget {
                tally,
                retry_after: earned.wait(consumer, rates),
            });
        }
        while earned.credits.take(consumer) {
            self.ready[consumer.get()].fetch_add(1, Ordering::Relaxed);
        }
        drop(earned);
        self.requests.count(core, now, true);
        Ok(())
    }

    fn take_ready(&self, consumer: ConsumerIndex) -> bool {
        let ready = &self.ready[consumer.get()];
        let taken = ready.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |credits| {
            credits.checked_sub(1)
        });
        taken.is_ok()
    }

    /// Divides what was earned since the last time.
    fn settle(&self, earned: &mut EarnedCredits, now: Duration, rates: CreditRates) {
        let own = self.own.iter().map(|own| own.0.load(Ordering::Acquire));
        let own = own.fold(0, u32::wrapping_add);
        let requests = own.wrapping_sub(earned.counted);
        earned.counted = own;
        let elapsed = now.saturating_sub(earned.credits.at()).as_secs_f64();
        let credits = f64::from(requests) * rates.by_request + elapsed * rates.by_second;
        let EarnedCredits {
            credits: squads,
            weights,
            ..
        } = earned;
        squads.add(now, credits, rates.all(), weights);
    }

    fn lock(&self) -> MutexGuard<'_, EarnedCredits> {
        self.credits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EarnedCredits {
    fn is_due(&self, now: Duration) -> bool {
        let elapsed = now.saturating_sub(self.credits.at());
        self.weights.is_empty() || elapsed >= DIVIDE_EVERY
    }

    fn wait(&self, consumer: ConsumerIndex, rates: CreditRates) -> Duration {
        let weight = self.weights.get(consumer.get()).copied().unwrap_or(0);
        self.credits.wait(consumer, rates.all(), weight)
    }
}

/// What is earned at present.
#[derive(Clone, Copy, Debug)]
struct CreditRates {
    /// By each request of the provider.
    by_request: f64,
    /// In each second, whatever the provider does.
    by_second: f64,
    /// The provider's requests in each second.
    requests: f64,
}

impl CreditRates {
    fn of(tally: CallTally, share_max: f64, calls_min: u32) -> Self {
        let by_request = share_max / (1.0 - share_max);
        let own = f64::from(tally.calls.saturating_sub(tally.failures));
        let seconds = f64::from(SECONDS);
        // Together, what requests and time earn in a window is at least what the budget is not
        // evaluated for, less the provider's part of it.
        let unevaluated = f64::from(calls_min) - own * (1.0 + by_request);
        Self {
            by_request,
            by_second: unevaluated.max(0.0) / seconds,
            requests: own / seconds,
        }
    }

    /// Credits in each second.
    fn all(self) -> f64 {
        self.requests * self.by_request + self.by_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BudgetPolicy = BudgetPolicy {
        cross_squad_max: Some(0.15),
        calls_min: 100,
    };

    /// Runs for a minute: the provider and the others send so many requests in each second. Returns
    /// what of the others passed in the last half, by consumer, and the most seconds without any.
    fn run(own: u64, asked: [u64; 3]) -> ([u32; 3], u64) {
        let budget = CrossSquadBudget::new(2, 3);
        let weights = || -> Box<[u32]> { Box::new([0, 3, 1]) };
        let mut passed = [0; 3];
        let (mut last, mut gap) = (0, 0);
        for ms in 0..60_000_u64 {
            let now = Duration::from_millis(ms);
            let due = |rate: u64| rate * (ms + 1) / 1000 - rate * ms / 1000;
            let core = CoreIndex::new(usize::from(ms % 2 == 0));
            (0..due(own)).for_each(|_| budget.count_own(core, now));
            for (consumer, rate) in asked.into_iter().enumerate() {
                for _ in 0..due(rate) {
                    let index = ConsumerIndex::new(consumer);
                    if budget.charge(core, index, now, &POLICY, weights).is_ok() && ms >= 30_000 {
                        passed[consumer] += 1;
                        gap = gap.max(ms - std::mem::replace(&mut last, ms).max(30_000));
                    }
                }
            }
        }
        (passed, gap / 1000)
    }

    fn assert_near(passed: u32, expected: u32) {
        let off = f64::from(passed.abs_diff(expected));
        assert!(
            off <= 0.1 * f64::from(expected) + 2.0,
            "{passed}, not {expected}"
        );
    }

    #[test]
    fn known_squads_have_their_share_in_a_flood_of_unknown_callers() {
        // 85 requests a second of the provider earn 15.
        let ([unknown, heavy, light], gap) = run(85, [500, 100, 100]);
        assert_near(heavy, 338);
        assert_near(light, 112);
        assert!(unknown <= 20, "{unknown}");
        assert_eq!(gap, 0, "the budget is spread over time");
    }

    #[test]
    fn unknown_callers_get_what_known_squads_leave() {
        let ([unknown, heavy, light], _) = run(85, [500, 5, 1]);
        assert_eq!((heavy, light), (150, 30), "all that they asked for");
        assert_near(unknown, 270);
    }

    #[test]
    fn the_whole_budget_stays_within_its_share() {
        let ([unknown, heavy, light], _) = run(850, [1000, 1000, 1000]);
        let all = unknown + heavy + light;
        assert_near(all, 4500);
    }

    #[test]
    fn without_the_provider_as_much_passes_as_is_not_evaluated() {
        let ([unknown, heavy, light], gap) = run(0, [500, 100, 100]);
        // A few more pass whenever the window has fewer than are evaluated.
        assert!((300..=345).contains(&(unknown + heavy + light)));
        assert!(heavy >= 200, "{heavy}");
        assert_eq!(gap, 0);
    }

    #[test]
    fn a_client_that_waits_as_announced_loses_nothing() {
        let serve = |obeys: bool| {
            let budget = CrossSquadBudget::new(1, 3);
            let weights = || -> Box<[u32]> { Box::new([0, 3, 1]) };
            let core = CoreIndex::new(0);
            let mut next = 0;
            let mut passed = 0;
            for ms in 0..120_000_u64 {
                let now = Duration::from_millis(ms);
                if ms % 25 == 0 {
                    budget.count_own(core, now);
                }
                let other = ConsumerIndex::new(1);
                let _ = budget.charge(core, other, now, &POLICY, weights);
                if ms < next {
                    continue;
                }
                let charged = budget.charge(core, ConsumerIndex::new(2), now, &POLICY, weights);
                next = match charged {
                    Err(exceeded) if obeys => {
                        let seconds = exceeded.retry_after.as_millis().div_ceil(1000);
                        ms + 1000 * u64::try_from(seconds).unwrap()
                    }
                    Err(_) | Ok(()) => ms + 5,
                };
                // At first, requests are not evaluated.
                passed += u32::from(charged.is_ok() && ms >= 20_000);
            }
            passed
        };
        let (obeying, ignoring) = (serve(true), serve(false));
        assert!(obeying + 3 >= ignoring, "{obeying} {ignoring}");
        assert!(ignoring >= 150, "{ignoring}");
    }
}
