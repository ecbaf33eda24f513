//! Notices an upstream that vanished without closing: a connection on which nothing arrives is asked by a
//! PING, and ends without an answer.
//!
//! PINGs are rare, because servers of gRPC end connections with many of them: one during a silence, and
//! one with the first request after a silence. An idle connection is not asked.

use std::task::Context;
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::Instant;

use super::shared_connection::SharedConnection;

/// How long an answer may take.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// Asks whether the upstream is there.
#[derive(Debug)]
pub(super) struct LivenessCheck {
    pings: Option<PingPong>,
    interval: Duration,
    /// Since when an answer is awaited. Whatever arrives is one.
    asked: Option<Instant>,
    last_asked: Instant,
    /// Whether the library waits for the answer to a PING. It sends no other one meanwhile.
    is_outstanding: bool,
}

impl LivenessCheck {
    pub(super) const fn new(pings: Option<PingPong>, interval: Duration, now: Instant) -> Self {
        Self {
            pings,
            interval,
            asked: None,
            last_asked: now,
            is_outstanding: false,
        }
    }

    /// Asks if it is time to. Returns whether the upstream is lost.
    pub(super) fn check(
        &mut self,
        connection: &SharedConnection,
        cx: &mut Context<'_>,
        now: Instant,
    ) -> bool {
        let Some(pings) = &mut self.pings else {
            return false;
        };
        if self.is_outstanding && pings.poll_pong(cx).is_ready() {
            self.is_outstanding = false;
        }
        let heard = connection.activity().last_read();
        if self.asked.is_some_and(|asked| heard > asked) {
            self.asked = None;
        }
        if let Some(asked) = self.asked {
            return now >= asked + ANSWER_TIME_MAX;
        }
        let is_silent =
            connection.idle_since().is_none() && now >= heard.max(self.last_asked) + self.interval;
        if connection.take_probe() || is_silent {
            // A PING that is not answered yet asks as well.
            self.is_outstanding = self.is_outstanding || pings.send_ping(Ping::opaque()).is_ok();
            self.last_asked = now;
            self.asked = Some(now);
        }
        false
    }

    /// When to check again; nothing if the connection is idle.
    pub(super) fn next_at(&self, connection: &SharedConnection) -> Option<Instant> {
        self.pings.as_ref()?;
        if let Some(asked) = self.asked {
            return Some(asked + ANSWER_TIME_MAX);
        }
        let heard = connection.activity().last_read();
        let is_idle = connection.idle_since().is_some();
        (!is_idle).then(|| heard.max(self.last_asked) + self.interval)
    }
}
