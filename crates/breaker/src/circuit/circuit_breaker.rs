//! One breaker: closed, open, half-open, for one part of a service's traffic.
//!
//! What every call asks, whether the cell is closed, is one load of one word, and what it counts
//! goes into its own core's window. Everything else happens under a lock, and the word changes
//! only there.
//!
//! Every change begins a generation. A call carries the generation that admitted it, and its
//! result is void when that is over: what was sent before a cell opened says nothing about the
//! upstream that is being probed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_vocabulary::protection::{BreakerMode, BreakerPolicy};

use super::breaker_permit::{
    BreakerPermit, BreakerRejection, BreakerThresholds, CallVerdict, trip_reason,
};
use super::breaker_state::{BreakerOverride, BreakerState, BreakerTransition, TransitionReason};
use super::packed_state::{PackedState, effective_override};
use super::probe_set::{ProbeId, ProbeSet, ProbeShare, ProbeVerdict};
use super::sliding_window::{CallTally, SlidingWindow, tally, windows};
use crate::backoff::full_jitter;

/// How many changes a cell remembers.
pub(super) const HISTORY_MAX: usize = 16;

/// One breaker.
#[derive(Debug)]
pub struct CircuitBreaker {
    word: AtomicU64,
    windows: Box<[SlidingWindow]>,
    inner: Mutex<BreakerInner>,
}

#[derive(Debug)]
struct BreakerInner {
    until: Duration,
    since: Duration,
    /// Openings in a row.
    streak: u32,
    /// Until when the upstream asked to be left alone.
    retry_after: Duration,
    reason: Option<TransitionReason>,
    probes: ProbeSet,
    history: VecDeque<BreakerTransition>,
    random: fastrand::Rng,
}

/// A cell as it is now.
#[derive(Clone, Debug)]
pub(crate) struct BreakerSnapshot {
    pub(crate) phase: BreakerState,
    pub(crate) over: BreakerOverride,
    pub(crate) tally: CallTally,
    pub(crate) until: Option<Duration>,
    pub(crate) since: Duration,
    pub(crate) reason: Option<TransitionReason>,
    pub(crate) probing: usize,
    pub(crate) history: Vec<BreakerTransition>,
}

impl CircuitBreaker {
    /// A closed cell of a bank that is shared by so many cores.
    pub fn new(cores: usize, seed: u64) -> Self {
        Self {
            word: AtomicU64::new(0),
            windows: windows(cores),
            inner: Mutex::new(BreakerInner {
                until: Duration::ZERO,
                since: Duration::ZERO,
                streak: 0,
                retry_after: Duration::ZERO,
                reason: None,
                probes: ProbeSet::default(),
                history: VecDeque::new(),
                random: fastrand::Rng::with_seed(seed),
            }),
        }
    }

    /// Why a call would not pass now; nothing is taken.
    pub fn peek(&self, now: Duration, policy: &BreakerPolicy) -> Option<BreakerRejection> {
        let word = self.word();
        match effective_override(word.over, policy.mode) {
            BreakerOverride::ForcedOpen => Some(BreakerRejection::Forced),
            BreakerOverride::None if word.phase == BreakerState::Open => {
                let inner = self.lock();
                (now < inner.until).then(|| inner.shut(now))
            }
            _ => None,
        }
    }

    /// Lets a call pass, or says why not. The pass must come back: with [`record`](Self::record)
    /// when the upstream answered or failed, else with [`release`](Self::release).
    pub(crate) fn admit(
        &self,
        now: Duration,
        prober: impl FnOnce() -> ProbeShare,
        policy: &BreakerPolicy,
    ) -> (
        Result<BreakerPermit, BreakerRejection>,
        Option<BreakerTransition>,
    ) {
        let word = self.word();
        if word.phase == BreakerState::Closed && word.over != BreakerOverride::ForcedOpen {
            return (Ok(BreakerPermit::of(word)), None);
        }
        self.admit_slowly(now, prober(), policy)
    }

