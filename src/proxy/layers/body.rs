//! Judging the body of a request, or passing it on as it arrives.

use std::rc::Rc;
use std::time::Instant;

use tower::Service;

use crate::config::enforcement::Enforcement;
use crate::contract::{ViolationClass, check_body};

use super::super::answer::{Cause, too_large};
use super::super::body::RequestBody;
use super::super::core::Core;
use super::super::forward_body::ForwardBody;
use super::super::whole::{Collected, Gathered};
use super::head::declared_body;
use super::plan::OwnedPlan;
use super::stage::{Answered, HeadJudged, Judged, Refused, Routed};

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
    let body = match plan {
        OwnedPlan::Stream => ForwardBody::streamed(body),
        OwnedPlan::Judge { .. } => match gather(&routed, body).await? {
            Gathered::Whole(whole) => {
                judge(&core, &mut routed, plan, &whole)?;
                ForwardBody::whole(whole)
            }
            Gathered::Larger { first, rest } => {
                judge_size(&mut routed)?;
                ForwardBody::resumed(first, rest)
            }
        },
    };
    next.call(Judged(routed.with_body(body))).await
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
    check_body(
        &service.contract,
        plan.borrow(declared_body(service.contract.operation(id))),
        routed.request.headers(),
        &whole.bytes,
        service.rules(id),
        &mut core.scratch.borrow_mut(),
        &mut violations,
    );
    routed.decide(violations, None)
}

/// A body beyond its bound is refused, or passes unjudged.
fn judge_size(routed: &mut Routed<()>) -> Result<(), Refused> {
    let service = &routed.ledger.service;
    let policy = service.policy(routed.ledger.operation());
    if policy.of(ViolationClass::BodyTooLarge) == Enforcement::Off {
        return Ok(());
    }
    let violation = too_large(service.body_bytes_max);
    routed.decide(vec![violation], None)
}
