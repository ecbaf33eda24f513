//! Runs the program until a signal stops it.

use tokio::signal::unix::{Signal, SignalKind, signal};

use portcullis_config::Config;

use super::app_error::AppError;
use super::reload::ConfigReader;
use super::running_app::RunningApp;
use super::startup::build_reloadable;

/// Serves until SIGTERM or SIGINT arrives, then drains. SIGHUP and the admin port reload the
/// configuration with `config_reader`.
///
/// # Errors
/// [`AppError`] when the program cannot start.
pub fn run(config: Config, config_reader: Option<ConfigReader>) -> Result<(), AppError> {
    let signals = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(AppError::Runtime)?;
    // Signal handlers come first: a signal during startup must not be lost.
    let mut waiting = {
        let _inside = signals.enter();
        ProcessSignals::new().map_err(AppError::Runtime)?
    };
    let running = build_reloadable(config, config_reader)?;
    tracing::info!(
        address = %running.data_address,
        admin = %running.admin_address,
        "ready"
    );
    signals.block_on(waiting.end(&running));
    let ended = running.stop();
    if ended.aborted > 0 {
        tracing::warn!(connections = ended.aborted, "cut at the drain deadline");
    }
    tracing::info!(requests = ended.requests, "stopped");
    Ok(())
}

struct ProcessSignals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl ProcessSignals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for SIGTERM or SIGINT. Reloads on SIGHUP.
    async fn end(&mut self, running: &RunningApp) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => running.reload(),
            }
        }
    }
}