    fn admit_slowly(
        &self,
        now: Duration,
        prober: ProbeShare,
        policy: &BreakerPolicy,
    ) -> (
        Result<BreakerPermit, BreakerRejection>,
        Option<BreakerTransition>,
    ) {
        let mut inner = self.lock();
        let word = self.word();
        match (effective_override(word.over, policy.mode), word.phase) {
            (BreakerOverride::ForcedOpen, _) => (Err(BreakerRejection::Forced), None),
            (BreakerOverride::Observe, BreakerState::Open | BreakerState::HalfOpen)
                if now >= inner.until =>
            {
                let change = self.change(
                    &mut inner,
                    now,
                    BreakerState::Closed,
                    TransitionReason::Waited,
                );
                (Ok(BreakerPermit::of(self.word())), Some(change))
            }
            (BreakerOverride::Disabled | BreakerOverride::Observe, _)
            | (_, BreakerState::Closed) => (Ok(BreakerPermit::of(word)), None),
            (BreakerOverride::None, BreakerState::Open) if now < inner.until => {
                (Err(inner.shut(now)), None)
            }
            (BreakerOverride::None, BreakerState::Open) => {
                let change = self.change(
                    &mut inner,
                    now,
                    BreakerState::HalfOpen,
                    TransitionReason::Waited,
                );
                (self.probe(&mut inner, now, prober, policy), Some(change))
            }
            (BreakerOverride::None, BreakerState::HalfOpen) => {
                (self.probe(&mut inner, now, prober, policy), None)
            }
        }
    }

    fn probe(
        &self,
        inner: &mut BreakerInner,
        now: Duration,
        prober: ProbeShare,
        policy: &BreakerPolicy,
    ) -> Result<BreakerPermit, BreakerRejection> {
        let probe = inner
            .probes
            .start(now, prober, policy.probes, policy.probe_timeout);
        let pass = |probe| BreakerPermit {
            probe: Some(probe),
            ..BreakerPermit::of(self.word())
        };
        probe.map(pass).ok_or(BreakerRejection::Probing)
    }

    /// A call was answered, or failed. Only the core that admitted it may say so.
    pub fn record(
        &self,
        core: usize,
        pass: BreakerPermit,
        now: Duration,
        verdict: CallVerdict,
        limits: BreakerThresholds<'_>,
    ) -> Option<BreakerTransition> {
        let word = self.word();
        let over = effective_override(word.over, limits.policy.mode);
        if word.generation != pass.generation || over == BreakerOverride::Disabled {
            return None;
        }
        if let (true, Some(asked)) = (verdict.failed, verdict.retry_after) {
            let mut inner = self.lock();
            let asked = now + asked.min(limits.policy.retry_after_max);
            inner.retry_after = inner.retry_after.max(asked);
        }
        if let Some(probe) = pass.probe {
            let is_slow = verdict.slow && limits.policy.slow_rate_max < 1.0;
            let failed = verdict.failed || is_slow;
            return self.probed(probe, pass.generation, now, failed, limits);
        }
        self.windows
            .get(core)?
            .call(word.generation, second(now), verdict.failed, verdict.slow);
        if verdict.failed || verdict.slow {
            return self.trip_if_exceeded(word, now, limits);
        }
        None
    }

    /// A call that was recorded as a success in this second broke off later.
    pub fn record_late_failure(
        &self,
        core: usize,
        pass: BreakerPermit,
        recorded: Duration,
        now: Duration,
        limits: BreakerThresholds<'_>,
    ) -> Option<BreakerTransition> {
        let word = self.word();
        if word.generation != pass.generation {
            return None;
        }
        if pass.probe.is_some() {
            let mut inner = self.lock();
            if self.word() != word || word.phase != BreakerState::HalfOpen {
                return None;
            }
            let said = inner
                .probes
                .revoke(limits.policy.probes, limits.failure_rate_max);
            return self.apply_probe_verdict(&mut inner, said, now, limits);
        }
        self.windows
            .get(core)?
            .failure(word.generation, second(recorded));
        self.trip_if_exceeded(word, now, limits)
    }

    /// A call was given up before the upstream answered or failed: nobody's fault.
    pub fn release(&self, pass: BreakerPermit) {
        if let Some(probe) = pass.probe {
            self.lock().probes.end(probe);
        }
    }

    /// An operator decides. A new generation begins, with nothing counted.
    pub fn set_override(&self, over: BreakerOverride, now: Duration) -> BreakerTransition {
        let mut inner = self.lock();
        self.store(PackedState {
            over,
            ..self.word()
        });
        inner.streak = 0;
        inner.until = now;
        self.change(
            &mut inner,
            now,
            BreakerState::Closed,
            TransitionReason::Operator(over),
        )
    }

