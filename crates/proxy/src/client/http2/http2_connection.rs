//! Drives one HTTP/2 connection: the library's state machine, its streams, and the deadlines.
//!
//! A connection that takes no further request sends GOAWAY and serves those that it has. The
//! library sends two of them, so that no request is lost that was on its way (RFC 9113 section 6.8).

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::server::Connection;
use tokio::time::Instant;

use super::frame_meter::FrameMeter;
use super::metered_socket::MeteredSocket;
use super::stream_registry::StreamRegistry;
use super::stream_task::{StreamContext, serve_stream};
use crate::client::connection_registry::ConnectionRegistry;
use crate::client::incoming_request::RequestHandler;
use crate::connection_state::ConnectionState;
use crate::deadline_timer::DeadlineTimer;
use crate::inspect::HttpRefusal;
use crate::limits::ClientLimits;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Http2End {
    /// After the last stream.
    Done,
    /// With GOAWAY and an error.
    Refused(HttpRefusal),
    /// With data that the client does not accept left in the kernel's buffer.
    Stalled,
    /// Inside answers, because the process stops.
    Aborted,
}

/// Whether a connection takes further requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnectionPhase {
    Serving,
    /// GOAWAY was sent. A client with more requests than these ignores it.
    GoingAway {
        since: Instant,
        requests_max: u64,
    },
    /// Only the last GOAWAY is written until then.
    Ending {
        end: Http2End,
        until: Instant,
    },
}

/// What a connection waits for, apart from its client.
#[derive(Clone, Copy, Debug)]
enum Http2Deadline {
    HalfClosed,
    Stall,
    Head,
    Idle,
    Age,
}

/// One connection.
pub(super) struct Http2Connection<H> {
    library: Connection<MeteredSocket, Bytes>,
    streams: Rc<StreamRegistry>,
    meter: Rc<FrameMeter>,
    context: Rc<StreamContext<H>>,
    registry: Rc<ConnectionRegistry>,
    limits: Rc<ClientLimits>,
    /// How fast the client accepts bytes, of all streams.
    state: Rc<ConnectionState>,
    timer: DeadlineTimer,
    phase: ConnectionPhase,
    requests: u64,
    /// When the connection is too old; nothing if it may have any age.
    old_at: Option<Instant>,
}

impl<H: RequestHandler> Http2Connection<H> {
    pub(super) fn new(
        library: Connection<MeteredSocket, Bytes>,
        context: Rc<StreamContext<H>>,
        state: Rc<ConnectionState>,
    ) -> Self {
        Self {
            library,
            streams: Rc::clone(&context.streams),
            meter: Rc::clone(&context.meter),
            registry: Rc::clone(&context.connections),
            limits: Rc::clone(&context.limits),
            old_at: old_at(context.limits.http2.age_max),
            context,
            state,
            timer: DeadlineTimer::default(),
            phase: ConnectionPhase::Serving,
            requests: 0,
        }
    }

