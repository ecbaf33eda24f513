//! Drives one client connection: its exchanges, and the deadlines.
//!
//! The driver polls the exchanges and then reads the [`ConnectionState`] that the parts of the
//! connection share. A connection has one timer however many deadlines it has, and a request that is
//! answered in time moves none of them.

use std::future::Future;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Response;
use tokio::time::Instant;

use super::connection_end::ConnectionEnd;
use super::connection_registry::ConnectionRegistry;
use super::http1_exchange::Http1Exchange;
use super::incoming_request::IncomingRequest;
use crate::connection_state::ConnectionState;
use crate::deadline_timer::DeadlineTimer;
use crate::exchange::AnswerBody;
use crate::inspect::HttpRefusal;
use crate::limits::ClientLimits;
use crate::poll_clock;

/// What to do when a deadline passes.
#[derive(Clone, Copy, Debug)]
enum DeadlineAction {
    /// End the connection.
    End(ConnectionEnd),
    /// Release the memory of the connection.
    Park,
    /// End the wait for the request body.
    ExpireBody,
}

/// How long a connection is idle before it is parked: its buffers are released, which are most of its
/// memory.
const PARK_AFTER: Duration = Duration::from_secs(1);

pub(super) struct ConnectionDriver<S, F> {
    pub(super) exchange: Http1Exchange<S, F>,
    pub(super) state: Rc<ConnectionState>,
    pub(super) timer: DeadlineTimer,
    pub(super) limits: Rc<ClientLimits>,
    pub(super) registry: Rc<ConnectionRegistry>,
}

impl<S, F> ConnectionDriver<S, F>
where
    S: Fn(IncomingRequest) -> F,
    F: Future<Output = Response<AnswerBody>>,
{
    /// Ready when the connection must end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
        poll_clock::during_poll(|| self.advance(cx))
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionEnd> {
        loop {
            if let Poll::Ready(end) = self.exchange.poll(cx) {
                return Poll::Ready(end);
            }
            if self.registry.aborting.get() {
                self.registry.counts.borrow_mut().aborted += 1;
                self.state.is_aborted.set(true);
                return Poll::Ready(ConnectionEnd::Broken);
            }
            if self.state.stalled.get().is_some() {
                // No more of the answer is written, so that the upstream is read here.
                self.exchange.read_ahead(cx);
            }
            let Some((deadline, action)) = self.deadline() else {
                return Poll::Pending;
            };
            match (self.timer.poll(cx, deadline), action) {
                (Poll::Pending, _) => return Poll::Pending,
                (Poll::Ready(()), DeadlineAction::End(end)) => return Poll::Ready(end),
                (Poll::Ready(()), DeadlineAction::Park) => self.exchange.park(),
                (Poll::Ready(()), DeadlineAction::ExpireBody) => self.state.expire_body(),
            }
        }
    }

    /// The next deadline, if the connection waits for something.
    fn deadline(&self) -> Option<(Instant, DeadlineAction)> {
        if let Some(since) = self.exchange.idle_since() {
            return Some(self.idle_deadline(since));
        }
        let (state, limits) = (&self.state, &self.limits);
        let stalled = state.write_deadline(limits);
        let half_closed = state.half_closed.get();
        let half_closed = half_closed.map(|since| since + limits.half_close_grace);
        let body = state.body_deadline.get();
        [
            stalled.map(|at| (at, DeadlineAction::End(ConnectionEnd::Stalled))),
            half_closed.map(|at| (at, DeadlineAction::End(ConnectionEnd::Broken))),
            body.map(|at| (at, DeadlineAction::ExpireBody)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }

    /// The deadline of a connection that waits for a request since that instant.
    fn idle_deadline(&self, since: Instant) -> (Instant, DeadlineAction) {
        let limits = &self.limits;
        let stop = self.registry.idle_until.get();
        if self.exchange.is_inside_head() {
            let until = since + limits.request_head_timeout;
            // A head that is not complete holds up the end of the process no longer than silence.
            return match stop.filter(|stop| *stop < until) {
                Some(stop) => (stop, DeadlineAction::End(ConnectionEnd::WithoutAnswer)),
                None => {
                    let refused = ConnectionEnd::Refused(HttpRefusal::HeadTimeout);
                    (until, DeadlineAction::End(refused))
                }
            };
        }
        let until = since + limits.keep_alive_timeout;
        let until = stop.map_or(until, |stop| stop.min(until));
        let park_at = since + PARK_AFTER;
        if !self.exchange.is_parked() && park_at < until {
            return (park_at, DeadlineAction::Park);
        }
        (until, DeadlineAction::End(ConnectionEnd::WithoutAnswer))
    }
}
