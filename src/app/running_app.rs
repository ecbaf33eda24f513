//! The running program, and its end.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::admin::Readiness;
use crate::proxy::{DrainTrigger, ListenerTotals};
use portcullis_vocabulary::limits::Limits;

use super::control_thread::ControlThread;
use super::reload::ReloadController;

/// A running program. Dropping it does not stop it: call [`RunningApp::stop`].
#[derive(Debug)]
pub struct RunningApp {
    /// Where clients connect, with the real port.
    pub data_address: SocketAddr,
    /// Where operators connect, with the real port.
    pub admin_address: SocketAddr,
    /// The state behind `/readyz`.
    pub readiness: Readiness,
    pub(super) trigger: DrainTrigger,
    pub(super) data: Vec<JoinHandle<ListenerTotals>>,
    pub(super) control: ControlThread,
    pub(super) limits: Limits,
    pub(super) steering: ReloadController,
}

/// What was served in all, when everything has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServedTotals {
    /// Requests answered.
    pub requests: u64,
    /// Connections that were cut at the deadline.
    pub aborted: u64,
}

impl RunningApp {
    /// Drains: readiness fails, then (after `limits.drain_delay`) no connection is accepted any
    /// more, requests in flight finish, and what is left at `limits.drain_timeout` is cut.
    /// Blocks until then.
    pub fn stop(self) -> ServedTotals {
        self.readiness.drain();
        self.trigger.announce();
        tracing::info!("draining: not ready, every answer closes its connection");
        thread::sleep(self.limits.drain_delay);
        let patience = self.limits.drain_timeout;
        self.finish(patience)
    }

    /// Reads the configuration and every contract again, as SIGHUP does. Does not wait for it.
    pub fn reload(&self) {
        let reload_controller = self.steering.clone();
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
        drop(self.control.stop);
        // Its panic was reported by the panic hook; there is nothing left to save.
        let _ = self.control.thread.join();
        ended
    }
}