    /// Serves the connection until it ends.
    pub(super) async fn serve(mut self) -> Http2End {
        self.meter.hold_end();
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Http2End> {
        self.streams.register(cx.waker());
        loop {
            if self.registry.aborting.get() {
                self.registry.counts.borrow_mut().aborted += 1;
                self.streams.abort();
                return Poll::Ready(Http2End::Aborted);
            }
            self.choose_phase();
            match self.library.poll_accept(cx) {
                Poll::Ready(Some(Ok((request, respond)))) => {
                    self.requests += 1;
                    let context = Rc::clone(&self.context);
                    // A panic ends this task and so only this stream.
                    tokio::task::spawn_local(serve_stream(context, request, respond));
                    continue;
                }
                Poll::Ready(ended) => {
                    let failure = ended.and_then(Result::err);
                    return Poll::Ready(self.end(failure.as_ref()));
                }
                Poll::Pending => {}
            }
            if self.notice_excess() || self.notice_end() {
                continue;
            }
            let Some((deadline, action)) = self.deadline() else {
                return Poll::Pending;
            };
            if self.timer.poll(cx, deadline).is_pending() {
                return Poll::Pending;
            }
            match action {
                Http2Deadline::HalfClosed => self.meter.pass_end(),
                Http2Deadline::Stall => return Poll::Ready(Http2End::Stalled),
                Http2Deadline::Head => self.end_with(
                    Reason::PROTOCOL_ERROR,
                    Http2End::Refused(HttpRefusal::HeadTimeout),
                ),
                Http2Deadline::Idle => self.end_with(Reason::NO_ERROR, Http2End::Done),
                Http2Deadline::Age => {
                    self.old_at = None;
                    self.go_away();
                }
            }
        }
    }

    /// Stops taking requests if the process stops, or after the last request.
    fn choose_phase(&mut self) {
        let is_stopping = self.registry.idle_until.get().is_some();
        // A client that has sent no request yet would not know why it was refused.
        let is_closing = self.registry.closing.get() && self.requests > 0;
        let requests_max = self.limits.http2.requests_max;
        let is_last = requests_max > 0 && self.requests >= requests_max;
        if is_stopping || is_closing || is_last {
            self.go_away();
        }
    }

    fn go_away(&mut self) {
        if self.phase == ConnectionPhase::Serving {
            self.phase = ConnectionPhase::GoingAway {
                since: Instant::now(),
                requests_max: self.requests + u64::from(self.limits.http2.streams_max),
            };
            self.library.graceful_shutdown();
        }
    }

    /// Ends the connection. The library writes GOAWAY and finishes.
    fn end_with(&mut self, reason: Reason, end: Http2End) {
        self.phase = ConnectionPhase::Ending {
            end,
            until: Instant::now() + self.limits.linger_timeout,
        };
        self.library.abrupt_shutdown(reason);
    }

    /// Ends the connection of a client that exceeds its bounds. Returns whether there is more to do.
    fn notice_excess(&mut self) -> bool {
        let excess = self.meter.resets_in_excess();
        let refusal = match self.phase {
            ConnectionPhase::Ending { .. } => return false,
            _ if self.meter.is_exceeded() => HttpRefusal::Http2ControlFrames,
            // The requests that are open now may be cancelled, too.
            _ if excess > self.limits.http2.streams_max => HttpRefusal::Http2Resets,
            ConnectionPhase::GoingAway { requests_max, .. } if self.requests > requests_max => {
                HttpRefusal::Http2Excess
            }
            ConnectionPhase::Serving if excess > 0 => {
                self.go_away();
                return true;
            }
            ConnectionPhase::Serving | ConnectionPhase::GoingAway { .. } => return false,
        };
        self.end_with(Reason::ENHANCE_YOUR_CALM, Http2End::Refused(refusal));
        true
    }

    /// Lets the library end the connection of a client that sends no more, after the last answer.
    /// Returns whether there is more to do.
    fn notice_end(&self) -> bool {
        let is_answered =
            self.streams.opened() == self.requests && self.streams.idle_since().is_some();
        let is_written = self.state.write_deadline(&self.limits).is_none();
        let ends = self.meter.half_closed().is_some() && is_answered && is_written;
        if ends {
            self.meter.pass_end();
        }
        ends
    }

    /// How the connection has ended after the library has finished.
    fn end(&self, failure: Option<&h2::Error>) -> Http2End {
        match self.phase {
            ConnectionPhase::Ending { end, .. } => end,
            // What the client reports or breaks is not answered.
            _ if failure.is_some_and(h2::Error::is_library) => {
                let is_calm =
                    failure.and_then(h2::Error::reason) == Some(Reason::ENHANCE_YOUR_CALM);
                Http2End::Refused(if is_calm {
                    HttpRefusal::Http2Excess
                } else {
                    HttpRefusal::Http2Malformed
                })
            }
            _ => Http2End::Done,
        }
    }

    /// The next deadline, if the connection waits for something.
    fn deadline(&self) -> Option<(Instant, Http2Deadline)> {
        let limits = &self.limits;
        if let ConnectionPhase::Ending { until, .. } = self.phase {
            return Some((until, Http2Deadline::Stall));
        }
        let stall = self.state.write_deadline(limits);
        let head = self.meter.head_since();
        let half_closed = self.meter.half_closed();
        let idle = self.streams.idle_since().map(|since| {
            let until = match self.phase {
                // Time for the client to read the first GOAWAY and to answer it.
                ConnectionPhase::GoingAway { since: left, .. } => {
                    since.max(left) + limits.linger_timeout
                }
                _ => since + limits.keep_alive_timeout,
            };
            let stop = self.registry.idle_until.get();
            stop.map_or(until, |stop| stop.min(until))
        });
        [
            half_closed.map(|since| (since + limits.half_close_grace, Http2Deadline::HalfClosed)),
            stall.map(|at| (at, Http2Deadline::Stall)),
            head.map(|since| (since + limits.request_head_timeout, Http2Deadline::Head)),
            idle.map(|at| (at, Http2Deadline::Idle)),
            self.old_at.map(|at| (at, Http2Deadline::Age)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }
}

/// When a connection is too old. Connections that began together do not end together.
fn old_at(age_max: Duration) -> Option<Instant> {
    let share = 0.9 + 0.1 * fastrand::f64();
    (!age_max.is_zero()).then(|| Instant::now() + age_max.mul_f64(share))
}
