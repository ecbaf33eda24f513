//! The signal that drains a data core.
//!
//! The drain has three phases. First, requests are still served, but every answer has
//! `connection: close`, so load balancers and clients move to other instances. Then the core
//! accepts the handshakes that have begun and closes the listening socket, and connections end
//! when they are idle. At the deadline the remaining connections are aborted.

use tokio::sync::watch;
use tokio::time::Instant;

/// The phase of a drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrainPhase {
    /// No drain.
    Serving,
    /// New connections and requests are served, and every answer closes its connection.
    Announcing,
    /// No new connections are accepted. Connections end when they have no request in flight.
    Stopping {
        /// When the remaining connections are aborted.
        deadline: Instant,
    },
}

/// Starts the phases of a drain.
#[derive(Debug)]
pub struct DrainTrigger(watch::Sender<DrainPhase>);

/// Receives the phases of a drain. Each data core gets a clone.
#[derive(Clone, Debug)]
pub struct DrainSignal(watch::Receiver<DrainPhase>);

/// A trigger and its signal. The trigger may be used on another runtime.
pub fn drain() -> (DrainTrigger, DrainSignal) {
    let (sender, receiver) = watch::channel(DrainPhase::Serving);
    (DrainTrigger(sender), DrainSignal(receiver))
}

impl DrainTrigger {
    /// Makes every answer close its connection.
    pub fn announce(&self) {
        self.0.send_replace(DrainPhase::Announcing);
    }

    /// Stops accepting connections, and aborts those that are still open at `deadline`.
    pub fn stop(&self, deadline: Instant) {
        self.0.send_replace(DrainPhase::Stopping { deadline });
    }
}

impl DrainSignal {
    /// Waits for the next phase. If the trigger was dropped, this waits forever.
    pub(super) async fn next(&mut self) -> DrainPhase {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        *self.0.borrow_and_update()
    }

    /// The current phase.
    pub(super) fn now(&mut self) -> DrainPhase {
        *self.0.borrow_and_update()
    }
}
