//! Judges the body of a request. A body without a schema is streamed unread; one that is larger
//! than its bound is refused, streamed unjudged, or, if it is multipart, judged while it passes.

use std::rc::Rc;

use bytes::Bytes;

use portcullis_contract::{BodyLength, FormData, ViolationClass, body_too_large, check_body};
use portcullis_vocabulary::enforcement::Enforcement;

use super::enforce::enforce;
use super::judge_head::{declared_body, kept_body, length_of, refuses_empty_bodies};
use super::owned_body_plan::OwnedBodyPlan;
use super::staged_request::{ExchangeProblem, HeadJudgedRequest, JudgedRequest, RoutedRequest};
use super::upload_checker::UploadChecker;
use crate::body::{BodyChecker, ForwardBody};
use crate::body::{BufferOutcome, BufferedBody};
use crate::body::{RequestBody, RequestBodyError};
use crate::exchange::answer_table::ProblemCause;
use crate::exchange::data_core::DataCore;
use crate::exchange::request_record::RequestRecord;
use crate::exchange::service_core::ForwardTarget;

pub(in crate::exchange) async fn judge_body(
    core: &Rc<DataCore>,
    judged: HeadJudgedRequest,
) -> Result<JudgedRequest, ExchangeProblem> {
    let HeadJudgedRequest { routed, plan } = judged;
    let (routed, body) = routed.split();
    let body = *body;
    let must_have_bytes = must_have_bytes(&routed.record, plan, &body);
    let OwnedBodyPlan::Judge { media, .. } = plan else {
        let body = if must_have_bytes {
            // Boxed, because it is rare and its size would count for every request.
            Box::pin(with_first_bytes(&routed.record, body)).await?
        } else {
            ForwardBody::streamed(body)
        };
        return Ok(routed.with_body(body));
    };
    let body = match gather(&routed.record, body).await? {
        BufferOutcome::NoMemory { .. } => {
            return Err(body_problem(RequestBodyError::NoMemory, &routed.record));
        }
        BufferOutcome::Whole(whole) if must_have_bytes && whole.bytes.is_empty() => {
            return Err(kept_body(&routed.record));
        }
        BufferOutcome::Whole(whole) => {
            judge_whole(core, &routed, plan, &whole)?;
            ForwardBody::whole(whole)
        }
        BufferOutcome::Larger { first, rest } => match form_data(&routed, media) {
            Some(form) => {
                let checker = UploadChecker::new(core, &routed.record, media, form);
                let body = judge_upload(&routed.record, checker, first, rest)?;
                // Boxed, because it is rare and its size would count for every request.
                Box::pin(drain_unsent(&routed.record, body)).await?
            }
            None => {
                judge_size(&routed.record)?;
                ForwardBody::resumed(first, rest)
            }
        },
    };
    Ok(routed.with_body(body))
}

/// Whether a question of another proxy is refused if its body, whose length is not known yet, is empty.
/// If the body is judged and required, that is a violation.
fn must_have_bytes(record: &RequestRecord, plan: OwnedBodyPlan, body: &RequestBody) -> bool {
    let service = &record.service;
    if !matches!(service.upstream, ForwardTarget::Verdict) {
        return false;
    }
    let operation = record.operation().map(|id| service.contract.operation(id));
    let declared = operation.and_then(declared_body);
    declared.is_some_and(|declared| !declared.required || plan == OwnedBodyPlan::Stream)
        && service.config().verdict().is_some_and(refuses_empty_bodies)
        && length_of(body) == BodyLength::Unknown
}

/// A body that is not judged, of which at least one byte has arrived.
async fn with_first_bytes(
    record: &Rc<RequestRecord>,
    body: RequestBody,
) -> Result<ForwardBody, ExchangeProblem> {
    match gather_up_to(0, record, body).await? {
        BufferOutcome::Whole(_) => Err(kept_body(record)),
        BufferOutcome::Larger { first, rest } | BufferOutcome::NoMemory { first, rest } => {
            Ok(ForwardBody::resumed(first, rest))
        }
    }
}

/// Reads a body into memory up to its bound.
async fn gather(
    record: &Rc<RequestRecord>,
    body: RequestBody,
) -> Result<BufferOutcome<RequestBody>, ExchangeProblem> {
    gather_up_to(record.service.body_bytes_max, record, body).await
}

/// Reads a body into memory up to a bound. The time counts as waiting for the client.
async fn gather_up_to(
    bytes_max: u64,
    record: &Rc<RequestRecord>,
    body: RequestBody,
) -> Result<BufferOutcome<RequestBody>, ExchangeProblem> {
    let wait = record.wait();
    let service = &record.service;
    let lease = service.body_budget.lease(record.caller.consumer);
    let gathered = body.gather_with(bytes_max, lease).await;
    drop(wait);
    gathered.map_err(|error| body_problem(error, record))
}

fn body_problem(error: RequestBodyError, record: &Rc<RequestRecord>) -> ExchangeProblem {
    ExchangeProblem::new(ProblemCause::from_body_error(error), record)
}

fn judge_whole(
    core: &DataCore,
    routed: &RoutedRequest<()>,
    plan: OwnedBodyPlan,
    whole: &BufferedBody,
) -> Result<(), ExchangeProblem> {
    let record = &routed.record;
    let (Some(id), service) = (record.operation(), &record.service) else {
        return Ok(());
    };
    let mut violations = Vec::new();
    record.timed(|| {
        check_body(
            &service.contract,
            plan.borrow(declared_body(service.contract.operation(id))),
            routed.request.headers(),
            &whole.bytes,
            service.check_settings(id),
            &mut core.scratch.borrow_mut(),
            &mut violations,
        );
    });
    enforce(record, violations, Vec::new())
}

/// The reader of a multipart body. It keeps as much of each part as is kept of other bodies.
fn form_data(routed: &RoutedRequest<()>, media: usize) -> Option<FormData> {
    let record = &routed.record;
    let service = &record.service;
    let body = declared_body(service.contract.operation(record.operation()?))?;
    let kept_max = usize::try_from(service.body_bytes_max).unwrap_or(usize::MAX);
    FormData::of(body.content.get(media)?, routed.request.headers(), kept_max)
}

/// A multipart body that `checker` judges while it passes.
fn judge_upload(
    record: &Rc<RequestRecord>,
    mut checker: UploadChecker,
    first: Bytes,
    rest: RequestBody,
) -> Result<ForwardBody, ExchangeProblem> {
    checker
        .data(&first)
        .map_err(|error| body_problem(error, record))?;
    Ok(ForwardBody::checked(first, rest, Box::new(checker)))
}

/// Reads an upload to a service without upstream to its end, because no upstream does.
async fn drain_unsent(
    record: &Rc<RequestRecord>,
    body: ForwardBody,
) -> Result<ForwardBody, ExchangeProblem> {
    if matches!(record.service.upstream, ForwardTarget::Upstream(_)) {
        return Ok(body);
    }
    let wait = record.wait();
    let drained = body.drain().await;
    drop(wait);
    drained.map_err(|error| body_problem(error, record))?;
    Ok(ForwardBody::empty())
}

/// Refuses or reports a body that is larger than its bound. If the policy is off, it passes.
fn judge_size(record: &Rc<RequestRecord>) -> Result<(), ExchangeProblem> {
    let service = &record.service;
    let policy = service.policy(record.operation());
    if policy.of(ViolationClass::BodyTooLarge) == Enforcement::Off {
        return Ok(());
    }
    let violation = body_too_large(service.body_bytes_max);
    enforce(record, vec![violation], Vec::new())
}
