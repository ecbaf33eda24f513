//! How a data core is told to stop.
//!
//! First every answer announces the end (`connection: close`) while everything is still
//! served, so that load balancers and clients move on; then the listening socket takes what
//! has begun and is closed, and the connections end one by one; at the deadline the rest is aborted.

use tokio::sync::watch;
use tokio::time::Instant;

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrainPhase {
    /// Not at all.
    Serving,
    /// New connections and requests are served, and every answer closes its connection.
    Announcing,
    /// No new connections; those that exist end when they have nothing in flight.
    Stopping {
        /// When what is left is aborted.
        deadline: Instant,
    },
}

/// The side that decides.
#[derive(Debug)]
pub struct DrainTrigger(watch::Sender<DrainPhase>);

/// The side of one data core. Clone it for each.
#[derive(Clone, Debug)]
pub struct DrainSignal(watch::Receiver<DrainPhase>);

/// A trigger, which may live on another runtime, and its receiver.
pub fn drain() -> (DrainTrigger, DrainSignal) {
    let (sender, receiver) = watch::channel(DrainPhase::Serving);
    (DrainTrigger(sender), DrainSignal(receiver))
}

impl DrainTrigger {
    /// Lets every answer announce the end.
    pub fn announce(&self) {
        self.0.send_replace(DrainPhase::Announcing);
    }

    /// Stops accepting, and aborts at `deadline` what has not ended by then.
    pub fn stop(&self, deadline: Instant) {
        self.0.send_replace(DrainPhase::Stopping { deadline });
    }
}

impl DrainSignal {
    /// Waits for the next phase. A trigger that is gone changes nothing.
    pub(super) async fn next(&mut self) -> DrainPhase {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        *self.0.borrow_and_update()
    }

    /// The present phase.
    pub(super) fn now(&mut self) -> DrainPhase {
        *self.0.borrow_and_update()
    }
}
