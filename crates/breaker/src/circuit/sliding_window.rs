//! Counts over the last ten seconds, in ten buckets of one second.
//!
//! Each data core counts in its own window, and all windows are summed to decide, so counting
//! shares no memory between cores. The owner is the only writer, so plain loads and stores suffice.
//! A bucket is emptied before its second is written, so a reader on another core never takes old
//! counts for new ones.
//!
//! A window counts for one generation of its breaker; the counts of older ones are ignored.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The length of a window, in seconds and in buckets.
pub(crate) const SECONDS: u32 = 10;

/// The second of a bucket that was never used.
const NEVER: u32 = u32::MAX;

/// The counts of one core, aligned so that two cores' counts never share a cache line.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct SlidingWindow {
    generation: AtomicU32,
    buckets: [WindowBucket; SECONDS as usize],
}

#[derive(Debug)]
struct WindowBucket {
    second: AtomicU32,
    calls: AtomicU32,
    failures: AtomicU32,
    slow: AtomicU32,
}

/// Counts of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallTally {
    /// All calls.
    pub calls: u32,
    /// Calls that failed.
    pub failures: u32,
    /// Calls that were slow.
    pub slow: u32,
}

impl Default for SlidingWindow {
    fn default() -> Self {
        Self {
            generation: AtomicU32::new(0),
            buckets: std::array::from_fn(|_| WindowBucket {
                second: AtomicU32::new(NEVER),
                calls: AtomicU32::new(0),
                failures: AtomicU32::new(0),
                slow: AtomicU32::new(0),
            }),
        }
    }
}

impl SlidingWindow {
    /// Counts a call. Only the owner may call it.
    pub(crate) fn count(&self, generation: u32, second: u32, failed: bool, slow: bool) {
        self.begin(generation);
        let bucket = self.bucket(second);
        let of = bucket.second.load(Ordering::Relaxed);
        if of != NEVER && of > second {
            // The bucket already holds a later second.
            return;
        }
        if of != second {
            bucket.second.store(NEVER, Ordering::Release);
            bucket.calls.store(0, Ordering::Release);
            bucket.failures.store(0, Ordering::Release);
            bucket.slow.store(0, Ordering::Release);
            bucket.second.store(second, Ordering::Release);
        }
        add(&bucket.calls, 1);
        add(&bucket.failures, u32::from(failed));
        add(&bucket.slow, u32::from(slow));
    }

    /// Counts that a call of this second, which was counted as a success, failed after all. A
    /// second that has left the window is not changed. Only the owner may call it.
    pub(super) fn count_late_failure(&self, generation: u32, second: u32) {
        let bucket = self.bucket(second);
        let is_counted = self.generation.load(Ordering::Relaxed) == generation
            && bucket.second.load(Ordering::Relaxed) == second
            && bucket.failures.load(Ordering::Relaxed) < bucket.calls.load(Ordering::Relaxed);
        if is_counted {
            add(&bucket.failures, 1);
        }
    }

    /// The counts of a generation in the ten seconds that end with this one.
    pub(super) fn tally(&self, generation: u32, second: u32) -> CallTally {
        let mut tally = CallTally::default();
        if self.generation.load(Ordering::Acquire) != generation {
            return tally;
        }
        for bucket in &self.buckets {
            let of = bucket.second.load(Ordering::Acquire);
            // Another core may be a second ahead.
            if of != NEVER && second.saturating_sub(of) < SECONDS {
                // Read in the reverse order of writing, so there are never more failures than
                // calls.
                tally.slow += bucket.slow.load(Ordering::Acquire);
                tally.failures += bucket.failures.load(Ordering::Acquire);
                tally.calls += bucket.calls.load(Ordering::Acquire);
            }
        }
        tally
    }

    fn begin(&self, generation: u32) {
        if self.generation.load(Ordering::Relaxed) != generation {
            for bucket in &self.buckets {
                bucket.second.store(NEVER, Ordering::Release);
            }
            self.generation.store(generation, Ordering::Release);
        }
    }

    fn bucket(&self, second: u32) -> &WindowBucket {
        &self.buckets[(second % SECONDS) as usize]
    }
}

/// Sums the windows of all cores.
pub(crate) fn tally(windows: &[SlidingWindow], generation: u32, second: u32) -> CallTally {
    windows.iter().fold(CallTally::default(), |sum, window| {
        let tally = window.tally(generation, second);
        CallTally {
            calls: sum.calls + tally.calls,
            failures: sum.failures + tally.failures,
            slow: sum.slow + tally.slow,
        }
    })
}

/// One window for each core.
pub(crate) fn windows(cores: usize) -> Box<[SlidingWindow]> {
    (0..cores).map(|_| SlidingWindow::default()).collect()
}

/// The second of a window in which an instant lies.
pub(crate) fn second(now: Duration) -> u32 {
    now.as_secs() as u32
}

/// Adds where there is one writer, so no atomic read-modify-write is needed.
fn add(counter: &AtomicU32, n: u32) {
    counter.store(counter.load(Ordering::Relaxed) + n, Ordering::Release);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(calls: u32, failures: u32, slow: u32) -> CallTally {
        CallTally {
            calls,
            failures,
            slow,
        }
    }

    #[test]
    fn a_second_leaves_the_window_after_ten_seconds() {
        let window = SlidingWindow::default();
        window.count(1, 0, true, false);
        window.count(1, 0, false, true);
        window.count(1, 9, false, false);
        assert_eq!(window.tally(1, 9), of(3, 1, 1));
        assert_eq!(window.tally(1, 10), of(1, 0, 0));
        window.count(1, 10, true, false);
        assert_eq!(window.tally(1, 10), of(2, 1, 0));
        assert_eq!(window.tally(1, 19), of(1, 1, 0));
        assert_eq!(window.tally(1, 20), of(0, 0, 0));
    }

    #[test]
    fn generations_are_counted_apart() {
        let window = SlidingWindow::default();
        window.count(1, 5, true, false);
        assert_eq!(window.tally(2, 5), of(0, 0, 0));
        window.count(2, 5, false, false);
        assert_eq!(window.tally(2, 5), of(1, 0, 0));
        assert_eq!(window.tally(1, 5), of(0, 0, 0));
        window.count_late_failure(1, 5);
        assert_eq!(window.tally(2, 5), of(1, 0, 0));
    }

    #[test]
    fn a_late_failure_counts_in_the_second_of_its_call() {
        let window = SlidingWindow::default();
        window.count(1, 5, false, false);
        window.count_late_failure(1, 5);
        window.count_late_failure(1, 5);
        window.count_late_failure(1, 4);
        assert_eq!(window.tally(1, 14), of(1, 1, 0));
        window.count_late_failure(1, 15);
        assert_eq!(window.tally(1, 15), of(0, 0, 0));
    }

    #[test]
    fn the_counts_of_all_cores_are_summed() {
        let windows = windows(3);
        windows[0].count(4, 7, true, false);
        windows[2].count(4, 8, false, false);
        windows[1].count(3, 8, true, true);
        assert_eq!(tally(&windows, 4, 8), of(2, 1, 0));
    }
}
