//! Judges the head of a request.

use std::rc::Rc;

use http::header::{HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http_body::Body;

use portcullis_contract::{
    BodyDeclaration, BodyLength, DeclaredBody, Operation, RequestHead, Violation, ViolationClass,
    check_head,
};

use super::enforce::enforce;
use super::owned_body_plan::OwnedBodyPlan;
use super::staged_request::{AllowedRequest, ExchangeProblem, HeadJudgedRequest, MatchedRequest};
use crate::exchange::data_core::DataCore;

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
    let head = RequestHead {
        path: request.uri().path(),
        query: request.uri().query(),
        headers: request.headers(),
        captures: &captures,
        body: length_of(&routed.body),
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
    let plan = OwnedBodyPlan::of(plan, declared_body(operation));
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

fn length_of<B: Body>(body: &B) -> BodyLength {
    match body.size_hint().exact() {
        _ if body.is_end_stream() => BodyLength::Absent,
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
