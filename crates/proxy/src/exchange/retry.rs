//! Retries.
//!
//! A request is retried only if it is idempotent (RFC 9110 section 9.2.2, or the contract declares
//! it), its whole body is in memory, and the deadline and the retry budget of the service allow
//! it. The attempt must have failed in one of these ways: no connection, a connection closed
//! before the response, or status 502, 503 or 504. A response timeout is not retried, because the
//! upstream may still be working on the request.

use std::time::{Duration, Instant};

use http::{Method, Request, Response, StatusCode};
use tokio::time::sleep;

use super::in_flight::{InFlight, retry_after};
use super::problem_reason::upstream_reason;
use super::request_record::RequestRecord;
use crate::body::ForwardBody;
use crate::poll_clock;
use crate::upstream::{UpstreamBody, UpstreamError, UpstreamPhase};

/// The result of one attempt.
pub(super) type AttemptResult = Result<Response<UpstreamBody>, UpstreamError>;

/// The retries of a request that may be sent again.
#[derive(Debug)]
pub(super) struct RequestRetries {
    attempts: u32,
}

impl RequestRetries {
    /// The retries of a request, if it may be retried at all.
    pub(super) fn of(request: &Request<ForwardBody>, record: &RequestRecord) -> Option<Self> {
        let is_retryable =
            may_be_retried(request.method(), record) && request.body().is_in_memory();
        let admission = &record.service.admission;
        is_retryable.then(|| {
            admission.count_retryable(admission.at(poll_clock::now()));
            Self { attempts: 0 }
        })
    }

    /// Decides after an attempt whether to retry. If so, waits until the next attempt.
    pub(super) async fn next_attempt(
        &mut self,
        result: &AttemptResult,
        in_flight: &mut InFlight,
        record: &RequestRecord,
    ) -> Option<()> {
        let reason = reason_of(result)?;
        let admission = &record.service.admission;
        let deadline = admission.policy().protection.retries.deadline;
        let now = Instant::now();
        let remaining = deadline.checked_sub(now.saturating_duration_since(record.started))?;
        let response = result.as_ref().ok();
        let wait_min = response.and_then(|response| retry_after(response.headers()));
        let wait_min = wait_min.unwrap_or(Duration::ZERO);
        if wait_min > remaining {
            return None;
        }
        let backoff = admission.retry(self.attempts, admission.at(now), fastrand::f64())?;
        let wait = backoff.max(wait_min);
        if wait > remaining {
            return None;
        }
        self.attempts += 1;
        let waiting = record.wait();
        sleep(wait).await;
        drop(waiting);
        in_flight.admit_attempt(admission.at(Instant::now())).ok()?;
        record.service.recorder.retried(reason);
        Some(())
    }
}

/// Whether a request is retried if its whole body is in memory.
pub(super) fn may_be_retried(method: &Method, record: &RequestRecord) -> bool {
    let protection = &record.service.admission.policy().protection;
    protection.retries.attempts_max > 0 && is_idempotent(method, record)
}

/// Whether a request is idempotent: as the contract declares, or else by its method (RFC 9110
/// section 9.2.2).
pub(super) fn is_idempotent(method: &Method, record: &RequestRecord) -> bool {
    let operation = record.operation();
    let operation = operation.map(|id| record.service.contract.operation(id));
    operation
        .and_then(|operation| operation.enforcement.idempotent)
        .unwrap_or_else(|| method.is_idempotent())
}

/// The metric label for the reason of a retry; `None` if the result does not allow one.
fn reason_of(result: &AttemptResult) -> Option<&'static str> {
    match result {
        Ok(response) => match response.status() {
            StatusCode::BAD_GATEWAY => Some("502"),
            StatusCode::SERVICE_UNAVAILABLE => Some("503"),
            StatusCode::GATEWAY_TIMEOUT => Some("504"),
            _ => None,
        },
        Err(
            error @ (UpstreamError::Connect { .. }
            | UpstreamError::Closed { .. }
            | UpstreamError::Refused { .. }
            | UpstreamError::Timeout {
                phase: UpstreamPhase::Connect,
                ..
            }),
        ) => Some(upstream_reason(error)),
        Err(_) => None,
    }
}
