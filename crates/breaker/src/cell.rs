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

use super::backoff::full_jitter;
use super::call::{Limits, Pass, Shut, Verdict, excess};
use super::probes::{ProbeId, Prober, Probes, Said};
use super::state::{Change, Override, Phase, Reason};
use super::window::{Tally, Window, tally, windows};
use super::word::{Word, effective};

/// How many changes a cell remembers.
pub(super) const HISTORY_MAX: usize = 16;

/// One breaker.
#[derive(Debug)]
pub struct Cell {
    word: AtomicU64,
    windows: Box<[Window]>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    until: Duration,
    since: Duration,
    /// Openings in a row.
    streak: u32,
    /// Until when the upstream asked to be left alone.
    retry_after: Duration,
    reason: Option<Reason>,
    probes: Probes,
    history: VecDeque<Change>,
    random: fastrand::Rng,
}

/// A cell as it is now.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) phase: Phase,
    pub(super) over: Override,
    pub(super) tally: Tally,
    pub(super) until: Option<Duration>,
    pub(super) since: Duration,
    pub(super) reason: Option<Reason>,
    pub(super) probing: usize,
    pub(super) history: Vec<Change>,
}

impl Cell {
    /// A closed cell of a bank that is shared by so many cores.
    pub fn new(cores: usize, seed: u64) -> Self {
        Self {
            word: AtomicU64::new(0),
            windows: windows(cores),
            inner: Mutex::new(Inner {
                until: Duration::ZERO,
                since: Duration::ZERO,
                streak: 0,
                retry_after: Duration::ZERO,
                reason: None,
                probes: Probes::default(),
                history: VecDeque::new(),
                random: fastrand::Rng::with_seed(seed),
            }),
        }
    }

    /// Why a call would not pass now; nothing is taken.
    pub fn peek(&self, now: Duration, policy: &BreakerPolicy) -> Option<Shut> {
        let word = self.word();
        match effective(word.over, policy.mode) {
            Override::ForcedOpen => Some(Shut::Forced),
            Override::None if word.phase == Phase::Open => {
                let inner = self.lock();
                (now < inner.until).then(|| inner.shut(now))
            }
            _ => None,
        }
    }

    /// Lets a call pass, or says why not. The pass must come back: with [`record`](Self::record)
    /// when the upstream answered or failed, else with [`release`](Self::release).
    pub(super) fn admit(
        &self,
        now: Duration,
        prober: impl FnOnce() -> Prober,
        policy: &BreakerPolicy,
    ) -> (Result<Pass, Shut>, Option<Change>) {
        let word = self.word();
        if word.phase == Phase::Closed && word.over != Override::ForcedOpen {
            return (Ok(Pass::of(word)), None);
        }
        self.admit_slowly(now, prober(), policy)
    }

    fn admit_slowly(
        &self,
        now: Duration,
        prober: Prober,
        policy: &BreakerPolicy,
    ) -> (Result<Pass, Shut>, Option<Change>) {
        let mut inner = self.lock();
        let word = self.word();
        match (effective(word.over, policy.mode), word.phase) {
            (Override::ForcedOpen, _) => (Err(Shut::Forced), None),
            (Override::Observe, Phase::Open | Phase::HalfOpen) if now >= inner.until => {
                let change = self.change(&mut inner, now, Phase::Closed, Reason::Waited);
                (Ok(Pass::of(self.word())), Some(change))
            }
            (Override::Disabled | Override::Observe, _) | (_, Phase::Closed) => {
                (Ok(Pass::of(word)), None)
            }
            (Override::None, Phase::Open) if now < inner.until => (Err(inner.shut(now)), None),
            (Override::None, Phase::Open) => {
                let change = self.change(&mut inner, now, Phase::HalfOpen, Reason::Waited);
                (self.probe(&mut inner, now, prober, policy), Some(change))
            }
            (Override::None, Phase::HalfOpen) => {
                (self.probe(&mut inner, now, prober, policy), None)
            }
        }
    }

    fn probe(
        &self,
        inner: &mut Inner,
        now: Duration,
        prober: Prober,
        policy: &BreakerPolicy,
    ) -> Result<Pass, Shut> {
        let probe = inner
            .probes
            .start(now, prober, policy.probes, policy.probe_timeout);
        let pass = |probe| Pass {
            probe: Some(probe),
            ..Pass::of(self.word())
        };
        probe.map(pass).ok_or(Shut::Probing)
    }

    /// A call was answered, or failed. Only the core that admitted it may say so.
    pub fn record(
        &self,
        core: usize,
        pass: Pass,
        now: Duration,
        verdict: Verdict,
        limits: Limits<'_>,
    ) -> Option<Change> {
        let word = self.word();
        let over = effective(word.over, limits.policy.mode);
        if word.generation != pass.generation || over == Override::Disabled {
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
            return self.judge(word, now, limits);
        }
        None
    }

