//! Vendors that have asked for a pause: their answer was 429 or 503 with `Retry-After`.
//!
//! Until then, calls are refused here, for all callers of the vendor: it has limited the credentials that all
//! of them share. The pause has the bound of circuit breakers, `breaker.retry_after_max`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

/// The pauses of all vendors, for all data cores.
#[derive(Clone, Debug, Default)]
pub struct VendorPauses(Arc<Mutex<BTreeMap<String, VendorPause>>>);

/// A pause that a vendor has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct VendorPause {
    /// The status with which it did.
    pub(super) status: StatusCode,
    until: Instant,
}

impl VendorPause {
    /// The seconds that are left, at least one.
    pub(super) fn seconds_left(&self, now: Instant) -> u32 {
        let left = self.until.saturating_duration_since(now);
        u32::try_from(left.as_secs_f64().ceil() as u64)
            .unwrap_or(u32::MAX)
            .max(1)
    }
}

impl VendorPauses {
    /// The pause of a vendor, if it has not ended.
    pub(super) fn current(&self, vendor: &str, now: Instant) -> Option<VendorPause> {
        let mut pauses = self.lock();
        let pause = *pauses.get(vendor)?;
        if pause.until > now {
            return Some(pause);
        }
        pauses.remove(vendor);
        None
    }

    /// Begins a pause, or makes it longer.
    pub(super) fn begin(&self, vendor: &str, status: StatusCode, length: Duration, now: Instant) {
        let until = now + length;
        let mut pauses = self.lock();
        let pause = pauses.entry(vendor.to_owned());
        let pause = pause.or_insert(VendorPause { status, until });
        if until >= pause.until {
            *pause = VendorPause { status, until };
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, VendorPause>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_by_itself_and_belongs_to_one_vendor() {
        let pauses = VendorPauses::default();
        let now = Instant::now();
        let seconds = Duration::from_secs;
        assert_eq!(pauses.current("a", now), None);
        pauses.begin("a", StatusCode::TOO_MANY_REQUESTS, seconds(3), now);
        // A shorter one does not shorten it.
        pauses.begin("a", StatusCode::SERVICE_UNAVAILABLE, seconds(1), now);
        let pause = pauses.current("a", now).unwrap();
        assert_eq!(
            (pause.status, pause.seconds_left(now)),
            (StatusCode::TOO_MANY_REQUESTS, 3)
        );
        assert_eq!(pauses.current("b", now), None);
        let later = now + Duration::from_millis(2_500);
        assert_eq!(pauses.current("a", later).unwrap().seconds_left(later), 1);
        assert_eq!(pauses.current("a", now + seconds(3)), None);
    }
}
