//! How many frames without content, and how many cancelled requests, a client may send.
//!
//! Each frame costs an allowance. Time and answers give some back, so a client that works sends as
//! many as it needs, and one that only sends such frames is soon noticed. A cancelled request costs
//! until another one is answered or a second has passed. Time is an argument.

use std::time::Duration;

/// How many frames without content a client may send for each frame of an answer.
const FRAMES_PER_ANSWER_FRAME: u32 = 10;

/// What one connection may still send.
#[derive(Clone, Debug)]
pub struct FrameBudget {
    frames_max: u32,
    frames: u32,
    resets_max: u32,
    /// Requests that were cancelled in excess of those that were answered.
    resets: u32,
    frames_at: Duration,
    resets_at: Duration,
}

impl FrameBudget {
    /// The whole budget. Times are since the connection began.
    pub fn new(frames_max: u32, resets_max: u32) -> Self {
        Self {
            frames_max,
            frames: frames_max,
            resets_max,
            resets: 0,
            frames_at: Duration::ZERO,
            resets_at: Duration::ZERO,
        }
    }

    /// Spends frames. Returns whether there were enough.
    pub fn spend(&mut self, frames: u32, now: Duration) -> bool {
        if let Some(left) = self.frames.checked_sub(frames) {
            self.frames = left;
            return true;
        }
        let gained =
            now.saturating_sub(self.frames_at).as_secs_f64() * f64::from(self.frames_max) / 10.0;
        self.frames_at = now;
        self.give(gained as u32);
        let left = self.frames.checked_sub(frames);
        self.frames = left.unwrap_or_default();
        left.is_some()
    }

    /// Notes frames of an answer.
    pub fn answer_frames(&mut self, frames: u32) {
        self.give(frames.saturating_mul(FRAMES_PER_ANSWER_FRAME));
    }

    /// Notes a request that was answered completely.
    pub fn answered(&mut self) {
        self.resets = self.resets.saturating_sub(1);
    }

    /// Notes a request that was cancelled before its answer began.
    pub fn cancelled(&mut self, now: Duration) {
        let seconds = now.saturating_sub(self.resets_at).as_secs();
        self.resets_at += Duration::from_secs(seconds);
        let passed = u32::try_from(seconds).unwrap_or(u32::MAX);
        self.resets = self.resets.saturating_sub(passed).saturating_add(1);
    }

    /// By how many cancelled requests the limit is exceeded.
    pub fn resets_in_excess(&self) -> u32 {
        self.resets.saturating_sub(self.resets_max)
    }

    fn give(&mut self, frames: u32) {
        self.frames = self.frames.saturating_add(frames).min(self.frames_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn frames_come_back_with_time_and_answers() {
        let mut budget = FrameBudget::new(100, 20);
        assert!(budget.spend(100, Duration::ZERO));
        assert!(!budget.spend(1, Duration::ZERO));
        assert!(budget.spend(10, SECOND), "a tenth each second");
        assert!(!budget.spend(1, SECOND));
        budget.answer_frames(1);
        assert!(budget.spend(10, SECOND));
        budget.answer_frames(1000);
        assert!(budget.spend(100, SECOND));
        assert!(!budget.spend(1, SECOND), "there is no more than the whole");
        assert!(!budget.spend(101, 1000 * SECOND));
    }

    #[test]
    fn cancelled_requests_count_until_others_are_answered() {
        let mut budget = FrameBudget::new(100, 2);
        let mut cancel = |now| {
            budget.cancelled(now);
            budget.resets_in_excess()
        };
        assert_eq!([cancel(SECOND), cancel(SECOND), cancel(SECOND)], [0, 0, 1]);
        assert_eq!(cancel(2 * SECOND), 1, "a second has passed");
        budget.answered();
        assert_eq!(budget.resets_in_excess(), 0);
        for _ in 0..10 {
            budget.answered();
        }
        assert_eq!(budget.resets, 0, "answers are not saved up");
    }
}
