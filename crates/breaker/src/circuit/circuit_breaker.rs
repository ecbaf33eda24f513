//! A circuit breaker: closed, open or half-open, for one part of a service's traffic.
//!
//! Every call asks whether the breaker is closed. That is one load of one atomic word, and the
//! call's result is counted in its own core's window. Everything else happens under a lock, and
//! the word changes only there.
//!
//! Every transition begins a generation. A call carries the generation that admitted it, and its
//! result is ignored when that generation is over: a call that was sent before the breaker opened
//! says nothing about the upstream that is now probed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_vocabulary::protection::{BreakerMode, BreakerPolicy};

use super::breaker_permit::{
    BreakerAdmission, BreakerPermit, BreakerRejection, BreakerThresholds, CallVerdict, trip_reason,
};
use super::breaker_snapshot::{BreakerCondition, BreakerSnapshot};
use super::breaker_state::{BreakerOverride, BreakerState, BreakerTransition, TransitionReason};
use super::locked_state::LockedState;
use super::packed_state::{PackedState, effective_override};
use super::probe_set::{ProbeId, ProbeShare, ProbeVerdict};
use super::sliding_window::{SlidingWindow, second, tally, windows};
use crate::core_index::CoreIndex;

/// A circuit breaker.
#[derive(Debug)]
pub(crate) struct CircuitBreaker {
    packed: AtomicU64,
    windows: Box<[SlidingWindow]>,
    locked: Mutex<LockedState>,
}

impl CircuitBreaker {
    /// A closed breaker that `cores` data cores share.
    pub(crate) fn new(cores: usize, seed: u64) -> Self {
        Self {
            packed: AtomicU64::new(0),
            windows: windows(cores),
            locked: Mutex::new(LockedState::new(seed)),
        }
    }

    /// Takes over the state of an earlier breaker with the same clock. Nothing is counted yet. This
    /// breaker must be new.
    pub(crate) fn inherit(&self, before: &Self) {
        let before_locked = before.lock();
        let mut locked = self.lock();
        locked.inherit(&before_locked);
        self.store(before.load());
    }

    /// Why a call would not be admitted now; nothing is taken.
    pub(crate) fn peek(&self, now: Duration, policy: &BreakerPolicy) -> Option<BreakerRejection> {
        let packed = self.load();
        match effective_override(packed.operator_override, policy.mode) {
            BreakerOverride::ForcedOpen => Some(BreakerRejection::Forced),
            BreakerOverride::None if packed.state == BreakerState::Open => {
                let locked = self.lock();
                (now < locked.until).then(|| locked.rejection(now))
            }
            _ => None,
        }
    }

    /// Admits a call or rejects it. A permit must come back: with [`record`](Self::record) when
    /// the upstream answered or failed, else with [`release`](Self::release).
    pub(crate) fn admit(
        &self,
        now: Duration,
        prober: impl FnOnce() -> ProbeShare,
        policy: &BreakerPolicy,
    ) -> BreakerAdmission {
        let packed = self.load();
        if packed.state == BreakerState::Closed
            && packed.operator_override != BreakerOverride::ForcedOpen
        {
            return BreakerAdmission::unchanged(Ok(BreakerPermit::of(packed)));
        }
        self.admit_locked(now, prober(), policy)
    }

    fn admit_locked(
        &self,
        now: Duration,
        prober: ProbeShare,
        policy: &BreakerPolicy,
    ) -> BreakerAdmission {
        let mut locked = self.lock();
        let packed = self.load();
        let operator_override = effective_override(packed.operator_override, policy.mode);
        match (operator_override, packed.state) {
            (BreakerOverride::ForcedOpen, _) => {
                BreakerAdmission::unchanged(Err(BreakerRejection::Forced))
            }
            (BreakerOverride::Observe, BreakerState::Open | BreakerState::HalfOpen)
                if now >= locked.until =>
            {
                let (since, reason) = (locked.until, TransitionReason::Waited);
                let transition = self.change(&mut locked, since, BreakerState::Closed, reason);
                BreakerAdmission {
                    permit: Ok(BreakerPermit::of(self.load())),
                    transition: Some(transition),
                }
            }
            (BreakerOverride::Disabled | BreakerOverride::Observe, _)
            | (_, BreakerState::Closed) => {
                BreakerAdmission::unchanged(Ok(BreakerPermit::of(packed)))
            }
            (BreakerOverride::None, BreakerState::Open) if now < locked.until => {
                BreakerAdmission::unchanged(Err(locked.rejection(now)))
            }
            (BreakerOverride::None, BreakerState::Open) => {
                let (since, reason) = (locked.until, TransitionReason::Waited);
                let transition = self.change(&mut locked, since, BreakerState::HalfOpen, reason);
                BreakerAdmission {
                    permit: self.start_probe(&mut locked, now, prober, policy),
                    transition: Some(transition),
                }
            }
            (BreakerOverride::None, BreakerState::HalfOpen) => {
                BreakerAdmission::unchanged(self.start_probe(&mut locked, now, prober, policy))
            }
        }
    }

