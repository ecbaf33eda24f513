//! The routes of deploy windows. A deploy window is a time in which failures are expected.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use portcullis_breaker::{DeployWindowView, ServiceProtection};

use super::admin_body;
use super::admin_response::{AdminRefusal, AdminResponse, json};
use super::admin_state::{Operator, ProtectionSnapshot};
use super::name_lookup::{find_service, protection_time};

/// How long a window may be. A longer one has probably been forgotten.
const LENGTHS: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);

/// Examples of request bodies, shown in errors.
const OPEN_EXAMPLE: &str = r#"{"for": "10m", "reason": "…"}"#;
const CLOSE_EXAMPLE: &str = "{}";

#[derive(Serialize)]
struct DeployWindowList<'a> {
    services: Vec<ServiceWindowView<'a>>,
}

#[derive(Serialize)]
struct ServiceWindowView<'a> {
    service: &'a str,
    deploy_window: Option<DeployWindowView>,
    /// Only in the response to a close: whether a window was open.
    #[serde(skip_serializing_if = "Option::is_none")]
    was_open: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenWindowRequest {
    #[serde(rename = "for")]
    length: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CloseWindowRequest {}

/// The windows of all services.
pub(super) fn all(snapshot: &ProtectionSnapshot) -> AdminResponse {
    json(&DeployWindowList {
        services: snapshot
            .services
            .iter()
            .map(ServiceWindowView::of)
            .collect(),
    })
}

/// Opens the window of a service, or replaces the open one.
pub(super) fn open(
    snapshot: &ProtectionSnapshot,
    operator: Operator,
    service: &str,
    bytes: &[u8],
) -> Result<AdminResponse, AdminRefusal> {
    let protection = find_service(&snapshot.services, service)?;
    let opening: OpenWindowRequest = admin_body::parse_object(bytes, OPEN_EXAMPLE)?;
    let length = humantime::parse_duration(&opening.length).ok();
    let length = length.filter(|length| LENGTHS.contains(length));
    let length = length.ok_or_else(|| {
        let why = "expected `for` to be a duration with a unit, from 1s to 24h, such as 10m";
        admin_body::invalid_body(why, OPEN_EXAMPLE)
    })?;
    let reason = admin_body::reason(opening.reason, OPEN_EXAMPLE)?;
    tracing::info!(
        service,
        length = %humantime::format_duration(length),
        reason,
        peer = %operator.peer,
        "operator opens a deploy window"
    );
    protection
        .limits
        .open_deploy_window(protection_time(protection), length, reason);
    Ok(json(&ServiceWindowView::of(protection)))
}

/// Closes the window of a service.
pub(super) fn close(
    snapshot: &ProtectionSnapshot,
    operator: Operator,
    service: &str,
    bytes: &[u8],
) -> Result<AdminResponse, AdminRefusal> {
    let protection = find_service(&snapshot.services, service)?;
    if !bytes.is_empty() {
        let CloseWindowRequest {} = admin_body::parse_object(bytes, CLOSE_EXAMPLE)?;
    }
    let was_open = protection
        .limits
        .close_deploy_window(protection_time(protection));
    tracing::info!(service, was_open, peer = %operator.peer, "operator closes a deploy window");
    Ok(json(&ServiceWindowView {
        was_open: Some(was_open),
        ..ServiceWindowView::of(protection)
    }))
}

impl<'a> ServiceWindowView<'a> {
    fn of(protection: &'a ServiceProtection) -> Self {
        Self {
            service: &protection.service,
            deploy_window: protection
                .limits
                .deploy_window_view(protection_time(protection)),
            was_open: None,
        }
    }
}
