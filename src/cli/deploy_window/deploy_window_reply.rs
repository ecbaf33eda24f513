//! The responses of the admin port about deploy windows, as far as they are printed.

use serde::Deserialize;

/// The response of `/deploy-windows`.
#[derive(Debug, Deserialize)]
pub(super) struct DeployWindowsReply {
    pub(super) services: Vec<ServiceWindow>,
}

/// The deploy window of one service.
#[derive(Debug, Deserialize)]
pub(super) struct ServiceWindow {
    pub(super) service: String,
    pub(super) deploy_window: Option<OpenWindowStatus>,
    pub(super) was_open: Option<bool>,
}

/// An open deploy window.
#[derive(Debug, Deserialize)]
pub(crate) struct OpenWindowStatus {
    pub(super) remaining_seconds: f64,
    pub(super) reason: Option<String>,
}
