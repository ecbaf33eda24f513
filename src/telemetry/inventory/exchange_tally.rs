//! Counts with one writer each.

use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::telemetry::recorders::RequestOutcome;

/// In which parts an exchange departed from its contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ViolatedParts {
    /// Its request did.
    pub request: bool,
    /// Its response did.
    pub response: bool,
}

/// What one squad got from one operation on one data core, which alone writes here.
#[derive(Debug, Default)]
pub struct ExchangeTally {
    outcomes: [AtomicU64; RequestOutcome::ALL.len()],
    departed: AtomicU64,
    wrong_requests: AtomicU64,
    wrong_responses: AtomicU64,
}

/// The counts of one or several tallies at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExchangeTotals {
    /// Exchanges by outcome, in the order of [`RequestOutcome::ALL`].
    pub outcomes: [u64; RequestOutcome::ALL.len()],
    /// Exchanges that departed from the contract.
    pub departed: u64,
    /// Those whose request did.
    pub wrong_requests: u64,
    /// Those whose response did.
    pub wrong_responses: u64,
}

impl ExchangeTally {
    /// Counts one exchange. Only the data core that it belongs to may call it: a plain store
    /// suffices where there is one writer.
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

    /// What was counted so far.
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

/// Adds one where nobody else writes.
pub(super) fn bump(count: &AtomicU64) {
    count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

impl ExchangeTotals {
    /// All exchanges.
    pub fn requests(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// Those of one outcome.
    pub const fn of(&self, outcome: RequestOutcome) -> u64 {
        self.outcomes[outcome as usize]
    }

    /// The share of exchanges that departed from the contract; 0 where there were none.
    pub fn drift_rate(&self) -> f64 {
        share(self.departed, self.requests())
    }
}

/// A part of a whole; 0 where there is no whole.
pub(super) fn share(part: u64, whole: u64) -> f64 {
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

    /// What was counted since `other`.
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

/// The outcomes by name.
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
    fn an_exchange_departs_once_however_much_of_it_does() {
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
