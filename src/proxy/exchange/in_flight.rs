//! A request's place among those in flight: the slot that it holds, and what it was admitted by.
//!
//! It goes with the request to the upstream and with the response's body back to the client, and
//! gives everything back when it is dropped, however that comes about. What Portcullis refused
//! and what a client gave up is released without a verdict; only the upstream's own doing counts.

use std::rc::Rc;
use std::time::{Duration, Instant};

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, Response, StatusCode};
use tokio::time::timeout;

use portcullis_breaker::{
    AdmissionPermit, AdmissionRefusal, AdmissionRule, BreakerEvent, CallOutcome, CallResult,
    CoreAdmission, HeldSlot, SlotOutcome,
};
use portcullis_vocabulary::Caller;
use portcullis_vocabulary::protection::BreakerPolicy;

use super::request_record::RequestRecord;
use super::service_core::ServiceCore;
use crate::proxy::upstream::{UpstreamError, UpstreamPhase};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// What one request holds.
#[derive(Debug)]
pub(super) struct InFlight {
    service: Rc<ServiceCore>,
    caller: Caller,
    slot: Option<HeldSlot>,
    /// Of the attempt that is under way.
    passes: Option<AdmissionPermit>,
    /// Of the one that was answered, and when.
    answered: Option<(AdmissionPermit, Duration)>,
    is_grpc: bool,
    /// Whether the client was still sending: then it may have a part in how long the call takes
    /// and in how it ends.
    streams: bool,
}

impl InFlight {
    /// Lets a request pass, perhaps after it has waited for a slot.
    ///
    /// # Errors
    /// The refusal of the rule that is in its way.
    pub(super) async fn acquire(
        ledger: &RequestRecord,
        now: Instant,
    ) -> Result<Box<Self>, AdmissionRefusal> {
        let (service, caller) = (&ledger.service, ledger.caller);
        let mut passage = Box::new(Self {
            service: Rc::clone(service),
            caller,
            slot: None,
            passes: None,
            answered: None,
            is_grpc: false,
            streams: false,
        });
        passage.admit_attempt(now)?;
        let turnstile = &service.admission;
        let slot = match turnstile.acquire_slot(caller, turnstile.at(now)) {
            SlotOutcome::Granted(slot) => Ok(slot),
            SlotOutcome::Shed(shed) => Err(shed),
            SlotOutcome::Queued(mut waiting) => {
                let patience = waiting.deadline.saturating_sub(turnstile.at(now));
                let decided = timeout(patience, &mut waiting).await;
                ledger.add_wait(now.elapsed());
                match decided {
                    Ok(decided) => decided,
                    Err(_) => waiting.give_up(),
                }
            }
        };
        passage.slot =
            Some(slot.map_err(|shed| AdmissionRefusal::from_rule(AdmissionRule::Share(shed)))?);
        Ok(passage)
    }

    /// Passes the breakers once more, for another attempt.
    ///
    /// # Errors
    /// The refusal of the breaker that has opened.
    pub(super) fn admit_attempt(&mut self, now: Instant) -> Result<(), AdmissionRefusal> {
        let mut events = Vec::new();
        let now = self.turnstile().at(now);
        let admitted = self.turnstile().admit(self.caller, now, &mut events);
        self.service.record_breaker_events(&events);
        self.passes = Some(admitted?);
        Ok(())
    }

    /// The request's body is sent while it arrives.
    pub(super) fn mark_streaming(&mut self) {
        self.streams = true;
    }

    /// The upstream answered.
    pub(super) fn record_response<B>(
        &mut self,
        response: &Response<B>,
        now: Instant,
        took: Duration,
    ) {
        let policy = &self.turnstile().policy().protection.breaker;
        let (ended, retry_after) = call_result(response, policy);
        self.is_grpc = is_grpc(response.headers());
        self.record(ended, retry_after, now, took);
    }

    /// It did not.
    pub(super) fn record_failure(&mut self, error: &UpstreamError, now: Instant, took: Duration) {
        let ended = match error {
            UpstreamError::Connect { .. }
            | UpstreamError::Timeout {
                phase: UpstreamPhase::Connect,
                ..
            } => CallResult::Unreachable,
            UpstreamError::Timeout { .. }
            | UpstreamError::Closed { .. }
            | UpstreamError::Malformed { .. } => CallResult::Failed,
            // The client's doing, or ours: it is released without a verdict.
            UpstreamError::RequestBody { .. } => return,
        };
        self.record(ended, None, now, took);
    }

    /// The response's trailers have arrived; those of gRPC say how the call ended.
    pub(super) fn trailers(&mut self, trailers: &HeaderMap) {
        if self.is_grpc && grpc_failed(trailers) {
            self.record_truncation();
        }
    }

