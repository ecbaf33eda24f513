//! What must happen at the beginning of a connection, within its time.
//!
//! It runs in the task of the connection, which has its permit already. While the process stops, an
//! opening has no request to lose: it ends with the idle connections.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::connection_registry::ConnectionPermit;
use crate::deadline_timer::DeadlineTimer;

/// Why an opening did not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpeningCut {
    /// It took too long.
    Timeout,
    /// The process stops.
    Stopped,
}

/// Runs an opening until its deadline or the end of the process.
pub(super) async fn open_in_time<F: Future>(
    work: F,
    time_max: Duration,
    permit: &ConnectionPermit,
) -> Result<F::Output, OpeningCut> {
    let mut work = pin!(work);
    let mut timer = DeadlineTimer::default();
    let registry = permit.registry();
    let deadline = Instant::now() + time_max;
    poll_fn(|cx| {
        permit.register(cx.waker());
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Ok(done));
        }
        if registry.aborting.get() {
            registry.counts.borrow_mut().aborted += 1;
            return Poll::Ready(Err(OpeningCut::Stopped));
        }
        let stop = registry.idle_until.get().filter(|stop| *stop < deadline);
        if timer.poll(cx, stop.unwrap_or(deadline)).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(Err(match stop {
            Some(_) => OpeningCut::Stopped,
            None => OpeningCut::Timeout,
        }))
    })
    .await
}
