//! Finds services and squads by name, and reads the current state of a service's protection.

use std::time::{Duration, Instant};

use http::StatusCode;

use portcullis_breaker::{ServiceLimitsView, ServiceProtection};
use portcullis_config::nearest;
use portcullis_vocabulary::{Catalog, Consumer};

use super::admin_response::AdminRefusal;

/// The longest name for which a similar name is suggested, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// The most known names that an error lists.
const NAMES_MAX: usize = 20;

/// The current time on the clock of a service's breakers.
pub(super) fn protection_time(protection: &ServiceProtection) -> Duration {
    protection.limits.at(Instant::now())
}

/// The current state of a service's breakers and limits.
pub(super) fn protection_view(
    protection: &ServiceProtection,
    catalog: &Catalog,
) -> ServiceLimitsView {
    let ServiceProtection {
        service,
        limits,
        policy,
    } = protection;
    limits.view(service, policy, catalog, protection_time(protection))
}

/// Finds a service by name.
pub(super) fn find_service<'s>(
    services: &'s [ServiceProtection],
    name: &str,
) -> Result<&'s ServiceProtection, AdminRefusal> {
    let found = services
        .iter()
        .find(|protection| protection.service == name);
    found.ok_or_else(|| {
        let known = services
            .iter()
            .map(|protection| protection.service.as_str());
        unknown_name("service", name, known)
    })
}

/// Finds a consumer by name: a squad, or the name for unknown consumers.
pub(super) fn find_consumer(catalog: &Catalog, name: &str) -> Result<Consumer, AdminRefusal> {
    if name == Consumer::UNKNOWN_NAME {
        return Ok(Consumer::Unknown);
    }
    let squad = catalog.find(name).map(Consumer::Squad);
    squad.ok_or_else(|| {
        let squads = catalog.squads().iter();
        let squads = squads.map(|squad| squad.name.as_str());
        let known = squads.chain([Consumer::UNKNOWN_NAME, EVERYBODY]);
        unknown_name("squad", name, known)
    })
}

/// The path segment for the breaker that stops all callers, in place of a squad.
pub(super) const EVERYBODY: &str = "everybody";

/// The refusal of an unknown name, with a suggestion and the known names.
pub(super) fn unknown_name<'n>(
    kind: &str,
    name: &str,
    known: impl Iterator<Item = &'n str> + Clone,
) -> AdminRefusal {
    let is_comparable = name.len() <= NAME_BYTES_MAX;
    let (shown, near) = if is_comparable {
        (format!(" `{name}`"), nearest(name, known.clone()))
    } else {
        (" with such a long name".to_owned(), None)
    };
    let advice = near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
    let listed: Vec<&str> = known.clone().take(NAMES_MAX).collect();
    let more = match known.count().saturating_sub(NAMES_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let separator = if advice.is_empty() { ";" } else { "" };
    AdminRefusal::new(
        StatusCode::NOT_FOUND,
        format!(
            "there is no {kind}{shown}{advice}{separator} known: {}{more}",
            listed.join(", ")
        ),
    )
}
