//! Taking part in the traffic: the breakers, a slot, a budget. What was judged right may still have
//! to wait, or to go.

use std::rc::Rc;
use std::time::Instant;

use tower::Service;

use super::staged_request::{AdmittedRequest, ExchangeProblem, JudgedRequest, ServiceAnswer};
use crate::proxy::exchange::answer_table::ProblemCause;
use crate::proxy::exchange::data_core::DataCore;
use crate::proxy::exchange::in_flight::InFlight;
use crate::proxy::exchange::service_core::ForwardTarget;

pub(in crate::proxy) async fn acquire_slot<S>(
    _core: Rc<DataCore>,
    JudgedRequest(routed): JudgedRequest,
    mut next: S,
) -> Result<ServiceAnswer, ExchangeProblem>
where
    S: Service<AdmittedRequest, Response = ServiceAnswer, Error = ExchangeProblem>,
{
    let ledger = Rc::clone(&routed.ledger);
    let service = &ledger.service;
    let now = Instant::now();
    let refused = |refusal| ExchangeProblem::new(ProblemCause::Traffic(refusal), &ledger);
    let passage = match service.upstream {
        ForwardTarget::Mock => None,
        ForwardTarget::Upstream(_) => Some(InFlight::acquire(&ledger, now).await.map_err(refused)?),
    };
    service
        .admission
        .charge_budget(ledger.caller, || service.admission.at(Instant::now()))
        .map_err(refused)?;
    next.call(AdmittedRequest { routed, passage }).await
}
