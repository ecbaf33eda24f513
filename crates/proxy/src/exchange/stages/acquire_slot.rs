//! Passes the circuit breakers, takes a slot and charges the budget. A valid request may still
//! have to wait here, or be refused.

use super::staged_request::{AdmittedRequest, ExchangeProblem, JudgedRequest};
use crate::exchange::answer_table::ProblemCause;
use crate::exchange::in_flight::InFlight;
use crate::poll_clock;

pub(in crate::exchange) async fn acquire_slot(
    judged: JudgedRequest,
) -> Result<AdmittedRequest, ExchangeProblem> {
    let record = &judged.record;
    let service = &record.service;
    let now = poll_clock::now();
    let refused = |refusal| ExchangeProblem::new(ProblemCause::Traffic(refusal), record);
    let in_flight = InFlight::acquire(record, now).await.map_err(refused)?;
    service
        .admission
        .charge_budget(record.caller, || service.admission.at(poll_clock::now()))
        .map_err(refused)?;
    Ok(AdmittedRequest { judged, in_flight })
}
