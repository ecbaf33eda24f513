//! The line of a request in the access log.

use std::borrow::Cow;
use std::time::SystemTime;

use http::uri::PathAndQuery;

use portcullis_config::AccessLogPath;
use portcullis_telemetry::{
    AccessLine, LineKind, RequestMeasurement, RequestOutcome, RequestTrace, ViolationFields,
};

use super::answer_passage::AnswerPassage;
use super::reportable::reportable_method;
use super::request_record::{AnswerSummary, RequestRecord};

impl RequestRecord {
    /// Writes the line of the access log, if the policy wants one.
    pub(super) fn write_access_line(&self, measured: RequestMeasurement) {
        let service = &self.service;
        let AnswerSummary { status, error, .. } = self.answer.get();
        let outcome = self.outcome();
        let status = status.filter(|_| self.passage.get() != AnswerPassage::Waiting);
        let violations = self.violations.borrow();
        let kind = || LineKind {
            status: status.map(|status| status.as_u16()),
            error,
            class: violations.first().map(|first| first.class.as_str()),
            ..self.line_kind(outcome)
        };
        // An upgraded connection has one line for all that it was.
        let upgrade = self.upgrade();
        if upgrade.is_none() && !service.access.wants(outcome, kind) {
            return;
        }
        let meta = &self.meta;
        service.access.log.write(&AccessLine {
            at: self.arrived_at(),
            service: Some(&service.config().name),
            operation: Some(self.operation_name()),
            method: Some(reportable_method(&meta.method)),
            path: Some(&self.logged_path()),
            status: status.map(|status| status.as_u16()),
            outcome,
            error,
            reason: self.reason.borrow().as_deref(),
            squad: self.consumer_name(),
            tier: self.caller.tier.as_str(),
            caller_version: self.version.as_ref().and_then(|value| value.to_str().ok()),
            provider: service.provider().map(|squad| squad.name.as_str()),
            contract_version: Some(&service.contract.version),
            contract_revision: Some(&service.contract.revision),
            request_id: meta.id.to_str().unwrap_or_default(),
            trace_id: meta.trace.as_ref().map(RequestTrace::id),
            peer: meta.peer.address.ip(),
            took: measured.took,
            own: measured.own,
            egress: None,
            upgrade,
            violations: violations.iter().map(ViolationFields::from).collect(),
        });
    }

    /// The kind of a log line about this request, without details.
    pub(super) fn line_kind(&self, outcome: RequestOutcome) -> LineKind<'_> {
        let service = &self.service.config().name;
        LineKind::of(
            service,
            self.operation_name(),
            self.consumer_name(),
            outcome,
        )
    }

    /// When the head of the request had arrived.
    fn arrived_at(&self) -> SystemTime {
        let now = SystemTime::now();
        now.checked_sub(self.started.elapsed()).unwrap_or(now)
    }

    /// The path for the access log. Unless the policy asks for the raw path, this is the path
    /// template of the operation, or an unknown path without its values.
    fn logged_path(&self) -> Cow<'_, str> {
        let contract = &self.service.contract;
        let target = &self.meta.target;
        match (self.service.access.policy.path, self.operation()) {
            (AccessLogPath::Raw, _) => {
                Cow::Borrowed(target.path_and_query().map_or("", PathAndQuery::as_str))
            }
            (AccessLogPath::Template, Some(operation)) => {
                Cow::Borrowed(&*contract.operation(operation).path)
            }
            (AccessLogPath::Template, None) => {
                Cow::Owned(contract.outline(target.path()).to_string())
            }
        }
    }
}
