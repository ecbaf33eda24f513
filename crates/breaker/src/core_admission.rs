//! One data core's way through a service's bank.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_vocabulary::{Caller, Consumer};

use super::admission_refusal::{AdmissionRefusal, AdmissionRule};
use super::backoff::full_jitter;
use super::circuit::breaker_permit::{
    BreakerPermit, BreakerRejection, BreakerThresholds, CallVerdict,
};
use super::circuit::breaker_state::BreakerTransition;
use super::request_ratio::{has_budget, may_retry};
use super::service_limits::{BreakerEvent, BreakerId, ServiceLimits, ServicePolicy};
use super::sharing::slot_pool::{HeldSlot, SlotOutcome};

/// A bank as one data core sees it, with the policy in force.
#[derive(Clone, Debug)]
pub struct CoreAdmission {
    bank: Arc<ServiceLimits>,
    policy: Arc<ServicePolicy>,
    core: usize,
}

/// What a call was admitted by: the cell of the service and that of the squad.
#[derive(Clone, Copy, Debug)]
#[must_use = "it must be recorded or released"]
pub struct AdmissionPermit {
    service: BreakerPermit,
    squad: BreakerPermit,
}

/// How a call ended, as far as the upstream is to blame for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// It was answered.
    Answered,
    /// It failed: a status of 500 or more, no answer in time, an answer that broke off.
    Failed,
    /// It never reached the upstream, whoever had sent it.
    Unreachable,
}

impl CoreAdmission {
    /// A core's view; `core` counts from 0 and is below the bank's number of cores.
    pub fn new(bank: Arc<ServiceLimits>, policy: Arc<ServicePolicy>, core: usize) -> Self {
        assert!(core < bank.cores(), "a core of the bank");
        Self { bank, policy, core }
    }

    /// The policy in force.
    pub fn policy(&self) -> &ServicePolicy {
        &self.policy
    }

    /// An instant as the bank counts time.
    pub fn at(&self, instant: Instant) -> Duration {
        self.bank.at(instant)
    }

    /// Why a call would be cut now; nothing is taken, so that a request can be refused before
    /// its body is read.
    #[inline]
    pub fn peek(&self, caller: Caller, now: Duration) -> Option<AdmissionRefusal> {
        let policy = &self.policy.protection.breaker;
        let Caller { consumer, tier } = caller;
        if let Some(shut) = self.bank.service.peek(now, policy) {
            return Some(AdmissionRefusal::from_rule(AdmissionRule::Service(shut)));
        }
        let shut = self.bank.squad_breaker(consumer, tier).peek(now, policy)?;
        Some(AdmissionRefusal::from_rule(AdmissionRule::Squad(
            tier, shut,
        )))
    }

    /// Lets a call pass by both cells, or says which is in its way.
    ///
    /// # Errors
    /// The refusal.
    #[inline]
    pub fn admit(
        &self,
        caller: Caller,
        now: Duration,
        events: &mut Vec<BreakerEvent>,
    ) -> Result<AdmissionPermit, AdmissionRefusal> {
        let policy = &self.policy.protection.breaker;
        let Caller { consumer, tier } = caller;
        let bank = &*self.bank;
        let service = {
            let (pass, change) = bank
                .service
                .admit(now, || bank.probe_share(consumer), policy);
            note(events, BreakerId::Service, change);
            pass.map_err(|shut| AdmissionRefusal::from_rule(AdmissionRule::Service(shut)))?
        };
        let (pass, change) =
            bank.squad_breaker(consumer, tier)
                .admit(now, || bank.lone_prober(consumer), policy);
        note(events, BreakerId::Squad(consumer, tier), change);
        let squad = pass.map_err(|shut: BreakerRejection| {
            bank.service.release(service);
            AdmissionRefusal::from_rule(AdmissionRule::Squad(tier, shut))
        })?;
        Ok(AdmissionPermit { service, squad })
    }

