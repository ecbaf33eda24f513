//! The response of the admin port about traffic, as far as it is printed. Unknown properties are
//! ignored, so an older command works with a newer proxy.

use serde::Deserialize;

/// The response of `/traffic`.
#[derive(Debug, Deserialize)]
pub(super) struct TrafficReply {
    pub(super) services: Vec<ServiceTraffic>,
}

/// The traffic of one service.
#[derive(Debug, Deserialize)]
pub(super) struct ServiceTraffic {
    pub(super) service: String,
    pub(super) provider: Option<String>,
    pub(super) since_seconds: f64,
    pub(super) requests: u64,
    pub(super) recent: RecentServiceCalls,
    pub(super) consumers: Vec<CallerTraffic>,
    pub(super) operations: Vec<OperationTraffic>,
    pub(super) uncalled: Vec<String>,
}

/// The traffic of the last seconds.
#[derive(Debug, Deserialize)]
pub(super) struct RecentServiceCalls {
    pub(super) seconds: u64,
    pub(super) requests: u64,
    pub(super) consumers: Vec<RecentCalls>,
}

/// The recent calls of one squad.
#[derive(Debug, Deserialize)]
pub(super) struct RecentCalls {
    pub(super) squad: String,
    pub(super) requests: u64,
}

/// The calls of one squad.
#[derive(Debug, Deserialize)]
pub(super) struct CallerTraffic {
    pub(super) squad: String,
    pub(super) requests: u64,
    pub(super) departed: u64,
    pub(super) outcomes: TrafficOutcomes,
}

/// The calls of one operation.
#[derive(Debug, Deserialize)]
pub(super) struct OperationTraffic {
    pub(super) operation: String,
    pub(super) requests: u64,
    pub(super) departed: u64,
    pub(super) outcomes: TrafficOutcomes,
    pub(super) consumers: Vec<CallerTraffic>,
}

/// How calls ended, as far as it is printed.
#[derive(Debug, Deserialize)]
pub(super) struct TrafficOutcomes {
    pub(super) failed: u64,
    pub(super) unanswered: u64,
    pub(super) truncated: u64,
    pub(super) refused: u64,
    pub(super) shed: u64,
}

impl TrafficOutcomes {
    /// Calls that failed because of the service.
    pub(super) fn failures(&self) -> u64 {
        self.failed + self.unanswered + self.truncated
    }

    /// Calls that the proxy refused.
    pub(super) fn refusals(&self) -> u64 {
        self.refused + self.shed
    }
}
