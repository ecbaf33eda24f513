//! `[tiers]`: the thresholds and weights of each tier.

use std::time::Duration;

use portcullis_vocabulary::Tier;
use portcullis_vocabulary::limits::DURATION_MAX;
use portcullis_vocabulary::protection::{TierPolicies, TierPolicy};

use crate::tree::ConfigSection;
use crate::tree::config_value::{count, duration, share};

const MS: Duration = Duration::from_millis(1);

/// Reads `[tiers]`.
pub(crate) fn read_tiers(mut section: ConfigSection<'_>) -> TierPolicies {
    let mut tiers = TierPolicies::default();
    for (name, tier) in [
        ("gold", Tier::Gold),
        ("silver", Tier::Silver),
        ("bronze", Tier::Bronze),
    ] {
        let policy = tiers.of_mut(tier);
        *policy = read_tier(section.section(name), *policy);
    }
    section.finish();
    tiers
}

fn read_tier(mut section: ConfigSection<'_>, base: TierPolicy) -> TierPolicy {
    let deploy_location = section.location_of("deploy_failure_rate_max");
    let s = &mut section;
    let failure_rate_max = s.value("failure_rate_max", base.failure_rate_max, share);
    let deploy_default = base.deploy_failure_rate_max.max(failure_rate_max);
    let tier = TierPolicy {
        failure_rate_max,
        deploy_failure_rate_max: s.value("deploy_failure_rate_max", deploy_default, share),
        weight: s.value("weight", base.weight, count(1..=1000)),
        open_max: s.value("open_max", base.open_max, duration(MS..=DURATION_MAX)),
    };
    if tier.deploy_failure_rate_max < failure_rate_max {
        section.refuse_at(
            deploy_location,
            "deploy_failure_rate_max",
            "is below failure_rate_max; a deploy window cannot be stricter than normal operation",
        );
    }
    section.finish();
    tier
}