    /// Counts a request against the budget between squads.
    ///
    /// # Errors
    /// The refusal; then it is not counted.
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
        if is_cross {
            let tally = self.bank.requests.tally(now);
            if !has_budget(tally, budget) {
                return Err(AdmissionRefusal::from_rule(AdmissionRule::Budget {
                    tally,
                    max,
                }));
            }
        }
        self.bank.requests.count(self.core, now, is_cross);
        Ok(())
    }

    /// Asks for a slot; it is given back with [`release`](Self::release).
    #[inline]
    pub fn acquire_slot(&self, caller: Caller, now: Duration) -> SlotOutcome<'_> {
        let shares = &self.policy.protection.shares;
        let Caller { consumer, tier } = caller;
        self.bank
            .slots
            .acquire(self.core, consumer.index(), tier, now, shares)
    }

    /// Gives a slot back.
    #[inline]
    pub fn release_slot(&self, slot: HeldSlot) {
        self.bank.slots.release(slot);
    }

    /// A call that took `took` until its answer began has ended; without a time where the client
    /// had a part in it.
    #[inline]
    pub fn record(
        &self,
        caller: Caller,
        passes: AdmissionPermit,
        now: Duration,
        took: Option<Duration>,
        (ended, retry_after): (CallResult, Option<Duration>),
        events: &mut Vec<BreakerEvent>,
    ) {
        let Caller { consumer, tier } = caller;
        let unreachable = ended == CallResult::Unreachable;
        let verdict = CallVerdict {
            failed: unreachable,
            ..CallVerdict::default()
        };
        let everybody = self.bank.service.record(
            self.core,
            passes.service,
            now,
            verdict,
            self.service_limits(),
        );
        note(events, BreakerId::Service, everybody);
        let cell = self.bank.squad_breaker(consumer, tier);
        if unreachable {
            return cell.release(passes.squad);
        }
        let verdict = CallVerdict {
            failed: ended == CallResult::Failed,
            slow: took.is_some_and(|took| took >= self.policy.protection.breaker.slow_call),
            retry_after,
        };
        let limits = self.bank.limits(&self.policy, tier, now);
        let change = cell.record(self.core, passes.squad, now, verdict, limits);
        note(events, BreakerId::Squad(consumer, tier), change);
        // What fails at once says nothing about how long calls take.
        if let (CallResult::Answered, Some(took)) = (ended, took) {
            let shares = &self.policy.protection.shares;
            self.bank.slots.time(self.core, took, now, shares);
        }
    }

    /// A call that was recorded as answered broke off.
    pub fn record_broken(
        &self,
        caller: Caller,
        passes: AdmissionPermit,
        recorded: Duration,
        now: Duration,
        events: &mut Vec<BreakerEvent>,
    ) {
        let Caller { consumer, tier } = caller;
        let limits = self.bank.limits(&self.policy, tier, now);
        let cell = self.bank.squad_breaker(consumer, tier);
        let change = cell.record_late_failure(self.core, passes.squad, recorded, now, limits);
        note(events, BreakerId::Squad(consumer, tier), change);
    }

    /// A call was given up before it ended: nobody's fault.
    #[inline]
    pub fn release(&self, caller: Caller, passes: AdmissionPermit) {
        self.bank.service.release(passes.service);
        self.bank
            .squad_breaker(caller.consumer, caller.tier)
            .release(passes.squad);
    }

    /// Counts a request that may be sent again.
    pub fn count_retryable(&self, now: Duration) {
        self.bank.retries.count(self.core, now, false);
    }

    /// Whether a request may be sent again by the budget of retries, and how long to wait before;
    /// it is counted. `attempt` counts from 0, `draw` is from 0 to 1.
    pub fn retry(&self, attempt: u32, now: Duration, draw: f64) -> Option<Duration> {
        let policy = &self.policy.protection.retries;
        if attempt >= policy.attempts_max || !may_retry(self.bank.retries.tally(now), policy) {
            return None;
        }
        self.bank.retries.count(self.core, now, true);
        Some(full_jitter(
            policy.backoff_base,
            policy.backoff_max,
            attempt,
            draw,
        ))
    }

    fn service_limits(&self) -> BreakerThresholds<'_> {
        let policy = &self.policy.protection.breaker;
        BreakerThresholds {
            policy,
            failure_rate_max: policy.unreachable_rate_max,
        }
    }
}

fn note(events: &mut Vec<BreakerEvent>, cell: BreakerId, change: Option<BreakerTransition>) {
    events.extend(change.map(|change| BreakerEvent { cell, change }));
}
