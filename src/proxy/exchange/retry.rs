//! Sending a request again.
//!
//! Only what may be sent twice with the effect of once (RFC 9110 section 9.2.2, or the contract's
//! word), only when its body is in memory as a whole, only while its deadline and the budget of
//! the service allow it, and only when the upstream could not be reached, closed without a word,
//! or said 502, 503 or 504. A timeout is none of these: the work may still be under way.

use std::time::{Duration, Instant};

use http::{Method, Request, Response, StatusCode};
use tokio::time::sleep;

use super::answer_table::upstream_reason;
use super::in_flight::{InFlight, retry_after};
use super::request_record::RequestRecord;
use crate::proxy::body::forward_body::ForwardBody;
use crate::proxy::upstream::{UpstreamBody, UpstreamError, UpstreamPhase, copy};

/// What an attempt came to.
pub(super) type AttemptResult = Result<Response<UpstreamBody>, UpstreamError>;

/// A request that may be sent again.
#[derive(Debug)]
pub(super) struct RetryableRequest {
    request: Request<ForwardBody>,
    attempts: u32,
}

impl RetryableRequest {
    /// Keeps a copy of a request, if it may be sent again at all.
    pub(super) fn of(request: &Request<ForwardBody>, ledger: &RequestRecord) -> Option<Box<Self>> {
        let turnstile = &ledger.service.admission;
        if turnstile.policy().protection.retries.attempts_max == 0 {
            return None;
        }
        let request = is_idempotent(request.method(), ledger)
            .then(|| copy(request))
            .flatten()?;
        turnstile.count_retryable(turnstile.at(Instant::now()));
        Some(Box::new(Self {
            request,
            attempts: 0,
        }))
    }

    /// After an attempt: waits and returns the request to be sent again, or nothing.
    pub(super) async fn next_attempt(
        &mut self,
        sent: &AttemptResult,
        passage: &mut InFlight,
        ledger: &RequestRecord,
    ) -> Option<Request<ForwardBody>> {
        let reason = reason_of(sent)?;
        let turnstile = &ledger.service.admission;
        let deadline = turnstile.policy().protection.retries.deadline;
        let now = Instant::now();
        let left = deadline.checked_sub(now.saturating_duration_since(ledger.started))?;
        let asked = sent.as_ref().ok();
        let asked = asked.and_then(|response| retry_after(response.headers()));
        let asked = asked.unwrap_or(Duration::ZERO);
        if asked > left {
            return None;
        }
        let request = copy(&self.request)?;
        let backoff = turnstile.retry(self.attempts, turnstile.at(now), fastrand::f64())?;
        let wait = backoff.max(asked);
        if wait > left {
            return None;
        }
        self.attempts += 1;
        sleep(wait).await;
        ledger.add_wait(wait);
        passage.admit_attempt(Instant::now()).ok()?;
        ledger.service.recorder.retried(reason);
        Some(request)
    }
}

/// Whether a request may be sent twice with the effect of once: by its contract's word, else by its
/// method (RFC 9110 section 9.2.2).
pub(super) fn is_idempotent(method: &Method, ledger: &RequestRecord) -> bool {
    let operation = ledger.operation();
    let operation = operation.map(|id| ledger.service.contract.operation(id));
    operation
        .and_then(|operation| operation.enforcement.idempotent)
        .unwrap_or_else(|| method.is_idempotent())
}

/// Why a request is sent again, as a label.
fn reason_of(sent: &AttemptResult) -> Option<&'static str> {
    match sent {
        Ok(response) => match response.status() {
            StatusCode::BAD_GATEWAY => Some("502"),
            StatusCode::SERVICE_UNAVAILABLE => Some("503"),
            StatusCode::GATEWAY_TIMEOUT => Some("504"),
            _ => None,
        },
        Err(
            error @ (UpstreamError::Connect { .. }
            | UpstreamError::Closed { .. }
            | UpstreamError::Timeout {
                phase: UpstreamPhase::Connect,
                ..
            }),
        ) => Some(upstream_reason(error)),
        Err(_) => None,
    }
}
