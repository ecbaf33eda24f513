//! The health of each squad, exposed as `team_autonomy_health`.
//!
//! health = (1 − v) · (1 − c) · (1 − d). Each term covers the last ten minutes and is from 0 to 1:
//!
//! - v, the fraction of the squad's calls that violated the contracts of other squads
//! - c, the fraction of time in which an open breaker stopped some of its traffic
//! - d, the fraction of the exchanges with its services whose response violated the contract
//!
//! A squad is thus rated by the requests that it sends and the responses of its services, and not
//! by what others do. A term without traffic is 0. A squad is listed from the first call that it
//! makes or receives.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::{Add, Sub};
use std::sync::Arc;

use serde::Serialize;

use super::exchange_tally::{ExchangeTotals, fraction};
use super::traffic_inventory::TrafficInventory;

/// The interval between samples, in seconds.
const SAMPLE_SECONDS: u64 = 10;

/// The number of samples in the window.
const SAMPLES: usize = 60;

/// The counts of one squad since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct SquadCounts {
    calls: u64,
    wrong_calls: u64,
    served: u64,
    wrongly_served: u64,
    seconds: u64,
    cut_seconds: u64,
}

/// The window of one squad.
#[derive(Debug, Default)]
struct SquadSamples {
    now: SquadCounts,
    /// Oldest first.
    samples: VecDeque<SquadCounts>,
}

/// The health of all squads.
#[derive(Debug, Default)]
pub struct SquadHealth {
    seconds: u64,
    /// The totals of each service and squad that are counted already.
    counted: BTreeMap<String, BTreeMap<Arc<str>, ExchangeTotals>>,
    squads: BTreeMap<String, SquadSamples>,
}

/// The health of one squad.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HealthView {
    /// The squad.
    pub squad: String,
    /// From 0 to 1.
    pub health: f64,
    /// The fraction of its calls that violated contracts.
    pub violation_rate: f64,
    /// The fraction of time in which a breaker stopped some of its traffic.
    pub cut_rate: f64,
    /// The fraction of its services' responses that violated their contracts.
    pub drift_rate: f64,
}

impl SquadHealth {
    /// Updates the counts; call it every second. `services` are all services with their providers,
    /// `cut` the squads whose traffic an open breaker stops now.
    pub fn observe(
        &mut self,
        services: &[(&TrafficInventory, Option<&str>)],
        cut: &BTreeSet<String>,
    ) {
        let counts = self.count_new(services);
        let is_sample = self.seconds.is_multiple_of(SAMPLE_SECONDS);
        self.seconds += 1;
        for (name, counts) in counts {
            let is_cut = cut.contains(&name);
            let squad = self.squads.entry(name).or_default();
            let before = squad.now;
            squad.now = before + counts;
            squad.now.seconds += 1;
            squad.now.cut_seconds += u64::from(is_cut);
            if is_sample {
                squad.sample(before);
            }
        }
    }

    /// What happened since the last call, by squad. It is counted by service, so the calls of a
    /// service that is removed stay counted.
    fn count_new(
        &mut self,
        services: &[(&TrafficInventory, Option<&str>)],
    ) -> BTreeMap<String, SquadCounts> {
        let mut counts = BTreeMap::<String, SquadCounts>::new();
        let mut counted = BTreeMap::new();
        for (inventory, provider) in services {
            let before = self.counted.remove(inventory.service());
            let before = before.unwrap_or_default();
            let totals = inventory.by_squad();
            for (squad, totals) in &totals {
                let before = before.get(squad).copied().unwrap_or_default();
                // Fewer than before: the service was removed and added again.
                let new = if totals.requests() < before.requests() {
                    *totals
                } else {
                    *totals - before
                };
                let consumer = counts.entry(squad.to_string()).or_default();
                consumer.calls += new.requests();
                consumer.wrong_calls += new.wrong_requests;
                if let Some(provider) = provider {
                    let provider = counts.entry((*provider).to_owned()).or_default();
                    provider.served += new.requests();
                    provider.wrongly_served += new.wrong_responses;
                }
            }
            counted.insert(inventory.service().to_owned(), totals);
        }
        self.counted = counted;
        counts
    }

    /// The health of every squad that has called or was called, without unknown callers.
    pub fn views(&self) -> Vec<HealthView> {
        let known = |name: &&String| *name != portcullis_vocabulary::Consumer::UNKNOWN_NAME;
        let squads = self.squads.iter().filter(|(name, _)| known(name));
        squads.map(|(name, squad)| squad.view(name)).collect()
    }
}

impl SquadSamples {
    fn sample(&mut self, counts: SquadCounts) {
        if self.samples.len() >= SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(counts);
    }

