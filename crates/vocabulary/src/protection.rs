//! Protection policies: circuit breakers, concurrency limits, budgets and retries.
//!
//! The configuration names these types and the `breaker` crate acts on them, so they are defined
//! here, as the violation classes are. Rates and shares are from 0 to 1. A `…_max` is the highest
//! allowed value, so a rate of 1 never trips a breaker.

use std::time::Duration;

use super::limits::IN_FLIGHT_DEFAULT;
use super::tier::Tier;

/// The protection of one service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Protection {
    /// When circuit breakers open.
    pub breaker: BreakerPolicy,
    /// How many requests may be in flight.
    pub shares: SharePolicy,
    /// How many requests may come from other squads than the provider.
    pub budget: BudgetPolicy,
    /// When requests are retried.
    pub retries: RetryPolicy,
}

/// The policy of each tier, sections `[tiers.gold]`, `[tiers.silver]` and `[tiers.bronze]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TierPolicies([TierPolicy; Tier::ALL.len()]);

/// The policy of one tier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TierPolicy {
    /// The share of calls that may fail before the tier's traffic is cut off.
    pub failure_rate_max: f64,
    /// The same share inside a deploy window of the service.
    pub deploy_failure_rate_max: f64,
    /// The weight of a squad of this tier that has no weight in the catalog.
    pub weight: u32,
    /// The bound of all open times of the tier's circuit breakers.
    pub open_max: Duration,
}

/// When circuit breakers open, section `[breaker]`.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerPolicy {
    /// Whether breakers reject calls.
    pub mode: BreakerMode,
    /// The least number of calls within ten seconds that is evaluated.
    pub calls_min: u32,
    /// A call is slow if its answer takes this long to begin.
    pub slow_call: Duration,
    /// The share of calls that may be slow. 1 turns this check off.
    pub slow_rate_max: f64,
    /// Whether a 429 from the upstream counts as a failure.
    pub counts_429: bool,
    /// The share of calls that may fail to reach the upstream before the whole service is cut off.
    pub unreachable_rate_max: f64,
    /// The bound of the first open time; each further bound is twice as long.
    pub open_base: Duration,
    /// The bound of all open times.
    pub open_max: Duration,
    /// The longest `Retry-After` of an upstream that is followed.
    pub retry_after_max: Duration,
    /// How many probes decide whether the upstream has recovered.
    pub probes: u32,
    /// After how long a probe counts as lost and another may take its place.
    pub probe_timeout: Duration,
}

/// What circuit breakers do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BreakerMode {
    /// They reject calls while they are open.
    #[default]
    Enforce,
    /// They let all calls pass and report when they would open.
    Observe,
    /// They count nothing and reject nothing.
    Off,
}

/// How many requests may be in flight, section `[shares]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharePolicy {
    /// The highest number of requests in flight to the upstream.
    pub in_flight_max: u32,
    /// Whether the limit is adaptive; `in_flight_max` is then its bound.
    pub adaptive: bool,
    /// The highest number of requests that wait for a slot.
    pub waiting_max: u32,
    /// How long a request may wait for a slot.
    pub wait_max: Duration,
    /// The share of a squad's guaranteed slots that others may use while it does not need them. The
    /// catalog may have another value for a squad.
    pub lendable: f64,
}

/// How many requests may come from other squads than the provider, section `[budget]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetPolicy {
    /// The share of a service's requests that may come from other squads; no limit without it.
    pub cross_squad_max: Option<f64>,
    /// The least number of requests within ten seconds that is evaluated.
    pub calls_min: u32,
}

/// When requests are retried, section `[retries]`.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// How often one request may be retried; 0 turns retries off.
    pub attempts_max: u32,
    /// How many retries each request allows, over ten seconds.
    pub ratio_max: f64,
    /// How many retries are allowed each second, however few requests there are.
    pub per_second_min: u32,
    /// The bound of the first wait; each further bound is twice as long.
    pub backoff_base: Duration,
    /// The bound of all waits.
    pub backoff_max: Duration,
    /// How long after its arrival a request may still be retried.
    pub deadline: Duration,
}

impl TierPolicies {
    /// The policy of a tier.
    pub const fn of(&self, tier: Tier) -> &TierPolicy {
        &self.0[tier as usize]
    }

    /// The least bound of open times, which applies to breakers of all tiers together.
    pub fn open_max_min(&self) -> Duration {
        let bounds = self.0.iter().map(|tier| tier.open_max);
        bounds.min().unwrap_or_default()
    }

    /// The policy of a tier, to change it.
    pub const fn of_mut(&mut self, tier: Tier) -> &mut TierPolicy {
        &mut self.0[tier as usize]
    }
}

impl Default for TierPolicies {
    /// Half of the calls may fail; inside a deploy window, four fifths of the gold calls may. Gold
    /// traffic is probed again the soonest.
    fn default() -> Self {
        let tier = |deploy_failure_rate_max, weight, open_max_seconds| TierPolicy {
            failure_rate_max: 0.5,
            deploy_failure_rate_max,
            weight,
            open_max: Duration::from_secs(open_max_seconds),
        };
        Self([tier(0.5, 1, 30), tier(0.5, 2, 20), tier(0.8, 4, 10)])
    }
}

impl BreakerMode {
    /// Each mode, with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("enforce", Self::Enforce),
        ("observe", Self::Observe),
        ("off", Self::Off),
    ];

    /// The name of the mode in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Observe => "observe",
            Self::Off => "off",
        }
    }
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            mode: BreakerMode::Enforce,
            calls_min: 20,
            slow_call: Duration::from_secs(5),
            slow_rate_max: 1.0,
            counts_429: false,
            unreachable_rate_max: 0.9,
            open_base: Duration::from_secs(1),
            open_max: Duration::from_secs(60),
            retry_after_max: Duration::from_secs(60),
            probes: 5,
            probe_timeout: Duration::from_secs(10),
        }
    }
}

impl Default for SharePolicy {
    fn default() -> Self {
        Self {
            in_flight_max: IN_FLIGHT_DEFAULT,
            adaptive: false,
            waiting_max: 1000,
            wait_max: Duration::from_millis(100),
            lendable: 0.5,
        }
    }
}

impl Default for BudgetPolicy {
    fn default() -> Self {
        Self {
            cross_squad_max: None,
            calls_min: 100,
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts_max: 0,
            ratio_max: 0.1,
            per_second_min: 1,
            backoff_base: Duration::from_millis(25),
            backoff_max: Duration::from_millis(250),
            deadline: Duration::from_secs(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_gold_tolerates_more_failures_in_a_deploy_window() {
        let tiers = TierPolicies::default();
        let rates = Tier::ALL.map(|tier| {
            let policy = tiers.of(tier);
            (policy.failure_rate_max, policy.deploy_failure_rate_max)
        });
        assert_eq!(rates, [(0.5, 0.5), (0.5, 0.5), (0.5, 0.8)]);
    }
}
