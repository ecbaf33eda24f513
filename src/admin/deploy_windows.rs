//! Deploy windows: times in which failures are expected.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use portcullis_breaker::{DeployWindowView, ServiceProtection};

use super::admin_body;
use super::admin_response::{AdminRefusal, AdminResponse, json};
use super::name_lookup::{bank_time, find_service};
use super::server::{Operator, ProtectionSnapshot};

/// How long a window may be. More than a day is forgotten, not meant.
const LENGTHS: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(24 * 60 * 60);

/// What to send.
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
    /// Whether one was open before it was closed.
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

/// All services.
pub(super) fn all(watched: &ProtectionSnapshot) -> AdminResponse {
    json(&DeployWindowList {
        services: watched.services.iter().map(ServiceWindowView::of).collect(),
    })
}

/// Opens the window of a service, or changes the one that is open.
pub(super) fn open(
    watched: &ProtectionSnapshot,
    operator: Operator,
    service: &str,
    bytes: &[u8],
) -> Result<AdminResponse, AdminRefusal> {
    let guarded = find_service(&watched.services, service)?;
    let opening: OpenWindowRequest = admin_body::parse_object(bytes, OPEN_EXAMPLE)?;
    let length = humantime::parse_duration(&opening.length).ok();
    let length = length.filter(|length| LENGTHS.contains(length));
    let length = length.ok_or_else(|| {
        let why = "expected `for` to be a duration with a unit, from 1s to 24h";
        admin_body::invalid_body(why, OPEN_EXAMPLE)
    })?;
    let reason = admin_body::reason(opening.reason, OPEN_EXAMPLE)?;
    tracing::info!(
        service,
        length = %humantime::format_duration(length),
        reason,
        peer = %operator.peer,
        "an operator opens a deploy window"
    );
    guarded
        .limits
        .open_deploy_window(bank_time(guarded), length, reason);
    Ok(json(&ServiceWindowView::of(guarded)))
}

/// Closes it.
pub(super) fn close(
    watched: &ProtectionSnapshot,
    operator: Operator,
    service: &str,
    bytes: &[u8],
) -> Result<AdminResponse, AdminRefusal> {
    let guarded = find_service(&watched.services, service)?;
    if !bytes.is_empty() {
        let CloseWindowRequest {} = admin_body::parse_object(bytes, CLOSE_EXAMPLE)?;
    }
    let was_open = guarded.limits.close_deploy_window(bank_time(guarded));
    tracing::info!(service, was_open, peer = %operator.peer, "an operator closes a deploy window");
    Ok(json(&ServiceWindowView {
        was_open: Some(was_open),
        ..ServiceWindowView::of(guarded)
    }))
}

impl<'a> ServiceWindowView<'a> {
    fn of(guarded: &'a ServiceProtection) -> Self {
        Self {
            service: &guarded.service,
            deploy_window: guarded.limits.deploy_window_view(bank_time(guarded)),
            was_open: None,
        }
    }
}
