//! Taking part in the traffic: the breakers, a slot, a budget. What was judged right may still have
//! to wait, or to go.

use std::rc::Rc;
use std::time::Instant;

use tower::Service;

use super::super::answer::Cause;
use super::super::core::Core;
use super::super::passage::Passage;
use super::super::service::Target;
use super::stage::{Admitted, Answered, Judged, Refused};

pub(in crate::proxy) async fn take_part<S>(
    _core: Rc<Core>,
    Judged(routed): Judged,
    mut next: S,
) -> Result<Answered, Refused>
where
    S: Service<Admitted, Response = Answered, Error = Refused>,
{
    let ledger = Rc::clone(&routed.ledger);
    let service = &ledger.service;
    let now = Instant::now();
    let refused = |refusal| Refused::new(Cause::Traffic(refusal), &ledger);
    let passage = match service.upstream {
        Target::Mock => None,
        Target::Upstream(_) => Some(Passage::enter(&ledger, now).await.map_err(refused)?),
    };
    service
        .turnstile
        .spend(ledger.caller, || service.turnstile.at(Instant::now()))
        .map_err(refused)?;
    next.call(Admitted { routed, passage }).await
}
