//! What an admin port answers, as far as it is printed. What is not known here is passed over,
//! so that an older command can ask a newer proxy.

use serde::Deserialize;

/// The answer of `/breakers`.
#[derive(Debug, Deserialize)]
pub(super) struct BreakersReply {
    pub(super) services: Vec<ServiceBreakers>,
}

/// One service.
#[derive(Debug, Deserialize)]
pub(super) struct ServiceBreakers {
    pub(super) service: String,
    pub(super) mode: String,
    pub(super) deploy_window: Option<OpenWindowStatus>,
    pub(super) everybody: BreakerStatus,
    pub(super) squads: Vec<BreakerStatus>,
    pub(super) shares: ShareStatus,
    pub(super) budget: Option<BudgetStatus>,
}

/// One breaker.
#[derive(Debug, Deserialize)]
pub(super) struct BreakerStatus {
    pub(super) squad: Option<String>,
    pub(super) tier: Option<String>,
    pub(super) state: String,
    #[serde(rename = "override")]
    pub(super) over: String,
    pub(super) reason: Option<String>,
    pub(super) remaining_seconds: Option<f64>,
    pub(super) calls: u64,
    pub(super) failures: u64,
}

/// What is in flight.
#[derive(Debug, Deserialize)]
pub(super) struct ShareStatus {
    pub(super) limit: u64,
    pub(super) adaptive: bool,
    pub(super) in_flight: u64,
    pub(super) waiting: u64,
    pub(super) squads: Vec<SquadShare>,
}

/// One squad's part.
#[derive(Debug, Deserialize)]
pub(super) struct SquadShare {
    pub(super) squad: String,
    pub(super) weight: u64,
    pub(super) guaranteed: u64,
    pub(super) in_flight: u64,
}

/// Traffic between squads.
#[derive(Debug, Deserialize)]
pub(super) struct BudgetStatus {
    pub(super) requests: u64,
    pub(super) cross_squad: u64,
    pub(super) cross_squad_max: f64,
}

/// The answer to an override.
#[derive(Debug, Deserialize)]
pub(super) struct OverrideReply {
    pub(super) service: String,
    pub(super) changed: Vec<BreakerStatus>,
}

/// The answer of `/deploy-windows`.
#[derive(Debug, Deserialize)]
pub(crate) struct DeployWindowsReply {
    pub(crate) services: Vec<ServiceWindow>,
}

/// The deploy window of one service.
#[derive(Debug, Deserialize)]
pub(crate) struct ServiceWindow {
    pub(super) service: String,
    pub(super) deploy_window: Option<OpenWindowStatus>,
    pub(super) was_open: Option<bool>,
}

/// An open deploy window.
#[derive(Debug, Deserialize)]
pub(super) struct OpenWindowStatus {
    pub(super) remaining_seconds: f64,
    pub(super) reason: Option<String>,
}

impl BreakerStatus {
    /// Whether all traffic passes.
    pub(super) fn is_closed(&self) -> bool {
        self.state == "closed"
    }
}

impl ServiceBreakers {
    /// Every breaker, the one that cuts everybody first.
    pub(super) fn breakers(&self) -> impl Iterator<Item = &BreakerStatus> {
        std::iter::once(&self.everybody).chain(&self.squads)
    }
}