    fn start_probe(
        &self,
        locked: &mut LockedState,
        now: Duration,
        prober: ProbeShare,
        policy: &BreakerPolicy,
    ) -> Result<BreakerPermit, BreakerRejection> {
        locked.called_at = now;
        let probe = locked.probes.start(now, prober, policy);
        let permit = |probe| BreakerPermit {
            probe: Some(probe),
            ..BreakerPermit::of(self.load())
        };
        probe.map(permit).ok_or(BreakerRejection::Probing)
    }

    /// Records a call that was answered or failed. Only the core that admitted it may do so.
    pub(crate) fn record(
        &self,
        core: CoreIndex,
        permit: BreakerPermit,
        now: Duration,
        verdict: CallVerdict,
        thresholds: BreakerThresholds<'_>,
    ) -> Option<BreakerTransition> {
        let packed = self.load();
        let operator_override =
            effective_override(packed.operator_override, thresholds.policy.mode);
        if packed.generation != permit.generation || operator_override == BreakerOverride::Disabled
        {
            return None;
        }
        if let (true, Some(wait)) = (verdict.failed, verdict.retry_after) {
            let until = now + wait.min(thresholds.policy.retry_after_max);
            self.lock().extend_retry_after(until);
        }
        if let Some(probe) = permit.probe {
            let is_slow = verdict.slow && thresholds.policy.slow_rate_max < 1.0;
            let failed = verdict.failed || is_slow;
            return self.record_probe(probe, permit.generation, now, failed, thresholds);
        }
        self.windows.get(core.get())?.count(
            packed.generation,
            second(now),
            verdict.failed,
            verdict.slow,
        );
        if verdict.failed || verdict.slow {
            return self.trip_if_exceeded(packed, now, thresholds);
        }
        None
    }

    /// Records that a call failed after it was recorded as a success at `recorded`.
    pub(crate) fn record_late_failure(
        &self,
        core: CoreIndex,
        permit: BreakerPermit,
        recorded: Duration,
        now: Duration,
        thresholds: BreakerThresholds<'_>,
    ) -> Option<BreakerTransition> {
        let packed = self.load();
        if packed.generation != permit.generation {
            return None;
        }
        if permit.probe.is_some() {
            let mut locked = self.lock();
            if self.load() != packed || packed.state != BreakerState::HalfOpen {
                return None;
            }
            let verdict = locked
                .probes
                .revoke(thresholds.policy.probes, thresholds.probe_failure_rate_max);
            return self.apply_probe_verdict(&mut locked, verdict, now, thresholds);
        }
        self.windows
            .get(core.get())?
            .count_late_failure(packed.generation, second(recorded));
        self.trip_if_exceeded(packed, now, thresholds)
    }

    /// Gives back the permit of a call that was abandoned before the upstream answered or failed.
    pub(crate) fn release(&self, permit: BreakerPermit) {
        if let Some(probe) = permit.probe {
            self.lock().probes.cancel(probe);
        }
    }

    /// Sets an operator's override. The breaker closes, and a new generation begins with nothing
    /// counted.
    pub(crate) fn set_override(
        &self,
        operator_override: BreakerOverride,
        now: Duration,
    ) -> BreakerTransition {
        let mut locked = self.lock();
        self.store(PackedState {
            operator_override,
            ..self.load()
        });
        locked.openings = 0;
        locked.until = now;
        let reason = TransitionReason::Operator(operator_override);
        self.change(&mut locked, now, BreakerState::Closed, reason)
    }

    /// The state at one moment. It follows from the time: a breaker whose wait is over is
    /// half-open, although the transition is made by the next call.
    pub(crate) fn snapshot(&self, now: Duration, mode: BreakerMode) -> BreakerSnapshot {
        let locked = self.lock();
        let packed = self.load();
        let due = locked.due_transition(packed, mode, now);
        let state = due.map_or(packed.state, |due| due.to);
        BreakerSnapshot {
            state,
            operator_override: packed.operator_override,
            tally: tally(&self.windows, packed.generation, second(now)),
            until: (state == BreakerState::Open).then_some(locked.until),
            since: due.map_or(locked.since, |due| due.at),
            reason: due.map(|due| due.reason).or(locked.reason),
            probing: locked.probes.running(),
            is_waiting: state == BreakerState::HalfOpen && locked.is_uncalled(due, now),
            history: locked.history.iter().copied().chain(due).collect(),
        }
    }

