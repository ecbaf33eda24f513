//! The responses of the admin port about circuit breakers, as far as they are printed. Unknown
//! properties are ignored, so an older command works with a newer proxy.

use serde::Deserialize;

use crate::cli::deploy_window::OpenWindowStatus;

/// The response of `/breakers`.
#[derive(Debug, Deserialize)]
pub(super) struct BreakersReply {
    pub(super) services: Vec<ServiceBreakers>,
}

/// The breakers, shares and budget of one service.
#[derive(Debug, Deserialize)]
pub(super) struct ServiceBreakers {
    pub(super) service: String,
    pub(super) mode: String,
    pub(super) deploy_window: Option<OpenWindowStatus>,
    /// The breaker for all callers.
    #[serde(rename = "everybody")]
    pub(super) all_callers: BreakerStatus,
    pub(super) squads: Vec<BreakerStatus>,
    pub(super) shares: ShareStatus,
    pub(super) budget: Option<BudgetStatus>,
}

/// One circuit breaker.
#[derive(Debug, Deserialize)]
pub(super) struct BreakerStatus {
    pub(super) squad: Option<String>,
    pub(super) tier: Option<String>,
    pub(super) state: String,
    #[serde(rename = "override")]
    pub(super) over: String,
    pub(super) reason: Option<String>,
    pub(super) remaining_seconds: Option<f64>,
    #[serde(default)]
    pub(super) waiting_for_call: bool,
    pub(super) calls: u64,
    pub(super) failures: u64,
}

/// The requests in flight.
#[derive(Debug, Deserialize)]
pub(super) struct ShareStatus {
    pub(super) limit: u64,
    pub(super) adaptive: bool,
    pub(super) in_flight: u64,
    pub(super) waiting: u64,
    #[serde(default)]
    pub(super) lent: u64,
    pub(super) squads: Vec<SquadShare>,
}

/// The share of one squad.
#[derive(Debug, Deserialize)]
pub(super) struct SquadShare {
    pub(super) squad: String,
    pub(super) weight: u64,
    pub(super) guaranteed: u64,
    /// Missing in responses of older versions, as the next ones.
    #[serde(default)]
    pub(super) never_lent: u64,
    pub(super) in_flight: u64,
    #[serde(default)]
    pub(super) borrowed: u64,
}

/// The budget for requests between squads.
#[derive(Debug, Deserialize)]
pub(super) struct BudgetStatus {
    pub(super) requests: u64,
    pub(super) cross_squad: u64,
    pub(super) cross_squad_max: f64,
}

/// The response to an override.
#[derive(Debug, Deserialize)]
pub(super) struct OverrideReply {
    pub(super) service: String,
    pub(super) changed: Vec<BreakerStatus>,
}

impl BreakerStatus {
    /// Whether it refuses no caller: it is closed, or half-open without any calls.
    pub(super) fn refuses_nothing(&self) -> bool {
        self.state == "closed" || self.waiting_for_call
    }
}

impl ServiceBreakers {
    /// Every breaker; the one for all callers comes first.
    pub(super) fn breakers(&self) -> impl Iterator<Item = &BreakerStatus> {
        std::iter::once(&self.all_callers).chain(&self.squads)
    }
}
