//! A deadline that moves for free.
//!
//! Deadlines change several times per request, and moving a runtime timer costs more than
//! the rest of the bookkeeping. So a timer that is set too early is left alone: when it
//! rings, the present deadline is looked at and the timer set again.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// One lazily re-armed timer.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whether the timer holds the waker of the task that polls now.
    registered: bool,
}

impl Alarm {
    /// Forgets whom to wake, for an alarm that is about to move to another task.
    pub(super) fn detach(&mut self) {
        self.registered = false;
    }

    /// Ready once `deadline` has passed; otherwise the task is woken no later than then.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
            self.registered = false;
        }
        if self.registered && !sleep.is_elapsed() {
            return Poll::Pending;
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if deadline <= Instant::now() {
                // The next deadline sets the timer anew.
                self.sleep = None;
                self.registered = false;
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
        self.registered = true;
        Poll::Pending
    }
}
