//! May this traffic pass now? A look only, before a byte of the body is read.

use std::rc::Rc;

use tower::Service;

use super::staged_request::{ExchangeProblem, MatchedRequest, ServiceAnswer};
use crate::proxy::exchange::answer_table::ProblemCause;
use crate::proxy::exchange::data_core::DataCore;
use crate::proxy::exchange::service_core::ForwardTarget;

pub(in crate::proxy) async fn admit<S>(
    _core: Rc<DataCore>,
    found: MatchedRequest,
    mut next: S,
) -> Result<ServiceAnswer, ExchangeProblem>
where
    S: Service<MatchedRequest, Response = ServiceAnswer, Error = ExchangeProblem>,
{
    let ledger = &found.routed.ledger;
    let service = &ledger.service;
    if matches!(service.upstream, ForwardTarget::Upstream(_)) {
        let now = service.admission.at(ledger.started);
        if let Some(refusal) = service.admission.peek(ledger.caller, now) {
            return Err(ExchangeProblem::new(ProblemCause::Traffic(refusal), ledger));
        }
    }
    next.call(found).await
}
