//! Admission control on one data core: breakers, budget, slot, and the result of each call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_vocabulary::{Caller, Consumer};

use super::admission_refusal::{AdmissionRefusal, AdmissionRule};
use super::backoff::full_jitter;
use super::breaker_event::{BreakerEvent, BreakerId};
use super::circuit::breaker_permit::{BreakerPermit, BreakerThresholds, CallVerdict};
use super::circuit::breaker_state::BreakerTransition;
use super::consumer_index::ConsumerIndex;
use super::core_index::CoreIndex;
use super::request_ratio::may_retry;
use super::service_limits::ServiceLimits;
use super::service_policy::ServicePolicy;
use super::sharing::held_slot::HeldSlot;
use super::sharing::slot_wait::SlotOutcome;

/// The share of the probes of a whole service that may fail.
const SERVICE_PROBE_FAILURES_MAX: f64 = 0.5;

/// A service's limits as one data core uses them, with the current policy.
#[derive(Clone, Debug)]
pub struct CoreAdmission {
    limits: Arc<ServiceLimits>,
    policy: Arc<ServicePolicy>,
    core: CoreIndex,
}

/// The permits of one call, from the service's breaker and from the squad's.
#[derive(Clone, Copy, Debug)]
#[must_use = "it must be recorded or released"]
pub struct AdmissionPermit {
    service: BreakerPermit,
    squad: BreakerPermit,
}

/// How a call to the upstream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// The upstream answered.
    Answered,
    /// The upstream failed: a status of 500 or more, no answer in time, an interrupted answer.
    Failed,
    /// The call did not reach the upstream. No caller can cause that.
    Unreachable,
}

/// The end of a call, as it is recorded.
#[derive(Clone, Copy, Debug)]
pub struct CallOutcome {
    /// How the call ended.
    pub result: CallResult,
    /// How long it took until the answer began; none where the client took part in that time.
    pub took: Option<Duration>,
    /// How long the upstream asked not to be called.
    pub retry_after: Option<Duration>,
}

impl CoreAdmission {
    /// The admission control of a core, whose number is below the limits' number of cores.
    pub fn new(limits: Arc<ServiceLimits>, policy: Arc<ServicePolicy>, core: CoreIndex) -> Self {
        assert!(core.get() < limits.cores(), "a core that shares the limits");
        Self {
            limits,
            policy,
            core,
        }
    }

    /// The current policy.
    pub fn policy(&self) -> &ServicePolicy {
        &self.policy
    }

    /// The time from the start to an instant, which is how the limits count time.
    pub fn at(&self, instant: Instant) -> Duration {
        self.limits.at(instant)
    }

    /// Why a call would be refused now. Nothing is taken, so a request can be refused before its
    /// body is read.
    #[inline]
    pub fn peek(&self, caller: Caller, now: Duration) -> Option<AdmissionRefusal> {
        let policy = &self.policy.protection.breaker;
        let Caller { consumer, tier } = caller;
        if let Some(rejection) = self.limits.service.peek(now, policy) {
            let rule = AdmissionRule::Service(rejection);
            return Some(AdmissionRefusal::from_rule(rule));
        }
        let breaker = self.limits.squad_breaker(consumer, tier);
        let rejection = breaker.peek(now, policy)?;
        let rule = AdmissionRule::Squad(tier, rejection);
        Some(AdmissionRefusal::from_rule(rule))
    }

    /// Asks both breakers to admit a call.
    ///
    /// # Errors
    /// The refusal of the breaker that does not admit it.
    #[inline]
    pub fn admit(
        &self,
        caller: Caller,
        now: Duration,
        events: &mut Vec<BreakerEvent>,
    ) -> Result<AdmissionPermit, AdmissionRefusal> {
        let policy = &self.policy.protection.breaker;
        let Caller { consumer, tier } = caller;
        let limits = &*self.limits;
        let admission = limits
            .service
            .admit(now, || limits.probe_share(consumer), policy);
        push_event(events, BreakerId::Service, admission.transition);
        let service = admission
            .permit
            .map_err(|rejection| AdmissionRefusal::from_rule(AdmissionRule::Service(rejection)))?;
        let admission = limits.squad_breaker(consumer, tier).admit(
            now,
            || limits.sole_probe_share(consumer),
            policy,
        );
        push_event(
            events,
            BreakerId::Squad(consumer, tier),
            admission.transition,
        );
        let squad = admission.permit.map_err(|rejection| {
            limits.service.release(service);
            AdmissionRefusal::from_rule(AdmissionRule::Squad(tier, rejection))
        })?;
        Ok(AdmissionPermit { service, squad })
    }

    /// Counts a request against the budget for requests of other squads.
    ///
    /// # Errors
    /// The refusal; a refused request is not counted.
    #[inline]
    pub fn charge_budget(
        &self,
        caller: Caller,
        now: impl FnOnce() -> Duration,
    ) -> Result<(), AdmissionRefusal> {
        let budget = &self.policy.protection.budget;
        let Some(max) = budget.cross_squad_max else {
            return Ok(());
        };
        let now = now();
        let is_cross = match (caller.consumer, self.policy.provider) {
            (Consumer::Squad(consumer), Some(provider)) => consumer != provider,
            (_, None) => false,
            (Consumer::Unknown, Some(_)) => true,
        };
        let requests = &self.limits.requests;
        if !is_cross {
            requests.count_own(self.core, now);
            return Ok(());
        }
        let consumer = ConsumerIndex::from(caller.consumer);
        let weights = || self.limits.weights();
        requests
            .charge(self.core, consumer, now, budget, weights)
            .map_err(|exceeded| AdmissionRefusal {
                rule: AdmissionRule::Budget {
                    tally: exceeded.tally,
                    max,
                },
                retry_after: exceeded.retry_after,
            })
    }