    /// A call that was recorded as a success in this second broke off later.
    pub fn record_late_failure(
        &self,
        core: usize,
        pass: Pass,
        recorded: Duration,
        now: Duration,
        limits: Limits<'_>,
    ) -> Option<Change> {
        let word = self.word();
        if word.generation != pass.generation {
            return None;
        }
        if pass.probe.is_some() {
            let mut inner = self.lock();
            if self.word() != word || word.phase != Phase::HalfOpen {
                return None;
            }
            let said = inner
                .probes
                .revoke(limits.policy.probes, limits.failure_rate_max);
            return self.heed(&mut inner, said, now, limits);
        }
        self.windows
            .get(core)?
            .failure(word.generation, second(recorded));
        self.judge(word, now, limits)
    }

    /// A call was given up before the upstream answered or failed: nobody's fault.
    pub fn release(&self, pass: Pass) {
        if let Some(probe) = pass.probe {
            self.lock().probes.end(probe);
        }
    }

    /// An operator decides. A new generation begins, with nothing counted.
    pub fn set_override(&self, over: Override, now: Duration) -> Change {
        let mut inner = self.lock();
        self.store(Word {
            over,
            ..self.word()
        });
        inner.streak = 0;
        inner.until = now;
        self.change(&mut inner, now, Phase::Closed, Reason::Operator(over))
    }

    pub(super) fn snapshot(&self, now: Duration) -> Snapshot {
        let inner = self.lock();
        let word = self.word();
        Snapshot {
            phase: word.phase,
            over: word.over,
            tally: tally(&self.windows, word.generation, second(now)),
            until: (word.phase == Phase::Open).then_some(inner.until),
            since: inner.since,
            reason: inner.reason,
            probing: inner.probes.running(),
            history: inner.history.iter().copied().collect(),
        }
    }

    /// What an operator has decided about it.
    pub(super) fn decided(&self) -> Override {
        self.word().over
    }

    /// What a metric shows: what traffic meets.
    pub(super) fn shown(&self, mode: BreakerMode) -> Phase {
        let word = self.word();
        effective(word.over, mode).shown(word.phase)
    }

    fn probed(
        &self,
        probe: ProbeId,
        generation: u32,
        now: Duration,
        failed: bool,
        limits: Limits<'_>,
    ) -> Option<Change> {
        let mut inner = self.lock();
        if self.word().generation != generation {
            return None;
        }
        // Its slot may have been given to another already.
        inner.probes.end(probe);
        let said = inner
            .probes
            .result(failed, limits.policy.probes, limits.failure_rate_max);
        self.heed(&mut inner, said, now, limits)
    }

    fn heed(
        &self,
        inner: &mut Inner,
        said: Said,
        now: Duration,
        limits: Limits<'_>,
    ) -> Option<Change> {
        let (failures, results) = inner.probes.counts();
        match said {
            Said::Nothing => None,
            Said::Passed => {
                let reason = Reason::ProbesPassed { failures, results };
                Some(self.change(inner, now, Phase::Closed, reason))
            }
            Said::Failed => {
                let reason = Reason::ProbesFailed { failures, results };
                Some(self.open(inner, now, reason, limits.policy))
            }
        }
    }

    /// Opens the cell if what was counted is too much.
    fn judge(&self, word: Word, now: Duration, limits: Limits<'_>) -> Option<Change> {
        if word.phase != Phase::Closed {
            return None;
        }
        let tally = tally(&self.windows, word.generation, second(now));
        let reason = excess(tally, limits)?;
        let mut inner = self.lock();
        // Another core may have opened it meanwhile.
        (self.word() == word).then(|| self.open(&mut inner, now, reason, limits.policy))
    }

    fn open(
        &self,
        inner: &mut Inner,
        now: Duration,
        reason: Reason,
        policy: &BreakerPolicy,
    ) -> Change {
        let was_well = self.word().phase == Phase::Closed
            && now.saturating_sub(inner.since) >= policy.open_max;
        if was_well {
            inner.streak = 0;
        }
        let draw = inner.random.f64();
        let wait = full_jitter(policy.open_base, policy.open_max, inner.streak, draw);
        inner.streak = inner.streak.saturating_add(1);
        inner.until = (now + wait).max(inner.retry_after);
        self.change(inner, now, Phase::Open, reason)
    }

    fn change(&self, inner: &mut Inner, now: Duration, to: Phase, reason: Reason) -> Change {
        let word = self.word();
        self.store(Word {
            generation: word.generation.wrapping_add(1),
            phase: to,
            ..word
        });
        inner.probes.restart();
        inner.since = now;
        inner.reason = Some(reason);
        let change = Change {
            at: now,
            from: word.phase,
            to,
            reason,
            until: (to == Phase::Open).then_some(inner.until),
        };
        if inner.history.len() == HISTORY_MAX {
            inner.history.pop_front();
        }
        inner.history.push_back(change);
        change
    }

    fn word(&self) -> Word {
        Word::unpack(self.word.load(Ordering::Acquire))
    }

    /// Only under the lock.
    fn store(&self, word: Word) {
        self.word.store(word.pack(), Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn shut(&self, now: Duration) -> Shut {
        Shut::Open {
            retry_after: self.until.saturating_sub(now),
            reason: self.reason.unwrap_or(Reason::Waited),
        }
    }
}

/// The second of a window in which an instant lies.
pub(super) fn second(now: Duration) -> u32 {
    now.as_secs() as u32
}
