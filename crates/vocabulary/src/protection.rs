//! How a service is protected from its consumers' trouble: breakers, shares, budgets, retries.
//!
//! The vocabulary stands here, as that of violations does, because the configuration names it
//! first; `breaker` imports it. Rates and shares are from 0 to 1; a `…_max` is the greatest value
//! that is still allowed, so a rate of 1 never trips.

use std::time::Duration;

use super::limits::IN_FLIGHT_DEFAULT;
use crate::Tier;

/// What holds for one service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Protection {
    /// When traffic is cut.
    pub breaker: BreakerPolicy,
    /// How much is in flight, and whose.
    pub shares: SharePolicy,
    /// How much may come from other squads.
    pub budget: BudgetPolicy,
    /// What is sent again.
    pub retries: RetryPolicy,
}

/// What holds for each tier, sections `[tiers.gold]`, `[tiers.silver]` and `[tiers.bronze]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TierPolicies([TierPolicy; Tier::ALL.len()]);

/// What holds for one tier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TierPolicy {
    /// The share of calls that may fail before the tier's traffic is cut.
    pub failure_rate_max: f64,
    /// The same inside a deploy window of the service.
    pub deploy_failure_rate_max: f64,
    /// The weight of a squad of this tier whose catalog entry names none.
    pub weight: u32,
}

/// When traffic is cut, section `[breaker]`.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerPolicy {
    /// Whether anything is cut at all.
    pub mode: BreakerMode,
    /// The least number of calls within ten seconds that is judged.
    pub calls_min: u32,
    /// How long a call may take until its answer begins before it counts as slow.
    pub slow_call: Duration,
    /// The share of calls that may be slow. 1 turns it off.
    pub slow_rate_max: f64,
    /// Whether an upstream's 429 is a failure.
    pub counts_429: bool,
    /// The share of calls that may find no upstream before everybody's traffic is cut.
    pub unreachable_rate_max: f64,
    /// The bound of the first wait; each further one may be twice as long.
    pub open_base: Duration,
    /// The bound of every wait.
    pub open_max: Duration,
    /// How much of an upstream's `Retry-After` is believed.
    pub retry_after_max: Duration,
    /// How many calls try whether the upstream has recovered.
    pub probes: u32,
    /// After how long a probe counts as lost and its slot is given to another.
    pub probe_timeout: Duration,
}

/// Whether breakers cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BreakerMode {
    /// They cut.
    #[default]
    Enforce,
    /// They say when they would, and let everything pass.
    Observe,
    /// They do nothing.
    Off,
}

/// How much is in flight, section `[shares]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharePolicy {
    /// The most requests in flight to the upstream.
    pub in_flight_max: u32,
    /// Whether `in_flight_max` is the bound of an adaptive limit rather than the limit.
    pub adaptive: bool,
    /// The most requests that wait for a slot.
    pub waiting_max: u32,
    /// How long a request may wait for a slot.
    pub wait_max: Duration,
}

/// How much may come from other squads than the provider, section `[budget]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetPolicy {
    /// The share of a service's requests that may come from other squads; none is no bound.
    pub cross_squad_max: Option<f64>,
    /// The least number of requests within ten seconds that is judged.
    pub calls_min: u32,
}

/// What is sent again, section `[retries]`.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// How often one request may be sent again; 0 is never.
    pub attempts_max: u32,
    /// Retries allowed for each request, over ten seconds.
    pub ratio_max: f64,
    /// Retries allowed each second however few requests there are.
    pub per_second_min: u32,
    /// The bound of the first wait; each further one may be twice as long.
    pub backoff_base: Duration,
    /// The bound of every wait.
    pub backoff_max: Duration,
    /// How long after its arrival a request may still be sent again.
    pub deadline: Duration,
}

impl TierPolicies {
    /// The policy of a tier.
    pub const fn of(&self, tier: Tier) -> &TierPolicy {
        &self.0[tier as usize]
    }

    /// The policy of a tier, to be changed.
    pub const fn of_mut(&mut self, tier: Tier) -> &mut TierPolicy {
        &mut self.0[tier as usize]
    }
}

impl Default for TierPolicies {
    /// Half of the calls may fail; inside a deploy window four fifths of gold ones.
    fn default() -> Self {
        let tier = |deploy_failure_rate_max, weight| TierPolicy {
            failure_rate_max: 0.5,
            deploy_failure_rate_max,
            weight,
        };
        Self([tier(0.5, 1), tier(0.5, 2), tier(0.8, 4)])
    }
}

impl BreakerMode {
    /// Each mode with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("enforce", Self::Enforce),
        ("observe", Self::Observe),
        ("off", Self::Off),
    ];

    /// Its name.
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
    fn gold_survives_a_deploy_that_cuts_the_others() {
        let tiers = TierPolicies::default();
        let rates = Tier::ALL.map(|tier| {
            let policy = tiers.of(tier);
            (policy.failure_rate_max, policy.deploy_failure_rate_max)
        });
        assert_eq!(rates, [(0.5, 0.5), (0.5, 0.5), (0.5, 0.8)]);
    }
}
