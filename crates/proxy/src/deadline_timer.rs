//! A timer whose deadline is cheap to move.
//!
//! Deadlines change several times per request, and resetting a runtime timer costs more than the
//! rest of the bookkeeping. So a timer that is set too early stays set. When it fires, it is
//! compared with the current deadline and set again if necessary.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that is reset lazily.
#[derive(Debug, Default)]
pub(super) struct DeadlineTimer {
    sleep: Option<Pin<Box<Sleep>>>,
    /// The task that the timer wakes.
    waker: Option<Waker>,
}

impl DeadlineTimer {
    /// Ready once `deadline` has passed. Otherwise the task is woken at the deadline or before.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
            self.waker = None;
        }
        let is_set = self
            .waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_set && !sleep.is_elapsed() {
            return Poll::Pending;
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if deadline <= Instant::now() {
                // The next deadline creates a new timer.
                *self = Self::default();
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
        if !is_set {
            self.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}
