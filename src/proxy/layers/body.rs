//! Judging the body of a request, or passing it on as it arrives.

use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use tower::Service;

use portcullis_contract::{FormData, ViolationClass, body_too_large, check_body};
use portcullis_vocabulary::enforcement::Enforcement;

use super::super::answer::Cause;
use super::super::body::RequestBody;
use super::super::core::Core;
use super::super::forward_body::{ForwardBody, Gate};
use super::super::service::Target;
use super::super::whole::{Collected, Gathered};
use super::head::declared_body;
use super::plan::OwnedPlan;
use super::stage::{Answered, HeadJudged, Judged, Refused, Routed};
use super::upload::{UploadGate, conclude};

pub(in crate::proxy) async fn judge_body<S>(
    core: Rc<Core>,
    judged: HeadJudged,
    mut next: S,
) -> Result<Answered, Refused>
where
    S: Service<Judged, Response = Answered, Error = Refused>,
{
    let HeadJudged { routed, plan } = judged;
    let (mut routed, body) = routed.split();
    let OwnedPlan::Judge { media, .. } = plan else {
        let body = ForwardBody::streamed(body);
        return next.call(Judged(routed.with_body(body))).await;
    };
    let body = match gather(&routed, body).await? {
        Gathered::Whole(whole) => {
            judge(&core, &mut routed, plan, &whole)?;
            ForwardBody::whole(whole)
        }
        Gathered::Larger { first, rest } => match form_data(&routed, media) {
            Some(form) => {
                let gate = UploadGate::new(&core, &routed.ledger, media, form);
                // Boxed: it is rare, and its size would count for every request.
                return Box::pin(judge_upload(routed, (first, rest), gate, next)).await;
            }
            None => {
                judge_size(&mut routed)?;
                ForwardBody::resumed(first, rest)
            }
        },
    };
    next.call(Judged(routed.with_body(body))).await
}

/// The reading of a multipart body, of whose parts as much is kept as of other bodies.
fn form_data(routed: &Routed<()>, media: usize) -> Option<FormData> {
    let ledger = &routed.ledger;
    let service = &ledger.service;
    let body = declared_body(service.contract.operation(ledger.operation()?))?;
    let kept_max = usize::try_from(service.body_bytes_max).unwrap_or(usize::MAX);
    FormData::of(body.content.get(media)?, routed.request.headers(), kept_max)
}

/// Passes on a body that is judged while it passes.
async fn judge_upload<S>(
    routed: Routed<()>,
    (first, rest): (Bytes, RequestBody),
    mut gate: UploadGate,
    mut next: S,
) -> Result<Answered, Refused>
where
    S: Service<Judged, Response = Answered, Error = Refused>,
{
    let ledger = Rc::clone(&routed.ledger);
    let verdict = gate.verdict();
    let refused = |error| Refused::new(Cause::of_body(error), &ledger);
    if let Err(error) = gate.data(&first) {
        return conclude(&verdict, Err(refused(error)));
    }
    let mut body = ForwardBody::gated(first, rest, Box::new(gate));
    if matches!(ledger.service.upstream, Target::Mock) {
        // Nobody else reads it.
        let started = Instant::now();
        let drained = body.drain().await;
        ledger.waited(started.elapsed());
        if let Err(error) = drained {
            return conclude(&verdict, Err(refused(error)));
        }
        body = ForwardBody::empty();
    }
    let answered = next.call(Judged(routed.with_body(body))).await;
    conclude(&verdict, answered)
}

/// Reads a body into memory as far as its bound allows. That time is the client's.
async fn gather(routed: &Routed<()>, body: RequestBody) -> Result<Gathered<RequestBody>, Refused> {
    let ledger = &routed.ledger;
    let started = Instant::now();
    let gathered = body.gather(ledger.service.body_bytes_max).await;
    ledger.waited(started.elapsed());
    gathered.map_err(|error| Refused::new(Cause::of_body(error), ledger))
}

fn judge(
    core: &Core,
    routed: &mut Routed<()>,
    plan: OwnedPlan,
    whole: &Collected,
) -> Result<(), Refused> {
    let ledger = Rc::clone(&routed.ledger);
    let (Some(id), service) = (ledger.operation(), &ledger.service) else {
        return Ok(());
    };
    let mut violations = Vec::new();
    ledger.judge(|| {
        check_body(
            &service.contract,
            plan.borrow(declared_body(service.contract.operation(id))),
            routed.request.headers(),
            &whole.bytes,
            service.rules(id),
            &mut core.scratch.borrow_mut(),
            &mut violations,
        );
    });
    routed.decide(violations, Vec::new())
}

/// A body beyond its bound is refused, or passes unjudged.
fn judge_size(routed: &mut Routed<()>) -> Result<(), Refused> {
    let service = &routed.ledger.service;
    let policy = service.policy(routed.ledger.operation());
    if policy.of(ViolationClass::BodyTooLarge) == Enforcement::Off {
        return Ok(());
    }
    let violation = body_too_large(service.body_bytes_max);
    routed.decide(vec![violation], Vec::new())
}
