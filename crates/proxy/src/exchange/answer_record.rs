//! The record that the body of an answer completes: that of an exchange, or of a call through the forward
//! proxy.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::Duration;

use portcullis_telemetry::{UpgradeFields, UpgradeRecorder};

use super::answer_passage::AnswerPassage;
use super::request_record::RequestRecord;
use crate::connection_state::ConnectionState;
use crate::egress::EgressRecord;

/// The record that the body of an answer completes.
#[derive(Clone, Debug)]
pub(super) enum AnswerRecord {
    /// Of an exchange with a service.
    Exchange(Rc<RequestRecord>),
    /// Of a call through the forward proxy.
    Egress(Rc<EgressRecord>),
}

impl AnswerRecord {
    /// Records how far the answer has come.
    pub(super) fn set_passage(&self, passage: AnswerPassage) {
        match self {
            Self::Exchange(record) => record.set_passage(passage),
            Self::Egress(record) => record.set_passage(passage),
        }
    }

    /// Records why the answer did not come, or not completely.
    pub(super) fn set_reason(&self, reason: Option<Cow<'static, str>>) {
        match self {
            Self::Exchange(record) => record.set_reason(reason),
            Self::Egress(record) => record.set_reason(reason),
        }
    }

    /// Records what passed over the connection after its upgrade.
    pub(super) fn set_upgrade(&self, upgrade: UpgradeFields) {
        match self {
            Self::Exchange(record) => record.set_upgrade(upgrade),
            Self::Egress(record) => record.set_upgrade(upgrade),
        }
    }

    /// A recorder of the connection, which was upgraded now.
    pub(super) fn upgraded(&self) -> UpgradeRecorder {
        match self {
            Self::Exchange(record) => record.service.recorder.upgraded(),
            Self::Egress(record) => record.tunnel_opened(),
        }
    }

    /// The client's connection.
    pub(super) fn connection(&self) -> Rc<ConnectionState> {
        match self {
            Self::Exchange(record) => Rc::clone(&record.meta.connection),
            Self::Egress(record) => record.connection(),
        }
    }

    /// How long the connection may be silent after its upgrade, and the limit that sets it.
    pub(super) fn idle_timeout(&self) -> (Duration, &'static str) {
        match self {
            Self::Exchange(record) => (
                record.service.upgrade_idle_timeout(),
                "no byte passed in either direction (`limits.upgrade_idle_timeout`)",
            ),
            Self::Egress(record) => (
                record.tunnel_idle_timeout(),
                "no byte passed in either direction (`egress.tunnel_idle_timeout`)",
            ),
        }
    }
}
