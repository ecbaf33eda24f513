//! Lines of the access log, from the accounts of requests.

use std::borrow::Cow;
use std::net::IpAddr;

use http::StatusCode;
use http::uri::PathAndQuery;

use crate::config::{AccessLogConfig as Policy, AccessLogPath};
use crate::telemetry::{
    AccessLine, AccessLog, MaskedViolation, RequestMeasurement, RequestOutcome, RequestTrace,
    ViolationFields,
};
use portcullis_vocabulary::{Consumer, Tier};

use super::request_record::{AnswerSummary, RequestMeta, RequestRecord, reportable_method};

/// Where a data core writes lines, and of what.
#[derive(Clone, Debug)]
pub(super) struct ServiceAccessLog {
    pub(super) log: AccessLog,
    pub(super) policy: Policy,
}

impl ServiceAccessLog {
    /// Whether an exchange has a line: refusals and failures always do.
    fn wants(&self, outcome: RequestOutcome) -> bool {
        self.log.is_open()
            && match outcome {
                RequestOutcome::Answered => {
                    self.policy.sample > 0.0 && fastrand::f64() < self.policy.sample
                }
                RequestOutcome::Failed
                | RequestOutcome::Refused
                | RequestOutcome::Shed
                | RequestOutcome::Unanswered
                | RequestOutcome::Abandoned => true,
            }
    }
}

/// Writes the line of a request whose account is closed, if it has one.
pub(super) fn write(
    ledger: &RequestRecord,
    measured: RequestMeasurement,
    findings: &[MaskedViolation],
) {
    let service = &ledger.service;
    let AnswerSummary {
        outcome,
        status,
        error,
    } = ledger.answer_summary();
    if !service.access.wants(outcome) {
        return;
    }
    let RequestMeta {
        id,
        method,
        target,
        peer,
        trace,
    } = &ledger.meta;
    let path = match service.access.policy.path {
        AccessLogPath::Template => logged_path(ledger),
        AccessLogPath::Raw => {
            Cow::Borrowed(target.path_and_query().map_or("", PathAndQuery::as_str))
        }
    };
    service.access.log.write(&AccessLine {
        at: ledger.at(),
        service: Some(&service.config().name),
        operation: Some(ledger.operation_name()),
        method: Some(reportable_method(method)),
        path: Some(&path),
        status: status.map(|status| status.as_u16()),
        outcome,
        error,
        squad: ledger.consumer_name(),
        tier: ledger.caller.tier.as_str(),
        caller_version: ledger.version(),
        provider: service.provider().map(|squad| squad.name.as_str()),
        contract_version: Some(&service.contract.version),
        contract_revision: Some(&service.contract.revision),
        request_id: id.to_str().unwrap_or_default(),
        trace_id: trace.as_ref().map(RequestTrace::id),
        peer: Some(peer.address.ip()),
        took: measured.took,
        own: measured.own,
        violations: findings.iter().map(ViolationFields::from).collect(),
    });
}

/// The template of the operation; of an unknown path what is no value.
fn logged_path(ledger: &RequestRecord) -> Cow<'_, str> {
    let contract = &ledger.service.contract;
    match ledger.operation() {
        Some(operation) => Cow::Borrowed(&*contract.operation(operation).path),
        None => Cow::Owned(contract.outline(ledger.meta.target.path()).to_string()),
    }
}

/// Writes the line of a request that no service has an account of.
pub(super) fn write_unrouted(
    log: &AccessLog,
    peer: IpAddr,
    request_id: &str,
    (status, error): (StatusCode, &'static str),
) {
    if !log.is_open() {
        return;
    }
    log.write(&AccessLine {
        at: std::time::SystemTime::now(),
        service: None,
        operation: None,
        method: None,
        path: None,
        status: Some(status.as_u16()),
        outcome: RequestOutcome::Refused,
        error: Some(error),
        squad: Consumer::UNKNOWN_NAME,
        tier: Tier::default().as_str(),
        caller_version: None,
        provider: None,
        contract_version: None,
        contract_revision: None,
        request_id,
        trace_id: None,
        peer: Some(peer),
        took: std::time::Duration::ZERO,
        own: std::time::Duration::ZERO,
        violations: Vec::new(),
    });
}
