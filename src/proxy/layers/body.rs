//! Judging the body of a request, or passing it on as it arrives.

use std::rc::Rc;
use std::time::Instant;

use http::Request;
use tower::Service;

use crate::config::enforcement::Enforcement;
use crate::contract::{ViolationClass, check_body};

use super::super::answer::{Cause, too_large};
use super::super::body::{Collected, ForwardBody, GatheredRequest};
use super::super::core::Core;
use super::head::declared_body;
use super::{Answered, HeadJudged, Judged, OwnedPlan, Refused, Routed};

pub(in super::super) async fn judge_body<S>(
    core: Rc<Core>,
    judged: HeadJudged,
    mut next: S,
) -> Result<Answered, Refused>
where
    S: Service<Judged, Response = Answered, Error = Refused>,
{
    let HeadJudged { routed, operation, plan } = judged;
    let Routed { request, peer, ledger, reported } = routed;
    let (head, body) = request.into_parts();
    let bare = Request::from_parts(head, ());
    let mut judging = Judging { core, operation, plan, bare, ledger, peer, reported };
    let body = match (operation, plan) {
        (Some(_), OwnedPlan::Judge { .. }) => {
            let started = Instant::now();
            let gathered = body.gather(judging.ledger.service.body_bytes_max).await;
            judging.ledger.waited(started.elapsed());
            match gathered {
                Ok(GatheredRequest::Whole(whole)) => judging.whole(whole)?,
                Ok(GatheredRequest::Larger { first, rest }) => {
                    judging.larger()?;
                    ForwardBody::resumed(first, rest)
                }
                Err(error) => return Err(Refused::new(Cause::of_body(error), &judging.ledger)),
            }
        }
        _ => ForwardBody::streamed(body),
    };
    let Judging { bare, peer, ledger, reported, .. } = judging;
    next.call(Judged { request: bare.map(|()| body), peer, ledger, operation, reported }).await
}

struct Judging {
    core: Rc<Core>,
    operation: Option<u32>,
    plan: OwnedPlan,
    bare: Request<()>,
    ledger: Rc<super::super::ledger::Ledger>,
    peer: Rc<super::super::headers::Peer>,
    reported: Vec<crate::contract::Violation>,
}

impl Judging {
    /// Judges a body that fits into its bound.
    fn whole(&mut self, whole: Collected) -> Result<ForwardBody, Refused> {
        let Some(id) = self.operation else { return Ok(ForwardBody::whole(whole)) };
        let service = Rc::clone(&self.ledger.service);
        let declared = declared_body(service.contract.operation(id));
        let mut violations = Vec::new();
        check_body(
            &service.contract,
            self.plan.borrow(declared),
            &whole.bytes,
            service.rules(id),
            &mut self.core.scratch.borrow_mut(),
            &mut violations,
        );
        self.decide(violations)?;
        Ok(ForwardBody::whole(whole))
    }

    /// A body beyond its bound is refused, or passes unjudged.
    fn larger(&mut self) -> Result<(), Refused> {
        let policy = self.ledger.service.policy(self.operation);
        if policy.of(ViolationClass::BodyTooLarge) == Enforcement::Off {
            return Ok(());
        }
        let bytes_max = self.ledger.service.body_bytes_max;
        self.decide(vec![too_large(bytes_max)])
    }
}
