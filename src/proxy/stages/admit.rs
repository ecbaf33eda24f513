//! May this traffic pass now? A look only, before a byte of the body is read.

use std::rc::Rc;

use tower::Service;

use super::super::answer_table::ProblemCause;
use super::super::data_core::DataCore;
use super::super::service_core::ForwardTarget;
use super::staged_request::{ExchangeProblem, MatchedRequest, ServiceAnswer};

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
