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
use std::ops::Sub;

use serde::Serialize;

use super::exchange_tally::fraction;
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
        let mut counts = BTreeMap::<String, SquadCounts>::new();
        for (inventory, provider) in services {
            for (squad, totals) in inventory.by_squad() {
                let consumer = counts.entry(squad.to_string()).or_default();
                consumer.calls += totals.requests();
                consumer.wrong_calls += totals.wrong_requests;
                if let Some(provider) = provider {
                    let provider = counts.entry((*provider).to_owned()).or_default();
                    provider.served += totals.requests();
                    provider.wrongly_served += totals.wrong_responses;
                }
            }
        }
        let is_sample = self.seconds.is_multiple_of(SAMPLE_SECONDS);
        self.seconds += 1;
        for (name, counts) in counts {
            let is_cut = cut.contains(&name);
            let squad = self.squads.entry(name).or_default();
            let before = squad.now;
            squad.now = SquadCounts {
                seconds: before.seconds + 1,
                cut_seconds: before.cut_seconds + u64::from(is_cut),
                ..counts
            };
            if is_sample {
                squad.sample(before);
            }
        }
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

impl Sub for SquadCounts {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(before.calls),
            wrong_calls: self.wrong_calls.saturating_sub(before.wrong_calls),
            served: self.served.saturating_sub(before.served),
            wrongly_served: self.wrongly_served.saturating_sub(before.wrongly_served),
            seconds: self.seconds.saturating_sub(before.seconds),
            cut_seconds: self.cut_seconds.saturating_sub(before.cut_seconds),
        }
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
}
