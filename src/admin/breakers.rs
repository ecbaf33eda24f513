//! Breakers: looking at them, and an operator's word about one.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use portcullis_breaker::{
    BreakerId, BreakerOverride, CircuitBreakerView, ServiceLimitsView, ServiceProtection,
};
use portcullis_vocabulary::{Consumer, Tier};

use super::admin_body;
use super::admin_response::{AdminRefusal, AdminResponse, json};
use super::name_lookup::{
    EVERYBODY, bank_time, bank_view, find_consumer, find_service, unknown_name,
};
use super::server::{Operator, ProtectionSnapshot};

/// What to send.
const EXAMPLE: &str = r#"{"override": "open"|"disabled"|"observe"|"auto", "reason": "…"}"#;

#[derive(Serialize)]
struct BreakersView {
    services: Vec<ServiceLimitsView>,
}

/// What changed, as it is now.
#[derive(Serialize)]
struct ChangedBreakers<'a> {
    service: &'a str,
    changed: Vec<CircuitBreakerView>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OverrideRequest {
    #[serde(rename = "override")]
    over: String,
    reason: Option<String>,
}

/// All services.
pub(super) fn all(watched: &ProtectionSnapshot) -> AdminResponse {
    let services = watched.services.iter();
    json(&BreakersView {
        services: services
            .map(|guarded| bank_view(guarded, &watched.catalog))
            .collect(),
    })
}

/// One service.
pub(super) fn one(
    watched: &ProtectionSnapshot,
    service: &str,
) -> Result<AdminResponse, AdminRefusal> {
    let guarded = find_service(&watched.services, service)?;
    Ok(json(&bank_view(guarded, &watched.catalog)))
}

/// Sets an override.
pub(super) fn set(
    watched: &ProtectionSnapshot,
    operator: Operator,
    (service, squad, tier): (&str, &str, Option<&str>),
    bytes: &[u8],
) -> Result<AdminResponse, AdminRefusal> {
    let guarded = find_service(&watched.services, service)?;
    let cells = cells(watched, squad, tier)?;
    let wanted: OverrideRequest = admin_body::parse_object(bytes, EXAMPLE)?;
    let over = BreakerOverride::from_name(&wanted.over).ok_or_else(|| {
        let names = BreakerOverride::NAMES.map(|(name, _)| format!("`{name}`"));
        let why = format!("expected an override of {}", names.join(", "));
        admin_body::invalid_body(&why, EXAMPLE)
    })?;
    let reason = admin_body::reason(wanted.reason, EXAMPLE)?;
    for cell in &cells {
        // The change is in the cell's history; what is told of it is the line below.
        let _event = guarded.limits.set_override(*cell, over, bank_time(guarded));
        let tier = match cell {
            BreakerId::Service => None,
            BreakerId::Squad(_, tier) => Some(tier.as_str()),
        };
        tracing::info!(
            service,
            squad,
            tier,
            "override" = over.as_str(),
            reason,
            peer = %operator.peer,
            "an operator overrides a breaker"
        );
    }
    Ok(json(&ChangedBreakers {
        service,
        changed: views(watched, guarded, &cells),
    }))
}

/// The cells that a path names.
fn cells(
    watched: &ProtectionSnapshot,
    squad: &str,
    tier: Option<&str>,
) -> Result<Vec<BreakerId>, AdminRefusal> {
    if squad == EVERYBODY {
        return match tier {
            None => Ok(vec![BreakerId::Service]),
            Some(_) => Err(AdminRefusal::new(
                StatusCode::NOT_FOUND,
                "the breaker that cuts everybody has no tiers",
            )),
        };
    }
    let consumer = find_consumer(&watched.catalog, squad)?;
    let tiers = match tier {
        None if consumer == Consumer::Unknown => vec![Tier::Bronze],
        None => Tier::ALL.to_vec(),
        Some(name) => vec![name.parse().map_err(|_| {
            let known = Tier::ALL.map(Tier::as_str);
            unknown_name("tier", name, known.into_iter())
        })?],
    };
    if consumer == Consumer::Unknown && tiers != [Tier::Bronze] {
        return Err(AdminRefusal::new(
            StatusCode::NOT_FOUND,
            "unknown consumers are always bronze",
        ));
    }
    let cell = |tier| BreakerId::Squad(consumer, tier);
    Ok(tiers.into_iter().map(cell).collect())
}

fn views(
    watched: &ProtectionSnapshot,
    guarded: &ServiceProtection,
    cells: &[BreakerId],
) -> Vec<CircuitBreakerView> {
    let view = bank_view(guarded, &watched.catalog);
    let is_changed = |view: &CircuitBreakerView| {
        cells.iter().any(|cell| match cell {
            BreakerId::Service => view.squad.is_none(),
            BreakerId::Squad(consumer, tier) => {
                let name = watched.catalog.consumer_name(*consumer);
                view.squad.as_deref() == Some(name) && view.tier == Some(tier.as_str())
            }
        })
    };
    let all = std::iter::once(view.everybody).chain(view.squads);
    all.filter(is_changed).collect()
}
