//! Counters of exchanges that have a single writer each.

use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::request_outcome::RequestOutcome;

/// Which messages of an exchange violated the contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViolatedParts {
    /// The request did.
    pub request: bool,
    /// The response did.
    pub response: bool,
}

/// The exchanges of one squad with one operation. Only one data core writes to it.
#[derive(Debug, Default)]
pub struct ExchangeTally {
    outcomes: [AtomicU64; RequestOutcome::ALL.len()],
    departed: AtomicU64,
    wrong_requests: AtomicU64,
    wrong_responses: AtomicU64,
    request_bytes: AtomicU64,
    response_bytes: AtomicU64,
    upstream_nanos: AtomicU64,
    own_nanos: AtomicU64,
    /// The time of the last exchange in milliseconds since 1970, of deprecated operations only.
    last: AtomicU64,
}

/// What exchanges used: bytes of bodies, and time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExchangeUsage {
    /// Bytes of the bodies of requests.
    pub request_bytes: u64,
    /// Bytes of the bodies of responses.
    pub response_bytes: u64,
    /// Time spent waiting for the upstream.
    pub upstream: Duration,
    /// Time spent in Portcullis.
    pub own: Duration,
}

/// The sum of one or several tallies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExchangeTotals {
    /// Exchanges by outcome, in the order of [`RequestOutcome::ALL`].
    pub outcomes: [u64; RequestOutcome::ALL.len()],
    /// Exchanges that violated the contract.
    pub departed: u64,
    /// Exchanges whose request violated the contract.
    pub wrong_requests: u64,
    /// Exchanges whose response violated the contract.
    pub wrong_responses: u64,
}

impl ExchangeTally {
    /// Counts an exchange. Only the data core that owns the tally may call it. With one writer, a
    /// plain store is enough.
    pub fn count(&self, outcome: RequestOutcome, departed: ViolatedParts) {
        bump(&self.outcomes[outcome as usize]);
        if departed.request {
            bump(&self.wrong_requests);
        }
        if departed.response {
            bump(&self.wrong_responses);
        }
        if departed.request || departed.response {
            bump(&self.departed);
        }
    }

    /// Adds what an exchange used. Only the data core that owns the tally may call it.
    pub(crate) fn add_usage(&self, usage: ExchangeUsage) {
        add(&self.request_bytes, usage.request_bytes);
        add(&self.response_bytes, usage.response_bytes);
        add(&self.upstream_nanos, nanos(usage.upstream));
        add(&self.own_nanos, nanos(usage.own));
    }

    /// What the exchanges used.
    pub(super) fn usage(&self) -> ExchangeUsage {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ExchangeUsage {
            request_bytes: load(&self.request_bytes),
            response_bytes: load(&self.response_bytes),
            upstream: Duration::from_nanos(load(&self.upstream_nanos)),
            own: Duration::from_nanos(load(&self.own_nanos)),
        }
    }

    /// Keeps the time of an exchange.
    pub fn note_time(&self, now: SystemTime) {
        let since_epoch = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let milliseconds = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        self.last.store(milliseconds, Ordering::Relaxed);
    }

    /// The time that was kept last.
    pub(super) fn last(&self) -> Option<SystemTime> {
        let milliseconds = self.last.load(Ordering::Relaxed);
        let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds));
        time.filter(|_| milliseconds > 0)
    }

    /// The current counts.
    pub fn totals(&self) -> ExchangeTotals {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ExchangeTotals {
            outcomes: self.outcomes.each_ref().map(load),
            departed: load(&self.departed),
            wrong_requests: load(&self.wrong_requests),
            wrong_responses: load(&self.wrong_responses),
        }
    }
}

/// Adds one. The caller must be the only writer.
pub(crate) fn bump(count: &AtomicU64) {
    add(count, 1);
}

/// Adds to a count. The caller must be the only writer.
pub(crate) fn add(count: &AtomicU64, number: u64) {
    let sum = count.load(Ordering::Relaxed).wrapping_add(number);
    count.store(sum, Ordering::Relaxed);
}

/// A duration in nanoseconds, which 64 bits hold for five centuries.
const fn nanos(time: Duration) -> u64 {
    time.as_secs()
        .wrapping_mul(1_000_000_000)
        .wrapping_add(time.subsec_nanos() as u64)
}

impl Add for ExchangeUsage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            request_bytes: self.request_bytes + other.request_bytes,
            response_bytes: self.response_bytes + other.response_bytes,
            upstream: self.upstream + other.upstream,
            own: self.own + other.own,
        }
    }
}

impl ExchangeTotals {
    /// The number of exchanges.
    pub fn requests(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// The number of exchanges with this outcome.
    pub const fn of(&self, outcome: RequestOutcome) -> u64 {
        self.outcomes[outcome as usize]
    }

    /// The fraction of exchanges that violated the contract; 0 without exchanges.
    pub fn drift_rate(&self) -> f64 {
        fraction(self.departed, self.requests())
    }
}

/// The fraction `part / whole`; 0 if `whole` is 0.
pub(super) fn fraction(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl Add for ExchangeTotals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.with(other, |left, right| left + right)
    }
}

impl Sub for ExchangeTotals {
    type Output = Self;

    /// The counts since `other`.
    fn sub(self, other: Self) -> Self {
        self.with(other, u64::saturating_sub)
    }
}

impl std::iter::Sum for ExchangeTotals {
    fn sum<I: Iterator<Item = Self>>(totals: I) -> Self {
        totals.fold(Self::default(), Add::add)
    }
}

impl ExchangeTotals {
    fn with(self, other: Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        let outcome = |index: usize| combine(self.outcomes[index], other.outcomes[index]);
        Self {
            outcomes: std::array::from_fn(outcome),
            departed: combine(self.departed, other.departed),
            wrong_requests: combine(self.wrong_requests, other.wrong_requests),
            wrong_responses: combine(self.wrong_responses, other.wrong_responses),
        }
    }
}

/// Serializes the outcomes by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutcomeCounts(pub(super) ExchangeTotals);

impl Serialize for OutcomeCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(RequestOutcome::ALL.len()))?;
        for outcome in RequestOutcome::ALL {
            map.serialize_entry(outcome.as_str(), &self.0.of(outcome))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_counts_as_a_violation_once() {
        let tally = ExchangeTally::default();
        let count = |request, response| {
            tally.count(
                RequestOutcome::Answered,
                ViolatedParts { request, response },
            );
        };
        count(false, false);
        count(true, false);
        count(false, true);
        count(true, true);
        tally.count(RequestOutcome::Refused, ViolatedParts::default());
        let totals = tally.totals();
        assert_eq!((totals.requests(), totals.departed), (5, 3));
        assert_eq!((totals.wrong_requests, totals.wrong_responses), (2, 2));
        assert_eq!(totals.of(RequestOutcome::Answered), 4);
        assert!((totals.drift_rate() - 0.6).abs() < 1e-9);
        assert_eq!(totals - totals, ExchangeTotals::default());
        assert_eq!(
            [totals, totals].into_iter().sum::<ExchangeTotals>(),
            totals + totals
        );
    }
}
