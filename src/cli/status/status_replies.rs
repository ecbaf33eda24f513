//! The responses of the admin port, as far as the status uses them. Unknown properties are ignored, so
//! an older command works with a newer proxy.

use serde::Deserialize;

/// The response of `/contracts`.
#[derive(Debug, Deserialize)]
pub(super) struct ContractStates {
    pub(super) services: Vec<ContractState>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ContractState {
    pub(super) service: String,
    pub(super) version: Option<String>,
    /// Whether a revision is active.
    pub(super) in_force: bool,
    /// Whether the source has another revision, or cannot be read, and an older one is active.
    pub(super) stale: bool,
    pub(super) stale_since: Option<String>,
    pub(super) last_error: Option<String>,
    #[serde(default)]
    pub(super) warnings: Vec<String>,
}

/// The response of `/breakers`.
#[derive(Debug, Deserialize)]
pub(super) struct CircuitStates {
    pub(super) services: Vec<ServiceCircuits>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ServiceCircuits {
    pub(super) service: String,
    #[serde(rename = "everybody")]
    pub(super) all_callers: CircuitState,
    pub(super) squads: Vec<CircuitState>,
    pub(super) shares: ShareFigures,
}

#[derive(Debug, Deserialize)]
pub(super) struct CircuitState {
    pub(super) squad: Option<String>,
    pub(super) tier: Option<String>,
    pub(super) state: String,
    pub(super) reason: Option<String>,
    pub(super) since_seconds: Option<f64>,
    #[serde(default)]
    pub(super) waiting_for_call: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct ShareFigures {
    pub(super) limit: u64,
    pub(super) in_flight: u64,
    pub(super) waiting: u64,
}

/// The response of `/traffic`.
#[derive(Debug, Deserialize)]
pub(super) struct TrafficStates {
    pub(super) services: Vec<TrafficState>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TrafficState {
    pub(super) service: String,
    pub(super) recent: RecentFigures,
    #[serde(default)]
    pub(super) untrusted_squad_headers: u64,
}

/// The traffic of the last seconds.
#[derive(Debug, Deserialize)]
pub(super) struct RecentFigures {
    pub(super) seconds: u64,
    pub(super) requests: u64,
    pub(super) wrong_requests: u64,
    pub(super) wrong_responses: u64,
    pub(super) outcomes: RecentOutcomes,
}

#[derive(Debug, Deserialize)]
pub(super) struct RecentOutcomes {
    pub(super) failed: u64,
    pub(super) unanswered: u64,
    pub(super) unsent: u64,
    pub(super) truncated: u64,
}

impl CircuitState {
    /// Whether it refuses calls: it is open, or half-open with calls to refuse.
    pub(super) fn refuses(&self) -> bool {
        self.state != "closed" && !self.waiting_for_call
    }
}

impl ServiceCircuits {
    /// Every circuit; the one for all callers comes first.
    pub(super) fn circuits(&self) -> impl Iterator<Item = &CircuitState> {
        std::iter::once(&self.all_callers).chain(&self.squads)
    }
}

impl RecentOutcomes {
    /// Requests that failed because of the service.
    pub(super) fn failures(&self) -> u64 {
        self.failed + self.unanswered + self.truncated
    }
}

/// The response of `/tls`.
#[derive(Debug, Deserialize)]
pub(super) struct TlsStates {
    pub(super) sections: Vec<TlsState>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TlsState {
    pub(super) section: String,
    pub(super) problem: Option<String>,
}

/// The response of `/upstreams`.
#[derive(Debug, Deserialize)]
pub(super) struct UpstreamStates {
    pub(super) services: Vec<UpstreamState>,
}

#[derive(Debug, Deserialize)]
pub(super) struct UpstreamState {
    pub(super) service: String,
    pub(super) servers: Vec<ServerState>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ServerState {
    pub(super) address: String,
    pub(super) state: String,
    pub(super) since: Option<String>,
    pub(super) fault: Option<String>,
}
