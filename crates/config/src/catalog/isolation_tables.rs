//! `[squads.<name>.quota]` and `[squads.<name>.limits]`: what a squad may use on Kubernetes.

use portcullis_vocabulary::{ConfigLocation, ContainerLimits, NamespaceQuota, ResourceQuantity};

use crate::tree::config_value::{count, parsed};
use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// The most pods of a namespace.
const PODS_MAX: u32 = 100_000;

/// Reads the quota of each namespace.
pub(super) fn read_quota(mut section: ConfigSection<'_>) -> NamespaceQuota {
    let default = NamespaceQuota::default();
    let cpu_location = section.location_of("requests_cpu");
    let memory_location = section.location_of("requests_memory");
    let quota = NamespaceQuota {
        requests_cpu: section.value("requests_cpu", default.requests_cpu, processors),
        requests_memory: section.value("requests_memory", default.requests_memory, memory),
        limits_cpu: section.value("limits_cpu", default.limits_cpu, processors),
        limits_memory: section.value("limits_memory", default.limits_memory, memory),
        pods: section.value("pods", default.pods, count(1..=PODS_MAX)),
    };
    let cpu = (&quota.requests_cpu, &quota.limits_cpu);
    check_order(
        &mut section,
        cpu_location,
        cpu,
        ("requests_cpu", "limits_cpu"),
    );
    let memory = (&quota.requests_memory, &quota.limits_memory);
    check_order(
        &mut section,
        memory_location,
        memory,
        ("requests_memory", "limits_memory"),
    );
    section.finish();
    quota
}

/// Reads the limits of each container.
pub(super) fn read_limits(mut section: ConfigSection<'_>) -> ContainerLimits {
    let default = ContainerLimits::default();
    let cpu_location = section.location_of("cpu_request");
    let request_location = section.location_of("memory_request");
    let memory_location = section.location_of("memory");
    let limits = ContainerLimits {
        cpu: section.value("cpu", default.cpu, processors),
        cpu_request: section.value("cpu_request", default.cpu_request, processors),
        memory: section.value("memory", default.memory, memory),
        memory_request: section.value("memory_request", default.memory_request, memory),
        memory_max: section.value("memory_max", default.memory_max, memory),
    };
    let cpu = (&limits.cpu_request, &limits.cpu);
    check_order(&mut section, cpu_location, cpu, ("cpu_request", "cpu"));
    let memory = (&limits.memory_request, &limits.memory);
    check_order(
        &mut section,
        request_location,
        memory,
        ("memory_request", "memory"),
    );
    let memory = (&limits.memory, &limits.memory_max);
    check_order(
        &mut section,
        memory_location,
        memory,
        ("memory", "memory_max"),
    );
    section.finish();
    limits
}

/// Kubernetes refuses every container of a namespace where the lower value is above the higher one.
fn check_order(
    section: &mut ConfigSection<'_>,
    location: ConfigLocation,
    (low, high): (&ResourceQuantity, &ResourceQuantity),
    (low_key, high_key): (&str, &str),
) {
    if low > high {
        let message = format!("{low} is above {high_key}, {high}; lower it or raise {high_key}");
        section.refuse_at(location, low_key, message);
    }
}

fn processors(node: &ConfigNode) -> Result<ResourceQuantity, ConfigValueError> {
    match node.number() {
        Some(number) => number
            .parse()
            .map_err(|_| ConfigValueError::expected("processors such as 8 or \"500m\"")),
        None => parsed(node),
    }
}

fn memory(node: &ConfigNode) -> Result<ResourceQuantity, ConfigValueError> {
    let quantity: ResourceQuantity = parsed(node)?;
    // The suffix `m` means thousandths of a byte.
    if quantity.is_fraction() {
        return Err(ConfigValueError::expected("memory such as \"512Mi\""));
    }
    Ok(quantity)
}
