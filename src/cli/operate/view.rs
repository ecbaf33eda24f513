//! What an admin port answers, as far as it is printed. What is not known here is passed over,
//! so that an older command can ask a newer proxy.

use serde::Deserialize;

/// The answer of `/breakers`.
#[derive(Debug, Deserialize)]
pub(super) struct Breakers {
    pub(super) services: Vec<Bank>,
}

/// One service.
#[derive(Debug, Deserialize)]
pub(super) struct Bank {
    pub(super) service: String,
    pub(super) mode: String,
    pub(super) deploy_window: Option<Window>,
    pub(super) everybody: Cell,
    pub(super) squads: Vec<Cell>,
    pub(super) shares: Shares,
    pub(super) budget: Option<Budget>,
}

/// One breaker.
#[derive(Debug, Deserialize)]
pub(super) struct Cell {
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
pub(super) struct Shares {
    pub(super) limit: u64,
    pub(super) adaptive: bool,
    pub(super) in_flight: u64,
    pub(super) waiting: u64,
    pub(super) squads: Vec<Share>,
}

/// One squad's part.
#[derive(Debug, Deserialize)]
pub(super) struct Share {
    pub(super) squad: String,
    pub(super) weight: u64,
    pub(super) guaranteed: u64,
    pub(super) in_flight: u64,
}

/// Traffic between squads.
#[derive(Debug, Deserialize)]
pub(super) struct Budget {
    pub(super) requests: u64,
    pub(super) cross_squad: u64,
    pub(super) cross_squad_max: f64,
}

/// The answer to an override.
#[derive(Debug, Deserialize)]
pub(super) struct Changed {
    pub(super) service: String,
    pub(super) changed: Vec<Cell>,
}

/// The answer of `/deploy-windows`.
#[derive(Debug, Deserialize)]
pub(super) struct Windows {
    pub(super) services: Vec<ServiceWindow>,
}

/// The deploy window of one service.
#[derive(Debug, Deserialize)]
pub(super) struct ServiceWindow {
    pub(super) service: String,
    pub(super) deploy_window: Option<Window>,
    pub(super) was_open: Option<bool>,
}

/// An open deploy window.
#[derive(Debug, Deserialize)]
pub(super) struct Window {
    pub(super) remaining_seconds: f64,
    pub(super) reason: Option<String>,
}

impl Cell {
    /// Whether all traffic passes.
    pub(super) fn is_closed(&self) -> bool {
        self.state == "closed"
    }
}

impl Bank {
    /// Every breaker, the one that cuts everybody first.
    pub(super) fn cells(&self) -> impl Iterator<Item = &Cell> {
        std::iter::once(&self.everybody).chain(&self.squads)
    }
}
