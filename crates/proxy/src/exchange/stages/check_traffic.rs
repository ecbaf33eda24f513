//! Checks whether the caller's traffic may pass now. This takes nothing: `acquire_slot` decides
//! again after the request was judged.

use super::staged_request::{AllowedRequest, ExchangeProblem, MatchedRequest};
use crate::exchange::answer_table::ProblemCause;

pub(in crate::exchange) fn check_traffic(
    matched: MatchedRequest,
) -> Result<AllowedRequest, ExchangeProblem> {
    let record = &matched.routed.record;
    let service = &record.service;
    let now = service.admission.at(record.started);
    if let Some(refusal) = service.admission.peek(record.caller, now) {
        return Err(ExchangeProblem::new(ProblemCause::Traffic(refusal), record));
    }
    Ok(AllowedRequest(matched))
}
