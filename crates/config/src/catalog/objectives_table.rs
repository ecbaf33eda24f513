//! `[services.<name>.slo]`: what the provider of a service promises.

use std::time::Duration;

use portcullis_vocabulary::{LatencyObjective, OperationObjective, ServiceObjectives};

use crate::tree::config_value::{duration, text};
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// The shortest window of an error budget. Alerts look at up to three days.
const WINDOW_MIN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The longest window, a year.
const WINDOW_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The shortest and the longest time that a response may be promised in.
const BOUNDS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(60));

/// Reads the objectives of a service; none if the table is absent.
pub(super) fn read_objectives(
    service: &str,
    mut section: ConfigSection<'_>,
) -> Option<ServiceObjectives> {
    let objectives = ServiceObjectives {
        service: service.to_owned(),
        window: section.value("window", ServiceObjectives::DEFAULT_WINDOW, window),
        availability: section.read("availability", target),
        latency: latency(section.section("latency")),
        operations: operations(&mut section),
    };
    section.finish();
    let has_any = objectives.iter().next().is_some();
    has_any.then_some(objectives)
}

fn latency(mut section: ConfigSection<'_>) -> Option<LatencyObjective> {
    let (has_bound, has_share) = (section.has("le"), section.has("share"));
    let bound = section.read("le", duration(BOUNDS.0..=BOUNDS.1));
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

/// A share that leaves a budget and is one.
fn target(node: &ConfigNode) -> Result<f64, ConfigValueError> {
    let target = node.number().and_then(|text| text.parse().ok());
    target
        .filter(|target| *target > 0.0 && *target < 1.0)
        .ok_or_else(|| {
            ConfigValueError::expected("a share above 0.0 and below 1.0, for example 0.999")
        })
}

/// A duration of whole hours, which all tools can write.
fn window(node: &ConfigNode) -> Result<Duration, ConfigValueError> {
    let window = duration(WINDOW_MIN..=WINDOW_MAX)(node)?;
    if window.as_secs().is_multiple_of(3600) && window.subsec_nanos() == 0 {
        return Ok(window);
    }
    Err(ConfigValueError::expected(
        "whole hours or days, for example \"30d\"",
    ))
}
