//! Runs the program until a signal stops it.
//!
//! A separate thread waits for signals, so that a second signal ends the process whatever the
//! main thread does: reading contracts at the start, draining, or exporting the last spans.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::signal::unix::{Signal, SignalKind, signal};

use portcullis_config::{Config, ListenAddress};

use super::app_error::AppError;
use super::descriptors::raise_limit;
use super::reload::ConfigReader;
use super::running_app::RunningApp;
use super::startup::build_reloadable;

/// The exit status of a process that a signal ended is this plus the number of the signal, as in
/// a shell.
const EXIT_BY_SIGNAL: i32 = 128;

/// What is done before a second signal ends the process, because nothing is dropped then.
pub type LastAct = Box<dyn Fn() + Send>;

/// Serves until SIGTERM or SIGINT arrives, then drains. A second one of them ends the process at
/// once, after `last_act`. SIGHUP and the admin port reload the configuration with `config_reader`.
///
/// # Errors
/// [`AppError`] when the program cannot start.
pub fn run(
    config: Config,
    config_reader: Option<ConfigReader>,
    last_act: LastAct,
) -> Result<(), AppError> {
    // Signal handlers come first: a signal during startup must not be lost.
    let requests = watch_signals(last_act)?;
    raise_limit();
    let running = build_reloadable(config, config_reader)?;
    announce_readiness(&running);
    await_stop(&requests, &running);
    let ended = running.stop();
    if ended.aborted > 0 {
        tracing::warn!(connections = ended.aborted, "cut at the drain deadline");
    }
    tracing::info!(requests = ended.requests, "stopped");
    Ok(())
}

/// Logs that the program is ready, when it is. If it waits, also logs for what.
fn announce_readiness(running: &RunningApp) {
    let admin = running.admin_address.clone();
    let address = joined(&running.data_addresses);
    if !running.egress_addresses.is_empty() {
        let address = joined(&running.egress_addresses);
        tracing::info!(%address, "forward proxy");
    }
    for (service, addresses) in &running.vendor_addresses {
        let address = joined(addresses);
        tracing::info!(service, %address, "address of a vendor");
    }
    let missing = running.readiness.reasons();
    if !missing.is_empty() {
        let missing = missing.join("; ");
        tracing::info!(%address, %admin, missing, "listening, not ready yet");
    }
    running
        .readiness
        .when_ready(move || tracing::info!(%address, %admin, "ready"));
}

fn joined(addresses: &[ListenAddress]) -> String {
    let addresses = addresses.iter().map(ToString::to_string);
    addresses.collect::<Vec<_>>().join(",")
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SignalRequest {
    Stop,
    Reload,
}

/// Reloads on request until a stop is requested.
fn await_stop(requests: &Receiver<SignalRequest>, running: &RunningApp) {
    // The sender lives as long as the process.
    while requests.recv() == Ok(SignalRequest::Reload) {
        running.reload();
    }
}

/// Starts the thread that waits for signals.
fn watch_signals(last_act: LastAct) -> Result<Receiver<SignalRequest>, AppError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(AppError::Runtime)?;
    let signals = {
        let _inside = runtime.enter();
        ProcessSignals::new().map_err(AppError::Runtime)?
    };
    let (sender, requests) = channel();
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(signals.forward(&sender, last_act)))
        .map_err(AppError::Runtime)?;
    Ok(requests)
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

    /// Forwards signals to the main thread. The second signal to stop ends the process.
    async fn forward(mut self, sender: &Sender<SignalRequest>, last_act: LastAct) {
        let mut is_stopping = false;
        loop {
            let kind = tokio::select! {
                _ = self.terminate.recv() => SignalKind::terminate(),
                _ = self.interrupt.recv() => SignalKind::interrupt(),
                _ = self.hang_up.recv() => SignalKind::hangup(),
            };
            let request = if kind == SignalKind::hangup() {
                SignalRequest::Reload
            } else if is_stopping {
                last_act();
                end_process(kind);
            } else {
                is_stopping = true;
                SignalRequest::Stop
            };
            // The main thread takes no more requests while it drains.
            let _ = sender.send(request);
        }
    }
}

#[expect(
    clippy::exit,
    reason = "the main thread may be blocked, and an operator has asked twice"
)]
fn end_process(kind: SignalKind) -> ! {
    std::process::exit(EXIT_BY_SIGNAL + kind.as_raw_value())
}
