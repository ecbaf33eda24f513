//! Deploy windows: times in which failures of a service are expected.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A time in which failures are expected. Tiers may have another threshold within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployWindow {
    /// When it was opened, since the limits were created.
    pub since: Duration,
    /// When it ends by itself.
    pub until: Duration,
    /// The reason that the operator gave.
    pub reason: Option<String>,
}

/// The deploy window of one service, if one is open. Every recorded call asks whether it is open,
/// so its end is kept in an atomic as well.
#[derive(Debug, Default)]
pub(super) struct CurrentDeployWindow {
    until_ms: AtomicU64,
    window: Mutex<Option<DeployWindow>>,
}

impl CurrentDeployWindow {
    pub(super) fn is_open(&self, now: Duration) -> bool {
        now.as_millis() < u128::from(self.until_ms.load(Ordering::Acquire))
    }

    /// Opens a window, or gives the open one another end and reason.
    pub(super) fn open(&self, now: Duration, length: Duration, reason: Option<String>) {
        let mut window = self.lock();
        let since = match &*window {
            Some(open) if now < open.until => open.since,
            _ => now,
        };
        let until = now + length;
        *window = Some(DeployWindow {
            since,
            until,
            reason,
        });
        let until_ms = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
        self.until_ms.store(until_ms, Ordering::Release);
    }

    /// Closes the window; false when none was open.
    pub(super) fn close(&self, now: Duration) -> bool {
        let was_open = self.is_open(now);
        *self.lock() = None;
        self.until_ms.store(0, Ordering::Release);
        was_open
    }

    pub(super) fn get(&self, now: Duration) -> Option<DeployWindow> {
        let window = self.lock().clone();
        window.filter(|window| now < window.until)
    }

    /// Takes over the window of earlier limits.
    pub(super) fn inherit(&self, before: &Self) {
        let until = before.until_ms.load(Ordering::Acquire);
        self.until_ms.store(until, Ordering::Release);
        self.lock().clone_from(&before.lock());
    }

    fn lock(&self) -> MutexGuard<'_, Option<DeployWindow>> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
