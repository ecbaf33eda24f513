//! The routes of circuit breakers: their state, and overrides by operators.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use portcullis_breaker::{
    BreakerId, BreakerOverride, CircuitBreakerView, ServiceLimitsView, ServiceProtection,
};
use portcullis_vocabulary::{Consumer, Tier};

use super::admin_body;
use super::admin_response::{AdminRefusal, AdminResponse, json};
use super::admin_state::{Operator, ProtectionSnapshot};
use super::name_lookup::{
    EVERYBODY, find_consumer, find_service, protection_time, protection_view, unknown_name,
};

/// An example of a request body, shown in errors.
const EXAMPLE: &str = r#"{"override": "open"|"disabled"|"observe"|"auto", "reason": "…"}"#;

#[derive(Serialize)]
struct BreakersView {
    services: Vec<ServiceLimitsView>,
}

/// The state of the overridden breakers after the change.
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

/// The breakers an override route names.
#[derive(Clone, Copy, Debug)]
pub(super) struct BreakerPath<'p> {
    pub(super) service: &'p str,
    /// A squad, or [`EVERYBODY`].
    pub(super) squad: &'p str,
    /// One tier of the squad; all of them if absent.
    pub(super) tier: Option<&'p str>,
}

/// The breakers of all services.
pub(super) fn all(snapshot: &ProtectionSnapshot) -> AdminResponse {
    let services = snapshot.services.iter();
    json(&BreakersView {
        services: services
            .map(|protection| protection_view(protection, &snapshot.catalog))
            .collect(),
    })
}

/// The breakers of one service.
pub(super) fn one(
    snapshot: &ProtectionSnapshot,
    service: &str,
) -> Result<AdminResponse, AdminRefusal> {
    let protection = find_service(&snapshot.services, service)?;
    Ok(json(&protection_view(protection, &snapshot.catalog)))
}

/// Sets or removes an override.
pub(super) fn set(
    snapshot: &ProtectionSnapshot,
    operator: Operator,
    path: BreakerPath<'_>,
    bytes: &[u8],
) -> Result<AdminResponse, AdminRefusal> {
    let BreakerPath {
        service,
        squad,
        tier,
    } = path;
    let protection = find_service(&snapshot.services, service)?;
    let breakers = breakers(snapshot, squad, tier)?;
    let wanted: OverrideRequest = admin_body::parse_object(bytes, EXAMPLE)?;
    let over = BreakerOverride::from_name(&wanted.over).ok_or_else(|| {
        let names = BreakerOverride::NAMES.map(|(name, _)| format!("`{name}`"));
        let why = format!("expected an override: {}", names.join(", "));
        admin_body::invalid_body(&why, EXAMPLE)
    })?;
    let reason = admin_body::reason(wanted.reason, EXAMPLE)?;
    for breaker in &breakers {
        // The breaker's history has the event; the log line below reports it.
        let _event = protection
            .limits
            .set_override(*breaker, over, protection_time(protection));
        let tier = match breaker {
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
            "operator overrides a breaker"
        );
    }
    Ok(json(&ChangedBreakers {
        service,
        changed: views(snapshot, protection, &breakers),
    }))
}

/// The breakers that a path names.
fn breakers(
    snapshot: &ProtectionSnapshot,
    squad: &str,
    tier: Option<&str>,
) -> Result<Vec<BreakerId>, AdminRefusal> {
    if squad == EVERYBODY {
        return match tier {
            None => Ok(vec![BreakerId::Service]),
            Some(_) => Err(AdminRefusal::new(
                StatusCode::NOT_FOUND,
                "the breaker for all callers has no tiers",
            )),
        };
    }
    let consumer = find_consumer(&snapshot.catalog, squad)?;
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
    let breaker = |tier| BreakerId::Squad(consumer, tier);
    Ok(tiers.into_iter().map(breaker).collect())
}

fn views(
    snapshot: &ProtectionSnapshot,
    protection: &ServiceProtection,
    breakers: &[BreakerId],
) -> Vec<CircuitBreakerView> {
    let view = protection_view(protection, &snapshot.catalog);
    let is_changed = |view: &CircuitBreakerView| {
        breakers.iter().any(|breaker| match breaker {
            BreakerId::Service => view.squad.is_none(),
            BreakerId::Squad(consumer, tier) => {
                let name = snapshot.catalog.consumer_name(*consumer);
                view.squad.as_deref() == Some(name) && view.tier == Some(tier.as_str())
            }
        })
    };
    let all = std::iter::once(view.everybody).chain(view.squads);
    all.filter(is_changed).collect()
}