    /// Asks for a slot, which must be given back with [`release_slot`](Self::release_slot).
    #[inline]
    pub fn acquire_slot(&self, caller: Caller, now: Duration) -> SlotOutcome<'_> {
        let shares = &self.policy.protection.shares;
        let consumer = ConsumerIndex::from(caller.consumer);
        self.limits
            .slots
            .acquire(self.core, consumer, caller.tier, now, shares)
    }

    /// Gives a slot back. The time is read only if a squad is beyond its guarantee or requests wait.
    #[inline]
    pub fn release_slot(&self, slot: HeldSlot, now: impl FnOnce() -> Duration) {
        self.limits.slots.release(slot, now);
    }

    /// Records the end of a call.
    #[inline]
    pub fn record(
        &self,
        caller: Caller,
        permit: AdmissionPermit,
        now: Duration,
        outcome: CallOutcome,
        events: &mut Vec<BreakerEvent>,
    ) {
        let Caller { consumer, tier } = caller;
        let CallOutcome {
            result,
            took,
            retry_after,
        } = outcome;
        let unreachable = result == CallResult::Unreachable;
        let verdict = CallVerdict {
            failed: unreachable,
            ..CallVerdict::default()
        };
        let transition = self.limits.service.record(
            self.core,
            permit.service,
            now,
            verdict,
            self.service_thresholds(),
        );
        push_event(events, BreakerId::Service, transition);
        let breaker = self.limits.squad_breaker(consumer, tier);
        if unreachable {
            return breaker.release(permit.squad);
        }
        let verdict = CallVerdict {
            failed: result == CallResult::Failed,
            slow: took.is_some_and(|took| took >= self.policy.protection.breaker.slow_call),
            retry_after,
        };
        let thresholds = self.limits.thresholds(&self.policy, tier, now);
        let transition = breaker.record(self.core, permit.squad, now, verdict, thresholds);
        push_event(events, BreakerId::Squad(consumer, tier), transition);
        // A call that fails at once says nothing about how long calls take.
        if let (CallResult::Answered, Some(took)) = (result, took) {
            let shares = &self.policy.protection.shares;
            self.limits.slots.time(self.core, took, now, shares);
        }
    }

    /// Records that the answer of a call was interrupted after the call was recorded as answered.
    pub fn record_broken(
        &self,
        caller: Caller,
        permit: AdmissionPermit,
        recorded: Duration,
        now: Duration,
        events: &mut Vec<BreakerEvent>,
    ) {
        let Caller { consumer, tier } = caller;
        let thresholds = self.limits.thresholds(&self.policy, tier, now);
        let breaker = self.limits.squad_breaker(consumer, tier);
        let transition =
            breaker.record_late_failure(self.core, permit.squad, recorded, now, thresholds);
        push_event(events, BreakerId::Squad(consumer, tier), transition);
    }

    /// Gives back the permit of a call that was abandoned before it ended; nothing is counted.
    #[inline]
    pub fn release(&self, caller: Caller, permit: AdmissionPermit) {
        self.limits.service.release(permit.service);
        self.limits
            .squad_breaker(caller.consumer, caller.tier)
            .release(permit.squad);
    }

    /// Counts a request that may be retried.
    pub fn count_retryable(&self, now: Duration) {
        self.limits.retries.count(self.core, now, false);
    }

    /// Charges a retry to the budget of retries and returns how long to wait before it; none when
    /// the request may not be retried. `attempt` counts from 0, `draw` is from 0 to 1.
    pub fn retry(&self, attempt: u32, now: Duration, draw: f64) -> Option<Duration> {
        let policy = &self.policy.protection.retries;
        if attempt >= policy.attempts_max || !may_retry(self.limits.retries.tally(now), policy) {
            return None;
        }
        self.limits.retries.count(self.core, now, true);
        Some(full_jitter(
            policy.backoff_base,
            policy.backoff_max,
            attempt,
            draw,
        ))
    }

    fn service_thresholds(&self) -> BreakerThresholds<'_> {
        let policy = &self.policy.protection.breaker;
        BreakerThresholds {
            policy,
            failure_rate_max: policy.unreachable_rate_max,
            // One answer of many is not enough to send all callers again.
            probe_failure_rate_max: policy.unreachable_rate_max.min(SERVICE_PROBE_FAILURES_MAX),
            open_max: self.policy.tiers.open_max_min().min(policy.open_max),
        }
    }
}

fn push_event(
    events: &mut Vec<BreakerEvent>,
    breaker: BreakerId,
    transition: Option<BreakerTransition>,
) {
    events.extend(transition.map(|transition| BreakerEvent {
        breaker,
        transition,
    }));
}
