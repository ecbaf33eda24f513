//! The running program, and how it stops.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::admin::Readiness;
use portcullis_config::ListenAddress;
use portcullis_proxy::{DrainTrigger, InFlightCount, ListenerTotals, OpenCalls};
use portcullis_telemetry::AccessLog;
use portcullis_vocabulary::limits::Limits;

use super::control_thread::ControlThread;
use super::reload::ReloadController;

/// A running program. Dropping it does not stop it: call [`RunningApp::stop`].
#[derive(Debug)]
pub struct RunningApp {
    /// The addresses for clients, with the actual port numbers.
    pub data_addresses: Vec<ListenAddress>,
    /// The addresses of the forward proxy, with the actual port numbers; empty if it is off.
    pub egress_addresses: Vec<ListenAddress>,
    /// The addresses of vendors by their services, with the actual port numbers.
    pub vendor_addresses: BTreeMap<String, Vec<ListenAddress>>,
    /// The address for operators, with the actual port number.
    pub admin_address: ListenAddress,
    /// The state behind `/readyz`.
    pub readiness: Readiness,
    pub(super) trigger: DrainTrigger,
    pub(super) data: Vec<JoinHandle<ListenerTotals>>,
    /// The requests of each data core.
    pub(super) in_flight: Vec<InFlightCount>,
    /// The calls and tunnels of the forward proxy.
    pub(super) calls: Arc<OpenCalls>,
    pub(super) control: ControlThread,
    pub(super) limits: Limits,
    pub(super) reload: ReloadController,
}

/// Totals over the life of the program, known after it has stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServedTotals {
    /// Requests that were answered.
    pub requests: u64,
    /// Connections that were closed at the drain deadline.
    pub aborted: u64,
}

impl RunningApp {
    /// The first port for clients, with its actual number.
    pub fn data_port(&self) -> Option<SocketAddr> {
        self.data_addresses.iter().find_map(ListenAddress::tcp)
    }

    /// Drains and stops the program; blocks until it has stopped. Readiness fails at once. After
    /// `limits.drain_delay` no new connection is accepted. Requests in flight may finish until
    /// `limits.drain_timeout`; then their connections are closed.
    pub fn stop(self) -> ServedTotals {
        self.readiness.drain();
        self.trigger.announce();
        tracing::info!(
            requests_left = self.requests_in_flight(),
            calls_left = self.calls.to_hosts(),
            "draining: not ready, every answer closes its connection; a second signal ends the process"
        );
        thread::sleep(self.limits.drain_delay);
        let patience = self.limits.drain_timeout;
        self.finish(patience)
    }

    /// The requests that have arrived and have not been answered completely.
    pub fn requests_in_flight(&self) -> usize {
        self.in_flight.iter().map(InFlightCount::get).sum()
    }

    /// Starts a reload of the configuration and of every contract, as SIGHUP does, and returns.
    pub fn reload(&self) {
        let reload_controller = self.reload.clone();
        self.control
            .handle
            .spawn(async move { reload_controller.reload_all().await });
    }

    fn finish(self, patience: Duration) -> ServedTotals {
        self.trigger.stop(tokio::time::Instant::now() + patience);
        let mut ended = ServedTotals::default();
        for core in self.data {
            let served = core.join().unwrap_or_default();
            ended.requests += served.requests;
            ended.aborted += served.aborted;
        }
        AccessLog::of_process().write_folded(None);
        drop(self.control.stop);
        // The panic hook has reported a panic of this thread.
        let _ = self.control.thread.join();
        ended
    }
}
