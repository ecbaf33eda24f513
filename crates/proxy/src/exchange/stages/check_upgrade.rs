//! Checks a request that asks to continue with WebSocket. Such a connection serves no other request, so a
//! request that does not get what it asks for is refused, and not answered as if it had not asked.

use super::staged_request::{ExchangeProblem, MatchedRequest};
use crate::exchange::answer_table::ProblemCause;
use crate::headers::{add_upgrade, check_handshake};

pub(in crate::exchange) fn check_upgrade(
    mut matched: MatchedRequest,
) -> Result<MatchedRequest, ExchangeProblem> {
    let (record, request) = (&matched.routed.record, &mut matched.routed.request);
    if !record.asks_upgrade() {
        return Ok(matched);
    }
    let checked = if record.service.accepts_websocket() {
        check_handshake(request)
    } else {
        Err(record.service.websocket_refusal())
    };
    if let Err(refusal) = checked {
        return Err(ExchangeProblem::new(ProblemCause::Upgrade(refusal), record));
    }
    // A contract may declare these fields of the hop, which were removed on arrival.
    add_upgrade(request.headers_mut());
    Ok(matched)
}
