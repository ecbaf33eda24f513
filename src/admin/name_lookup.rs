//! Finding services and squads by their names, and what is asked of a service's bank.

use std::time::{Duration, Instant};

use http::StatusCode;

use crate::config::nearest;
use portcullis_breaker::{ServiceLimitsView, ServiceProtection};
use portcullis_vocabulary::{Catalog, Consumer};

use super::admin_response::AdminRefusal;

/// The longest name that is compared with the known ones, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// The most known names that a refusal lists.
const NAMES_MAX: usize = 20;

/// The time as a service's bank counts it.
pub(super) fn bank_time(guarded: &ServiceProtection) -> Duration {
    guarded.limits.at(Instant::now())
}

/// The bank of a service as it is now.
pub(super) fn bank_view(guarded: &ServiceProtection, catalog: &Catalog) -> ServiceLimitsView {
    let ServiceProtection {
        service,
        limits,
        policy,
    } = guarded;
    limits.view(service, policy, catalog, bank_time(guarded))
}

/// The service of a name.
pub(super) fn find_service<'s>(
    services: &'s [ServiceProtection],
    name: &str,
) -> Result<&'s ServiceProtection, AdminRefusal> {
    let found = services.iter().find(|guarded| guarded.service == name);
    found.ok_or_else(|| {
        let known = services.iter().map(|guarded| guarded.service.as_str());
        unknown_name("service", name, known)
    })
}

/// The consumer of a name: a squad, or `unknown_name`.
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

/// Stands for the cell that cuts everybody, where a squad would be named.
pub(super) const EVERYBODY: &str = "everybody";

/// Nothing of this kind has that name; says which one was probably meant, and which there are.
pub(super) fn unknown_name<'n>(
    kind: &str,
    name: &str,
    known: impl Iterator<Item = &'n str> + Clone,
) -> AdminRefusal {
    let is_comparable = name.len() <= NAME_BYTES_MAX;
    let (shown, near) = match is_comparable {
        true => (format!(" `{name}`"), nearest(name, known.clone())),
        false => (" of so long a name".to_owned(), None),
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
