//! Judging the body of a request, or passing it on as it arrives.

use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use tower::Service;

use portcullis_contract::{FormData, ViolationClass, body_too_large, check_body};
use portcullis_vocabulary::enforcement::Enforcement;

use super::judge_head::declared_body;
use super::owned_body_plan::OwnedBodyPlan;
use super::staged_request::{
    ExchangeProblem, HeadJudgedRequest, JudgedRequest, RoutedRequest, ServiceAnswer,
};
use super::upload_checker::{UploadChecker, conclude};
use crate::proxy::body::buffered_body::{BufferOutcome, BufferedBody};
use crate::proxy::body::forward_body::{BodyChecker, ForwardBody};
use crate::proxy::body::request_body::RequestBody;
use crate::proxy::exchange::answer_table::ProblemCause;
use crate::proxy::exchange::data_core::DataCore;
use crate::proxy::exchange::service_core::ForwardTarget;

pub(in crate::proxy) async fn judge_body<S>(
    core: Rc<DataCore>,
    judged: HeadJudgedRequest,
    mut next: S,
) -> Result<ServiceAnswer, ExchangeProblem>
where
    S: Service<JudgedRequest, Response = ServiceAnswer, Error = ExchangeProblem>,
{
    let HeadJudgedRequest { routed, plan } = judged;
    let (mut routed, body) = routed.split();
    let OwnedBodyPlan::Judge { media, .. } = plan else {
        let body = ForwardBody::streamed(body);
        return next.call(JudgedRequest(routed.with_body(body))).await;
    };
    let body = match gather(&routed, body).await? {
        BufferOutcome::Whole(whole) => {
            judge(&core, &mut routed, plan, &whole)?;
            ForwardBody::whole(whole)
        }
        BufferOutcome::Larger { first, rest } => match form_data(&routed, media) {
            Some(form) => {
                let gate = UploadChecker::new(&core, &routed.ledger, media, form);
                // Boxed: it is rare, and its size would count for every request.
                return Box::pin(judge_upload(routed, (first, rest), gate, next)).await;
            }
            None => {
                judge_size(&mut routed)?;
                ForwardBody::resumed(first, rest)
            }
        },
    };
    next.call(JudgedRequest(routed.with_body(body))).await
}

/// The reading of a multipart body, of whose parts as much is kept as of other bodies.
fn form_data(routed: &RoutedRequest<()>, media: usize) -> Option<FormData> {
    let ledger = &routed.ledger;
    let service = &ledger.service;
    let body = declared_body(service.contract.operation(ledger.operation()?))?;
    let kept_max = usize::try_from(service.body_bytes_max).unwrap_or(usize::MAX);
    FormData::of(body.content.get(media)?, routed.request.headers(), kept_max)
}

/// Passes on a body that is judged while it passes.
async fn judge_upload<S>(
    routed: RoutedRequest<()>,
    (first, rest): (Bytes, RequestBody),
    mut gate: UploadChecker,
    mut next: S,
) -> Result<ServiceAnswer, ExchangeProblem>
where
    S: Service<JudgedRequest, Response = ServiceAnswer, Error = ExchangeProblem>,
{
    let ledger = Rc::clone(&routed.ledger);
    let verdict = gate.verdict();
    let refused = |error| ExchangeProblem::new(ProblemCause::from_body_error(error), &ledger);
    if let Err(error) = gate.data(&first) {
        return conclude(&verdict, Err(refused(error)));
    }
    let mut body = ForwardBody::checked(first, rest, Box::new(gate));
    if matches!(ledger.service.upstream, ForwardTarget::Mock) {
        // Nobody else reads it.
        let started = Instant::now();
        let drained = body.drain().await;
        ledger.add_wait(started.elapsed());
        if let Err(error) = drained {
            return conclude(&verdict, Err(refused(error)));
        }
        body = ForwardBody::empty();
    }
    let answered = next.call(JudgedRequest(routed.with_body(body))).await;
    conclude(&verdict, answered)
}

/// Reads a body into memory as far as its bound allows. That time is the client's.
async fn gather(
    routed: &RoutedRequest<()>,
    body: RequestBody,
) -> Result<BufferOutcome<RequestBody>, ExchangeProblem> {
    let ledger = &routed.ledger;
    let started = Instant::now();
    let gathered = body.gather(ledger.service.body_bytes_max).await;
    ledger.add_wait(started.elapsed());
    gathered.map_err(|error| ExchangeProblem::new(ProblemCause::from_body_error(error), ledger))
}

fn judge(
    core: &DataCore,
    routed: &mut RoutedRequest<()>,
    plan: OwnedBodyPlan,
    whole: &BufferedBody,
) -> Result<(), ExchangeProblem> {
    let ledger = Rc::clone(&routed.ledger);
    let (Some(id), service) = (ledger.operation(), &ledger.service) else {
        return Ok(());
    };
    let mut violations = Vec::new();
    ledger.timed(|| {
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
    routed.enforce(violations, Vec::new())
}

/// A body beyond its bound is refused, or passes unjudged.
fn judge_size(routed: &mut RoutedRequest<()>) -> Result<(), ExchangeProblem> {
    let service = &routed.ledger.service;
    let policy = service.policy(routed.ledger.operation());
    if policy.of(ViolationClass::BodyTooLarge) == Enforcement::Off {
        return Ok(());
    }
    let violation = body_too_large(service.body_bytes_max);
    routed.enforce(vec![violation], Vec::new())
}
