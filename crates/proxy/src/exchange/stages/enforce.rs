//! Enforcement: refuses a request or a response for its violations, or only reports them.

use std::rc::Rc;

use http::{HeaderName, HeaderValue};

use portcullis_contract::Violation;
use portcullis_telemetry::{LineKind, RequestOutcome};
use portcullis_vocabulary::enforcement::Enforcement;

use super::staged_request::ExchangeProblem;
use crate::exchange::answer_table::ProblemCause;
use crate::exchange::request_record::RequestRecord;

/// Records violations. If the policy rejects one of them, returns a problem whose answer carries
/// `headers`; otherwise the violations are reported with the answer.
pub(super) fn enforce(
    record: &Rc<RequestRecord>,
    violations: Vec<Violation>,
    headers: Vec<(HeaderName, HeaderValue)>,
) -> Result<(), ExchangeProblem> {
    if violations.is_empty() {
        return Ok(());
    }
    let policy = record.service.policy(record.operation());
    let is_rejectable = |violation: &Violation| policy.of(violation.class) == Enforcement::Reject;
    // A roll-out rejects only a share of what it could reject.
    let rejects = violations.iter().any(is_rejectable) && fastrand::f64() < policy.sample();
    for violation in &violations {
        let enforcement = if is_rejectable(violation) && rejects {
            Enforcement::Reject
        } else {
            Enforcement::Report
        };
        record.record_violation(violation, enforcement);
    }
    if !rejects {
        if record.service.config().legacy {
            log_violations(record, &violations);
        }
        record.report_with_answer(violations);
        return Ok(());
    }
    let (mut rejected, others): (Vec<_>, Vec<_>) = violations.into_iter().partition(is_rejectable);
    rejected.extend(others);
    let cause = ProblemCause::Violations {
        violations: rejected,
        headers,
    };
    Err(ExchangeProblem::new(cause, record))
}

/// Logs the violations of a legacy service. Such a service refuses nothing, so the log shows its
/// owners what enforcement would refuse. Repeated ones are folded like refusals.
fn log_violations(record: &RequestRecord, violations: &[Violation]) {
    for violation in violations {
        let kind = LineKind {
            class: Some(violation.class.as_str()),
            ..record.line_kind(RequestOutcome::Answered)
        };
        if !record.service.access.admits(kind) {
            continue;
        }
        tracing::info!(
            service = record.service.config().name,
            operation = record.operation_name(),
            squad = record.consumer_name(),
            class = violation.class.as_str(),
            schema = violation
                .contract
                .as_ref()
                .map(|location| location.pointer.as_str()),
            keyword = violation.keyword.as_deref(),
            "violation passed"
        );
    }
}