    /// The state as callers experience it, with overrides and the mode applied.
    pub(crate) fn status(&self, mode: BreakerMode, now: Duration) -> BreakerCondition {
        let packed = self.load();
        let applied = effective_override(packed.operator_override, mode);
        let effective = |state| applied.effective_state(state);
        if packed.state == BreakerState::Closed {
            let has_changed = packed.generation > 0;
            return BreakerCondition {
                state: effective(packed.state),
                is_waiting: has_changed.then_some(false),
            };
        }
        let BreakerSnapshot {
            state, is_waiting, ..
        } = self.snapshot(now, mode);
        BreakerCondition {
            state: effective(state),
            is_waiting: Some(is_waiting && effective(state) == BreakerState::HalfOpen),
        }
    }

    fn record_probe(
        &self,
        probe: ProbeId,
        generation: u32,
        now: Duration,
        failed: bool,
        thresholds: BreakerThresholds<'_>,
    ) -> Option<BreakerTransition> {
        let mut locked = self.lock();
        if self.load().generation != generation {
            return None;
        }
        // The probe may have timed out, and another may have its place.
        locked.probes.end(probe);
        let verdict = locked.probes.record(
            failed,
            thresholds.policy.probes,
            thresholds.probe_failure_rate_max,
        );
        self.apply_probe_verdict(&mut locked, verdict, now, thresholds)
    }

    fn apply_probe_verdict(
        &self,
        locked: &mut LockedState,
        verdict: ProbeVerdict,
        now: Duration,
        thresholds: BreakerThresholds<'_>,
    ) -> Option<BreakerTransition> {
        let (failures, results) = (locked.probes.failures(), locked.probes.results());
        match verdict {
            ProbeVerdict::Undecided => None,
            ProbeVerdict::Passed => {
                let reason = TransitionReason::ProbesPassed { failures, results };
                Some(self.change(locked, now, BreakerState::Closed, reason))
            }
            ProbeVerdict::Failed => {
                let reason = TransitionReason::ProbesFailed { failures, results };
                Some(self.trip(locked, now, reason, thresholds))
            }
        }
    }

    /// Opens the breaker if the counts exceed a threshold.
    fn trip_if_exceeded(
        &self,
        packed: PackedState,
        now: Duration,
        thresholds: BreakerThresholds<'_>,
    ) -> Option<BreakerTransition> {
        if packed.state != BreakerState::Closed {
            return None;
        }
        let tally = tally(&self.windows, packed.generation, second(now));
        let reason = trip_reason(tally, thresholds)?;
        let mut locked = self.lock();
        // Another core may have opened it meanwhile.
        (self.load() == packed).then(|| self.trip(&mut locked, now, reason, thresholds))
    }

    fn trip(
        &self,
        locked: &mut LockedState,
        now: Duration,
        reason: TransitionReason,
        thresholds: BreakerThresholds<'_>,
    ) -> BreakerTransition {
        let was_stable = self.load().state == BreakerState::Closed
            && now.saturating_sub(locked.since) >= thresholds.open_max;
        if was_stable {
            locked.openings = 0;
        }
        locked.schedule_probes(now, thresholds);
        self.change(locked, now, BreakerState::Open, reason)
    }

    fn change(
        &self,
        locked: &mut LockedState,
        now: Duration,
        to: BreakerState,
        reason: TransitionReason,
    ) -> BreakerTransition {
        let packed = self.load();
        self.store(PackedState {
            generation: packed.generation.wrapping_add(1),
            state: to,
            ..packed
        });
        locked.probes.restart();
        locked.since = now;
        locked.reason = Some(reason);
        let transition = BreakerTransition {
            at: now,
            from: packed.state,
            to,
            reason,
            until: (to == BreakerState::Open).then_some(locked.until),
        };
        locked.remember(transition);
        transition
    }

    fn load(&self) -> PackedState {
        PackedState::unpack(self.packed.load(Ordering::Acquire))
    }

    /// Only under the lock.
    fn store(&self, state: PackedState) {
        self.packed.store(state.pack(), Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, LockedState> {
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
