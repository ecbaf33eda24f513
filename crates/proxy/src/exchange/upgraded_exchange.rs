//! An exchange whose connection continues with another protocol.
//!
//! It holds what the request holds, so a WebSocket occupies one slot for its whole life. The record
//! of the request is written at its end. Circuit breakers have counted the handshake and count nothing
//! after it: who ends such a connection, and how, says little about the service. A tunnel of the forward
//! proxy is the same without a service.

use std::rc::Rc;
use std::time::{Duration, Instant};

use portcullis_telemetry::{Span, UpgradeFields, UpgradeRecorder};

use super::answer_passage::AnswerPassage;
use super::answer_record::AnswerRecord;
use super::in_flight::InFlight;
use crate::connection_state::ConnectionState;
use crate::upstream::SwitchedConnection;

/// How an upgraded connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpgradeEnd {
    /// Both sides have closed it, or the process stops.
    Closed,
    /// No byte passed for too long.
    Idle,
    /// The connection of the client failed.
    ClientGone,
    /// The connection of the upstream failed.
    UpstreamGone,
}

/// An exchange after its upgrade.
#[derive(Debug)]
pub(crate) struct UpgradedExchange {
    /// Closed before the slot is released, hence first.
    upstream: SwitchedConnection,
    record: AnswerRecord,
    since: Instant,
    recorder: UpgradeRecorder,
    _in_flight: Option<Box<InFlight>>,
    _span: Option<Rc<Span>>,
}

impl UpgradedExchange {
    pub(super) fn new(
        upstream: SwitchedConnection,
        record: AnswerRecord,
        in_flight: Option<Box<InFlight>>,
        span: Option<Rc<Span>>,
    ) -> Self {
        Self {
            upstream,
            since: Instant::now(),
            recorder: record.upgraded(),
            record,
            _in_flight: in_flight,
            _span: span,
        }
    }

    /// The connection to the upstream, and the recorder of the bytes that pass.
    pub(crate) const fn split(&mut self) -> (&mut SwitchedConnection, &UpgradeRecorder) {
        (&mut self.upstream, &self.recorder)
    }

    /// The client's connection.
    pub(crate) fn connection(&self) -> Rc<ConnectionState> {
        self.record.connection()
    }

    /// How long the connection may be silent.
    pub(crate) fn idle_timeout(&self) -> Duration {
        self.record.idle_timeout().0
    }

    /// Completes the record of the request with all bytes that passed.
    pub(crate) fn end(self, end: UpgradeEnd, from_client: u64, from_upstream: u64) {
        let record = &self.record;
        let (passage, reason) = match end {
            UpgradeEnd::Closed if record.connection().is_aborted.get() => {
                (AnswerPassage::Passing, None)
            }
            UpgradeEnd::Closed => (AnswerPassage::Passed, None),
            UpgradeEnd::Idle => (AnswerPassage::Idle, Some(record.idle_timeout().1)),
            UpgradeEnd::ClientGone => (AnswerPassage::Passing, None),
            UpgradeEnd::UpstreamGone => (
                AnswerPassage::Truncated,
                Some("the upstream broke the connection off after the upgrade"),
            ),
        };
        record.set_passage(passage);
        record.set_reason(reason.map(Into::into));
        record.set_upgrade(UpgradeFields {
            open: self.since.elapsed(),
            from_client,
            from_upstream,
        });
    }
}
