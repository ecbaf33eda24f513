//! Judges the head of a request.

use std::rc::Rc;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http_body::Body;

use portcullis_config::{EmptyBodyPolicy, VerdictCaller, VerdictConfig};
use portcullis_contract::{
    BodyDeclaration, BodyLength, DeclaredBody, Operation, RequestHead, Violation, ViolationClass,
    check_head,
};

use super::enforce::enforce;
use super::owned_body_plan::OwnedBodyPlan;
use super::staged_request::{
    AllowedRequest, ExchangeProblem, HeadJudgedRequest, MatchedRequest, RoutedRequest,
};
use crate::exchange::answer_table::ProblemCause;
use crate::exchange::data_core::DataCore;
use crate::exchange::request_record::RequestRecord;
use crate::exchange::retry::may_be_retried;
use crate::exchange::verdict_fault::VerdictFault;

pub(in crate::exchange) fn judge_head(
    core: &DataCore,
    allowed: AllowedRequest,
) -> Result<HeadJudgedRequest, ExchangeProblem> {
    let AllowedRequest(MatchedRequest { routed, operation }) = allowed;
    let Some((id, captures)) = operation else {
        return Ok(HeadJudgedRequest {
            routed,
            plan: OwnedBodyPlan::Stream,
        });
    };
    let service = Rc::clone(&routed.record.service);
    let operation = service.contract.operation(id);
    let request = &routed.request;
    let length = match service.config().verdict() {
        Some(verdict) => length_asked_about(verdict, operation, &routed)?,
        None => length_of(&routed.body),
    };
    let head = RequestHead {
        path: request.uri().path(),
        query: request.uri().query(),
        headers: request.headers(),
        captures: &captures,
        body: length,
    };
    let mut violations = Vec::new();
    let plan = routed.record.timed(|| {
        check_head(
            &service.contract,
            operation,
            head,
            service.check_settings(id),
            &mut core.scratch.borrow_mut(),
            &mut violations,
        )
    });
    let has_readable_body = !is_head_only(service.config().verdict());
    let plan = if !has_readable_body || !needs_body(&routed, id) {
        OwnedBodyPlan::Stream
    } else {
        OwnedBodyPlan::of(plan, declared_body(operation))
    };
    let challenge = challenge(operation, &violations);
    enforce(&routed.record, violations, challenge.into_iter().collect())?;
    Ok(HeadJudgedRequest { routed, plan })
}

/// The `WWW-Authenticate` that a 401 must carry (RFC 9110 section 15.5.2).
fn challenge(operation: &Operation, violations: &[Violation]) -> Option<(HeaderName, HeaderValue)> {
    let first = violations.first()?;
    (first.class == ViolationClass::MissingCredentials).then_some(())?;
    Some((
        WWW_AUTHENTICATE,
        HeaderValue::from_str(&operation.challenges()).ok()?,
    ))
}

/// Whether a body that the contract describes is read: to be judged, to be sent again, or to be judged
/// by a candidate contract.
fn needs_body(routed: &RoutedRequest, operation: u32) -> bool {
    let record = &routed.record;
    record
        .service
        .policy(Some(operation))
        .checks_request_bodies()
        || record.service.active.shadow_sampler.is_some()
        || may_be_retried(routed.request.method(), record)
}

/// Whether the proxy that asks for a verdict keeps the body.
fn is_head_only(verdict: Option<&VerdictConfig>) -> bool {
    verdict.is_some_and(|verdict| verdict.from == VerdictCaller::Nginx)
}

/// The length of the body of a request that another proxy asks about.
fn length_asked_about(
    verdict: &VerdictConfig,
    operation: &Operation,
    routed: &RoutedRequest,
) -> Result<BodyLength, ExchangeProblem> {
    let declared = declared_body(operation);
    if is_head_only(Some(verdict)) {
        // Only the head is known. With a declared body, its media type is judged.
        let has_type = routed.request.headers().contains_key(CONTENT_TYPE);
        let is_expected = declared.is_some_and(|body| body.required || has_type);
        return Ok(if is_expected {
            BodyLength::Unknown
        } else {
            BodyLength::Absent
        });
    }
    let length = length_of(&routed.body);
    let is_optional = declared.is_some_and(|body| !body.required);
    if length == BodyLength::Absent && is_optional && refuses_empty_bodies(verdict) {
        return Err(kept_body(&routed.record));
    }
    Ok(length)
}

/// Whether a question without the body that its operation declares is refused, because the proxy that
/// asks may have kept it. A body of unknown length is known to be empty only when it was read.
pub(super) fn refuses_empty_bodies(verdict: &VerdictConfig) -> bool {
    !is_head_only(Some(verdict)) && verdict.empty_bodies == EmptyBodyPolicy::Refuse
}

/// The refusal of a question whose body the proxy that asks may have kept.
pub(super) fn kept_body(record: &Rc<RequestRecord>) -> ExchangeProblem {
    ExchangeProblem::new(ProblemCause::Verdict(VerdictFault::NoBody), record)
}

pub(super) fn length_of<B: Body>(body: &B) -> BodyLength {
    match body.size_hint().exact() {
        _ if body.is_end_stream() => BodyLength::Absent,
        // An HTTP/2 request with this length can still end its stream later.
        Some(0) => BodyLength::Absent,
        Some(_) => BodyLength::Known,
        None => BodyLength::Unknown,
    }
}

pub(super) fn declared_body(operation: &Operation) -> Option<&DeclaredBody> {
    match &operation.body {
        BodyDeclaration::Declared(body) => Some(body),
        BodyDeclaration::Undeclared | BodyDeclaration::Ignored => None,
    }
}