    pub(crate) fn snapshot(&self, now: Duration) -> BreakerSnapshot {
        let inner = self.lock();
        let word = self.word();
        BreakerSnapshot {
            phase: word.phase,
            over: word.over,
            tally: tally(&self.windows, word.generation, second(now)),
            until: (word.phase == BreakerState::Open).then_some(inner.until),
            since: inner.since,
            reason: inner.reason,
            probing: inner.probes.running(),
            history: inner.history.iter().copied().collect(),
        }
    }

    /// What an operator has decided about it.
    pub(crate) fn decided(&self) -> BreakerOverride {
        self.word().over
    }

    /// What a metric shows: what traffic meets.
    pub(crate) fn shown(&self, mode: BreakerMode) -> BreakerState {
        let word = self.word();
        effective_override(word.over, mode).shown(word.phase)
    }

    fn probed(
        &self,
        probe: ProbeId,
        generation: u32,
        now: Duration,
        failed: bool,
        limits: BreakerThresholds<'_>,
    ) -> Option<BreakerTransition> {
        let mut inner = self.lock();
        if self.word().generation != generation {
            return None;
        }
        // Its slot may have been given to another already.
        inner.probes.end(probe);
        let said = inner
            .probes
            .result(failed, limits.policy.probes, limits.failure_rate_max);
        self.apply_probe_verdict(&mut inner, said, now, limits)
    }

    fn apply_probe_verdict(
        &self,
        inner: &mut BreakerInner,
        said: ProbeVerdict,
        now: Duration,
        limits: BreakerThresholds<'_>,
    ) -> Option<BreakerTransition> {
        let (failures, results) = inner.probes.counts();
        match said {
            ProbeVerdict::Undecided => None,
            ProbeVerdict::Passed => {
                let reason = TransitionReason::ProbesPassed { failures, results };
                Some(self.change(inner, now, BreakerState::Closed, reason))
            }
            ProbeVerdict::Failed => {
                let reason = TransitionReason::ProbesFailed { failures, results };
                Some(self.trip(inner, now, reason, limits.policy))
            }
        }
    }

    /// Opens the cell if what was counted is too much.
    fn trip_if_exceeded(
        &self,
        word: PackedState,
        now: Duration,
        limits: BreakerThresholds<'_>,
    ) -> Option<BreakerTransition> {
        if word.phase != BreakerState::Closed {
            return None;
        }
        let tally = tally(&self.windows, word.generation, second(now));
        let reason = trip_reason(tally, limits)?;
        let mut inner = self.lock();
        // Another core may have opened it meanwhile.
        (self.word() == word).then(|| self.trip(&mut inner, now, reason, limits.policy))
    }

    fn trip(
        &self,
        inner: &mut BreakerInner,
        now: Duration,
        reason: TransitionReason,
        policy: &BreakerPolicy,
    ) -> BreakerTransition {
        let was_well = self.word().phase == BreakerState::Closed
            && now.saturating_sub(inner.since) >= policy.open_max;
        if was_well {
            inner.streak = 0;
        }
        let draw = inner.random.f64();
        let wait = full_jitter(policy.open_base, policy.open_max, inner.streak, draw);
        inner.streak = inner.streak.saturating_add(1);
        inner.until = (now + wait).max(inner.retry_after);
        self.change(inner, now, BreakerState::Open, reason)
    }

    fn change(
        &self,
        inner: &mut BreakerInner,
        now: Duration,
        to: BreakerState,
        reason: TransitionReason,
    ) -> BreakerTransition {
        let word = self.word();
        self.store(PackedState {
            generation: word.generation.wrapping_add(1),
            phase: to,
            ..word
        });
        inner.probes.restart();
        inner.since = now;
        inner.reason = Some(reason);
        let change = BreakerTransition {
            at: now,
            from: word.phase,
            to,
            reason,
            until: (to == BreakerState::Open).then_some(inner.until),
        };
        if inner.history.len() == HISTORY_MAX {
            inner.history.pop_front();
        }
        inner.history.push_back(change);
        change
    }

    fn word(&self) -> PackedState {
        PackedState::unpack(self.word.load(Ordering::Acquire))
    }

    /// Only under the lock.
    fn store(&self, word: PackedState) {
        self.word.store(word.pack(), Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, BreakerInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BreakerInner {
    fn shut(&self, now: Duration) -> BreakerRejection {
        BreakerRejection::Open {
            retry_after: self.until.saturating_sub(now),
            reason: self.reason.unwrap_or(TransitionReason::Waited),
        }
    }
}

/// The second of a window in which an instant lies.
pub(crate) fn second(now: Duration) -> u32 {
    now.as_secs() as u32
}