    /// A response that had begun well did not end so. Where the client was still sending, it may
    /// be the one who broke off.
    pub(super) fn record_truncation(&mut self) {
        if self.streams {
            return;
        }
        let Some((passes, recorded)) = self.answered.take() else {
            return;
        };
        let mut events = Vec::new();
        let now = self.turnstile().at(Instant::now());
        self.turnstile()
            .record_broken(self.caller, passes, recorded, now, &mut events);
        self.service.record_breaker_events(&events);
    }

    fn record(
        &mut self,
        ended: CallResult,
        retry_after: Option<Duration>,
        now: Instant,
        took: Duration,
    ) {
        let Some(passes) = self.passes.take() else {
            return;
        };
        let now = self.turnstile().at(now);
        let mut events = Vec::new();
        let took = (!self.streams).then_some(took);
        self.turnstile().record(
            self.caller,
            passes,
            now,
            CallOutcome {
                result: ended,
                took,
                retry_after,
            },
            &mut events,
        );
        self.answered = (ended == CallResult::Answered).then_some((passes, now));
        self.service.record_breaker_events(&events);
    }

    fn turnstile(&self) -> &CoreAdmission {
        &self.service.admission
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(passes) = self.passes.take() {
            self.turnstile().release(self.caller, passes);
        }
        if let Some(slot) = self.slot.take() {
            self.turnstile().release_slot(slot);
        }
    }
}

impl ServiceCore {
    /// Tells operators what became of breakers.
    pub(super) fn record_breaker_events(&self, events: &[BreakerEvent]) {
        for event in events {
            self.recorder.breaker_changed(event, &self.catalog);
        }
    }
}

/// Whether an answer is a failure, and for how long the upstream wants to be left alone.
fn call_result<B>(
    response: &Response<B>,
    policy: &BreakerPolicy,
) -> (CallResult, Option<Duration>) {
    let status = response.status();
    let is_refused = status == StatusCode::TOO_MANY_REQUESTS && policy.counts_429;
    let failed = status.is_server_error() || is_refused || {
        is_grpc(response.headers()) && grpc_failed(response.headers())
    };
    match failed {
        true => (CallResult::Failed, retry_after(response.headers())),
        false => (CallResult::Answered, None),
    }
}

/// `Retry-After` (RFC 9110 section 10.2.3), in seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(
        date.duration_since(std::time::SystemTime::now())
            .unwrap_or_default(),
    )
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    media.is_some_and(|media| media.starts_with(b"application/grpc"))
}

/// Whether a gRPC status is the server's fault: UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE
/// or DATA_LOSS (gRPC, "Status codes and their use").
fn grpc_failed(fields: &HeaderMap) -> bool {
    let status = fields.get(GRPC_STATUS).map(|value| value.as_bytes());
    status.is_some_and(|status| [&b"2"[..], b"4", b"13", b"14", b"15"].contains(&status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, fields: &[(&'static str, &str)]) -> Response<()> {
        let mut response = Response::builder().status(status);
        for (name, value) in fields {
            response = response.header(*name, *value);
        }
        response.body(()).unwrap()
    }

    #[test]
    fn only_the_servers_fault_is_a_failure() {
        let check = |status, fields: &[(&'static str, &str)], ended| {
            let policy = BreakerPolicy::default();
            assert_eq!(
                call_result(&response(status, fields), &policy).0,
                ended,
                "{status} {fields:?}"
            );
        };
        let grpc = ("content-type", "application/grpc+proto");
        check(200, &[], CallResult::Answered);
        check(404, &[], CallResult::Answered);
        check(429, &[], CallResult::Answered);
        check(500, &[], CallResult::Failed);
        check(503, &[], CallResult::Failed);
        check(200, &[grpc, ("grpc-status", "14")], CallResult::Failed);
        check(200, &[grpc, ("grpc-status", "5")], CallResult::Answered);
        check(200, &[("grpc-status", "14")], CallResult::Answered);
        let counting = BreakerPolicy {
            counts_429: true,
            ..BreakerPolicy::default()
        };
        let (ended, asked) = call_result(&response(429, &[("retry-after", "7")]), &counting);
        assert_eq!(
            (ended, asked),
            (CallResult::Failed, Some(Duration::from_secs(7)))
        );
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let of = |value: &str| retry_after(response(503, &[("retry-after", value)]).headers());
        assert_eq!(of("120"), Some(Duration::from_secs(120)));
        assert_eq!(of("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(of("soon"), None);
        assert_eq!(of("-1"), None);
        let soon = std::time::SystemTime::now() + Duration::from_secs(90);
        let asked = of(&httpdate::fmt_http_date(soon)).unwrap();
        assert!(asked > Duration::from_secs(60) && asked <= Duration::from_secs(90));
    }
}
