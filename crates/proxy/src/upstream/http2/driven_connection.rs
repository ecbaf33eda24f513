//! Drives one connection: the state machine of the library, and the times after which it ends.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::client::Connection;
use tokio::time::Instant;

use super::counted_socket::CountedSocket;
use super::http2_pool::Http2Pool;
use super::liveness_check::LivenessCheck;
use super::shared_connection::SharedConnection;
use crate::deadline_timer::DeadlineTimer;

/// How long an upstream may take to accept the last bytes of a connection.
const ENDING_TIME_MAX: Duration = Duration::from_secs(10);

/// A connection and its task.
pub(super) struct DrivenConnection {
    library: Box<Connection<CountedSocket, Bytes>>,
    shared: Rc<SharedConnection>,
    pool: Weak<Http2Pool>,
    liveness: LivenessCheck,
    timer: DeadlineTimer,
    idle_timeout: Duration,
    /// When the connection is too old; nothing if it may have any age.
    old_at: Option<Instant>,
    streams_max: usize,
    /// Since when it takes no further requests.
    retired: Option<Instant>,
}

impl DrivenConnection {
    pub(super) fn new(
        mut library: Box<Connection<CountedSocket, Bytes>>,
        shared: Rc<SharedConnection>,
        pool: &Rc<Http2Pool>,
    ) -> Self {
        let (limits, now) = (&pool.http1().limits, Instant::now());
        Self {
            liveness: LivenessCheck::new(library.ping_pong(), limits.http.ping_interval, now),
            library,
            streams_max: shared.streams_max(),
            shared,
            pool: Rc::downgrade(pool),
            timer: DeadlineTimer::default(),
            idle_timeout: limits.idle_timeout,
            old_at: old_at(limits.http.age_max, now),
            retired: None,
        }
    }

    /// Drives the connection until it ends. Its open streams end with it.
    pub(super) async fn drive(mut self) {
        poll_fn(|cx| self.poll(cx)).await;
        self.retire();
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.register(cx.waker());
        loop {
            if Pin::new(&mut self.library).poll(cx).is_ready() {
                return Poll::Ready(());
            }
            self.notice_changes();
            let now = Instant::now();
            let is_gone = self.liveness.check(&self.shared, cx, now);
            if is_gone || self.ends_at().is_some_and(|at| now >= at) {
                return Poll::Ready(());
            }
            if self.is_over(now) {
                // Without streams, the library ends the connection now.
                self.retire();
                continue;
            }
            let Some(deadline) = self.deadline() else {
                return Poll::Pending;
            };
            if self.timer.poll(cx, deadline).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Looks for the announcement of the end, and for new settings.
    fn notice_changes(&mut self) {
        if self.retired.is_some() {
            return;
        }
        if self.shared.notice_end() {
            return self.retire();
        }
        let streams_max = self.shared.streams_max();
        if std::mem::replace(&mut self.streams_max, streams_max) < streams_max
            && let Some(pool) = self.pool.upgrade()
        {
            pool.waiters().note_change();
        }
    }

    /// Whether the connection takes no further requests from now on.
    fn is_over(&self, now: Instant) -> bool {
        if self.retired.is_some() {
            return false;
        }
        let Some(pool) = self.pool.upgrade() else {
            return true;
        };
        let is_surplus = self.shared.is_idle_after_use() && pool.has_surplus();
        let is_over = |at: Option<Instant>| at.is_some_and(|at| now >= at);
        is_surplus || is_over(self.idle_at()) || is_over(self.old_at)
    }

    /// When a connection without streams ends, if the upstream does not accept the last bytes.
    fn ends_at(&self) -> Option<Instant> {
        let since = self.shared.idle_since()?.max(self.retired?);
        Some(since + ENDING_TIME_MAX)
    }

    fn idle_at(&self) -> Option<Instant> {
        let since = self.shared.idle_since();
        since.map(|since| since + self.idle_timeout)
    }

    fn deadline(&self) -> Option<Instant> {
        let ends = match self.retired {
            Some(_) => [self.ends_at(), None],
            None => [self.idle_at(), self.old_at],
        };
        let liveness = self.liveness.next_at(&self.shared);
        ends.into_iter().flatten().chain(liveness).min()
    }

    fn retire(&mut self) {
        self.retired.get_or_insert_with(Instant::now);
        self.shared.retire();
        if let Some(pool) = self.pool.upgrade() {
            pool.remove(&self.shared);
            // Requests that wait for its streams need another connection.
            pool.waiters().note_change();
        }
    }
}

/// When a connection is too old: at up to a tenth less than the limit, so that not all end at the same
/// time.
fn old_at(age_max: Duration, now: Instant) -> Option<Instant> {
    (!age_max.is_zero()).then(|| now + age_max.mul_f64(1.0 - fastrand::f64() / 10.0))
}
