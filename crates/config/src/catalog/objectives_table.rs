//! `[services.<name>.slo]`: what the provider of a service promises, and `[slo.tiers.<name>]`: what a
//! tier promises.

use std::collections::BTreeMap;
use std::time::Duration;

use portcullis_vocabulary::{
    LatencyObjective, OperationObjective, PromisedLevel, ServiceObjectives, StatedObjectives, Tier,
    UnknownTier,
};

use crate::tree::config_value::{duration, parsed, text};
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// Reads the levels of tiers.
pub(super) fn read_tiers(mut section: ConfigSection<'_>) -> BTreeMap<Tier, PromisedLevel> {
    let (mut tiers, mut unknown) = (BTreeMap::new(), Vec::new());
    section.each_named("tiers", |name, mut section| {
        let has_any = section.has("availability") || section.has("latency");
        let level = level(&mut section);
        match name.parse::<Tier>() {
            Ok(tier) => {
                tiers.insert(tier, level);
            }
            Err(UnknownTier) => unknown.push((section.location().clone(), name.to_owned())),
        }
        if !has_any {
            let message = "a tier has an \"availability\", a \"latency\" or both";
            section.refuse("availability", message);
        }
        section.finish();
    });
    for (location, name) in unknown {
        let message = format!("{UnknownTier}, found \"{name}\"");
        section.refuse_at(location, "tiers", message);
    }
    section.finish();
    tiers
}

/// Reads what is said of a service; nothing if the table is absent. Its tier must have a level.
pub(super) fn read_objectives(
    mut section: ConfigSection<'_>,
    tiers: &BTreeMap<Tier, PromisedLevel>,
) -> Option<StatedObjectives> {
    let location = section.location_of("tier");
    let tier = section.read("tier", parsed::<Tier>);
    if let Some(tier) = tier.filter(|tier| !tiers.contains_key(tier)) {
        let message = format!("\"{tier}\" has no level; promise one in [slo.tiers.{tier}]");
        section.refuse_at(location, "tier", message);
    }
    let stated = StatedObjectives {
        tier,
        level: level(&mut section),
        operations: operations(&mut section),
        operation_tiers: Vec::new(),
    };
    section.finish();
    (stated != StatedObjectives::default()).then_some(stated)
}

fn level(section: &mut ConfigSection<'_>) -> PromisedLevel {
    PromisedLevel {
        window: section.read("window", window),
        availability: section.read("availability", target),
        latency: latency(section.section("latency")),
    }
}

fn latency(mut section: ConfigSection<'_>) -> Option<LatencyObjective> {
    let (has_bound, has_share) = (section.has("le"), section.has("share"));
    let bound = section.read("le", duration(LatencyObjective::BOUNDS));
    let share = section.read("share", target);
    if has_bound != has_share {
        let missing = if has_bound { "share" } else { "le" };
        section.refuse(
            missing,
            "is missing; a latency has both \"le\" and \"share\"",
        );
    }
    section.finish();
    Some(LatencyObjective {
        bound: bound?,
        share: share?,
    })
}

fn operations(section: &mut ConfigSection<'_>) -> Vec<OperationObjective> {
    let mut operations: Vec<OperationObjective> = Vec::new();
    section.each("operations", |mut section| {
        let location = section.location_of("operation");
        let operation = section.required("operation", text);
        let has_any = section.has("availability") || section.has("latency");
        let availability = section.read("availability", target);
        let latency = latency(section.section("latency"));
        let Some(operation) = operation else {
            return section.finish();
        };
        if !has_any {
            let message = "is missing; an operation has an \"availability\", a \"latency\" or both";
            section.refuse("availability", message);
        }
        if operations.iter().any(|known| known.operation == operation) {
            let message = format!("\"{operation}\" already has an objective; an operation has one");
            section.refuse_at(location, "operation", message);
        }
        operations.push(OperationObjective {
            operation,
            availability,
            latency,
        });
        section.finish();
    });
    operations
}

fn target(node: &ConfigNode) -> Result<f64, ConfigValueError> {
    let target = node.number().and_then(|text| text.parse().ok());
    let target = target.filter(|target| ServiceObjectives::is_target(*target));
    target.ok_or_else(|| {
        let rule = ServiceObjectives::TARGET_RULE;
        ConfigValueError::expected(format!("{rule}, for example 0.999"))
    })
}

fn window(node: &ConfigNode) -> Result<Duration, ConfigValueError> {
    let window = node
        .text()
        .and_then(|text| humantime::parse_duration(text).ok());
    let window = window.filter(|window| ServiceObjectives::is_window(*window));
    window.ok_or_else(|| {
        let rule = ServiceObjectives::WINDOW_RULE;
        ConfigValueError::expected(format!("{rule}, for example \"30d\""))
    })
}