    fn view(&self, name: &str) -> HealthView {
        let before = self.samples.front().copied().unwrap_or_default();
        let passed = self.now - before;
        let violation_rate = fraction(passed.wrong_calls, passed.calls);
        let cut_rate = fraction(passed.cut_seconds, passed.seconds);
        let drift_rate = fraction(passed.wrongly_served, passed.served);
        HealthView {
            squad: name.to_owned(),
            health: (1.0 - violation_rate) * (1.0 - cut_rate) * (1.0 - drift_rate),
            violation_rate,
            cut_rate,
            drift_rate,
        }
    }
}

impl SquadCounts {
    fn with(self, other: Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            calls: combine(self.calls, other.calls),
            wrong_calls: combine(self.wrong_calls, other.wrong_calls),
            served: combine(self.served, other.served),
            wrongly_served: combine(self.wrongly_served, other.wrongly_served),
            seconds: combine(self.seconds, other.seconds),
            cut_seconds: combine(self.cut_seconds, other.cut_seconds),
        }
    }
}

impl Add for SquadCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.with(other, |left, right| left + right)
    }
}

impl Sub for SquadCounts {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        self.with(before, u64::saturating_sub)
    }
}

#[cfg(test)]
mod tests {
    use super::super::exchange_tally::ViolatedParts;
    use super::*;
    use crate::request_outcome::RequestOutcome;

    fn calls(
        inventory: &TrafficInventory,
        squad: &str,
        count: usize,
        request: bool,
        response: bool,
    ) {
        let tally = inventory.tally(0, "list", squad);
        for _ in 0..count {
            tally.count(
                RequestOutcome::Answered,
                ViolatedParts { request, response },
            );
        }
    }

    fn of(health: &SquadHealth, squad: &str) -> HealthView {
        let mut views = health.views().into_iter();
        views.find(|view| view.squad == squad).unwrap()
    }

    #[test]
    fn health_combines_calls_breakers_and_responses() {
        let inventory = TrafficInventory::new("orders", 1);
        let services = [(&*inventory, Some("payments"))];
        let mut health = SquadHealth::default();
        health.observe(&services, &BTreeSet::new());
        assert!(health.views().is_empty());
        calls(&inventory, "checkout", 6, false, false);
        calls(&inventory, "checkout", 2, true, false);
        calls(&inventory, "search", 2, false, true);
        calls(&inventory, "unknown", 10, true, false);
        for _ in 0..4 {
            let cut = BTreeSet::from(["search".to_owned()]);
            health.observe(&services, &cut);
        }
        let check = |squad: &str, v: f64, c: f64, d: f64| {
            let view = of(&health, squad);
            let found = [view.violation_rate, view.cut_rate, view.drift_rate];
            let near = |(left, right): (&f64, &f64)| (left - right).abs() < 1e-9;
            assert!(found.iter().zip(&[v, c, d]).all(near), "{view:?}");
            let expected = (1.0 - v) * (1.0 - c) * (1.0 - d);
            assert!((view.health - expected).abs() < 1e-9, "{view:?}");
        };
        check("checkout", 0.25, 0.0, 0.0);
        check("search", 0.0, 1.0, 0.0);
        check("payments", 0.0, 0.0, 0.1);
        assert!(health.views().iter().all(|view| view.squad != "unknown"));
    }

    #[test]
    fn violations_are_forgotten_after_ten_minutes() {
        let inventory = TrafficInventory::new("orders", 1);
        let services = [(&*inventory, None)];
        let mut health = SquadHealth::default();
        calls(&inventory, "checkout", 10, true, false);
        health.observe(&services, &BTreeSet::new());
        assert!(of(&health, "checkout").health < 1e-9);
        for _ in 0..SAMPLES as u64 * SAMPLE_SECONDS + SAMPLE_SECONDS {
            calls(&inventory, "checkout", 1, false, false);
            health.observe(&services, &BTreeSet::new());
        }
        assert!((of(&health, "checkout").health - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_service_that_is_removed_and_added_again_changes_no_past_counts() {
        let mut health = SquadHealth::default();
        let check = |health: &SquadHealth, expected: f64| {
            let view = of(health, "checkout");
            assert!((view.violation_rate - expected).abs() < 1e-9, "{view:?}");
        };
        let kept = TrafficInventory::new("orders", 1);
        calls(&kept, "checkout", 8, false, false);
        let removed = TrafficInventory::new("search", 1);
        calls(&removed, "checkout", 2, true, false);
        health.observe(&[(&kept, None), (&removed, None)], &BTreeSet::new());
        check(&health, 0.2);
        health.observe(&[(&kept, None)], &BTreeSet::new());
        check(&health, 0.2);
        let added = TrafficInventory::new("search", 1);
        calls(&added, "checkout", 10, true, false);
        health.observe(&[(&kept, None), (&added, None)], &BTreeSet::new());
        check(&health, 0.6);
    }
}
