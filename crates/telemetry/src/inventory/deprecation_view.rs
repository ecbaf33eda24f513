//! The JSON of deprecated operations and who still calls them.

use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;

use super::service_description::{DeprecatedOperation, ServiceDescription};
use super::traffic_inventory::TrafficInventory;

/// A deprecated operation and its callers since the process started.
#[derive(Debug, Serialize)]
pub struct DeprecationView {
    service: String,
    /// The squad that provides the service.
    provider: Option<String>,
    operation: Arc<str>,
    /// When it ends (RFC 3339).
    sunset: Option<String>,
    /// Whether the sunset has passed.
    has_ended: bool,
    successor: Option<String>,
    /// All requests, also those that were refused.
    requests: u64,
    /// The time over which requests were counted.
    since_seconds: f64,
    callers: Vec<DeprecatedCallerView>,
}

/// A squad that calls a deprecated operation.
#[derive(Debug, Serialize)]
struct DeprecatedCallerView {
    squad: Arc<str>,
    requests: u64,
    /// The versions that the requests named.
    versions: Vec<CallerVersionView>,
    last_at: Option<String>,
    last_seconds_ago: Option<f64>,
}

/// The requests of one version of a caller.
#[derive(Debug, Serialize)]
struct CallerVersionView {
    version: Arc<str>,
    requests: u64,
}

impl TrafficInventory {
    /// The deprecated operations of the service, with their callers.
    pub fn deprecations(&self, described: &ServiceDescription) -> Vec<DeprecationView> {
        let now = SystemTime::now();
        let operations = described.deprecated.iter();
        operations
            .map(|deprecated| self.deprecation(described, deprecated, now))
            .collect()
    }

    fn deprecation(
        &self,
        described: &ServiceDescription,
        deprecated: &DeprecatedOperation,
        now: SystemTime,
    ) -> DeprecationView {
        let last = self.last_calls(&deprecated.operation);
        let rows = self.rows().into_iter();
        let callers: Vec<DeprecatedCallerView> = rows
            .filter(|(row, _)| row.operation == deprecated.operation)
            .map(|(row, totals)| {
                let last = last.get(&row.squad).copied();
                let ago = last.and_then(|last| now.duration_since(last).ok());
                let versions = self.caller_versions().of(&row).into_iter();
                let versions =
                    versions.map(|(version, requests)| CallerVersionView { version, requests });
                DeprecatedCallerView {
                    versions: versions.collect(),
                    squad: row.squad,
                    requests: totals.requests(),
                    last_at: last.map(|last| humantime::format_rfc3339_seconds(last).to_string()),
                    last_seconds_ago: ago.map(|ago| ago.as_secs_f64()),
                }
            })
            .collect();
        let sunset = deprecated.sunset;
        DeprecationView {
            service: self.service().to_owned(),
            provider: described.provider.clone(),
            operation: Arc::clone(&deprecated.operation),
            sunset: sunset.map(|time| humantime::format_rfc3339_seconds(time).to_string()),
            has_ended: sunset.is_some_and(|time| now >= time),
            successor: deprecated.successor.clone(),
            requests: callers.iter().map(|caller| caller.requests).sum(),
            since_seconds: self.age().as_secs_f64(),
            callers,
        }
    }
}
