//! What a request in flight holds: a slot, and the permits of the circuit breakers.
//!
//! The value travels with the request to the upstream and with the response body to the client.
//! Dropping it releases everything. Only results that the upstream caused are recorded in the
//! breakers. Permits of requests that Portcullis refused or the client cancelled are released
//! without a result.

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
use crate::headers::field_value;
use crate::upstream::{EndpointLease, UpstreamError, UpstreamPhase};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// The slot and the permits of one request.
#[derive(Debug)]
pub(super) struct InFlight {
    service: Rc<ServiceCore>,
    caller: Caller,
    slot: Option<HeldSlot>,
    /// The permit of the current attempt.
    permit: Option<AdmissionPermit>,
    /// The permit of the attempt that was answered, and when that was recorded.
    answered: Option<(AdmissionPermit, Duration)>,
    /// The server of the request, if it was chosen among several.
    endpoint: Option<EndpointLease>,
    is_grpc: bool,
    /// Whether the request body is streamed. The client may then cause a slow call or its failure.
    is_streaming: bool,
}

impl InFlight {
    /// Passes the circuit breakers and takes a slot, possibly after a wait in the queue.
    ///
    /// # Errors
    /// The refusal by a breaker or a limit.
    pub(super) async fn acquire(
        record: &RequestRecord,
        now: Instant,
    ) -> Result<Box<Self>, AdmissionRefusal> {
        let (service, caller) = (&record.service, record.caller);
        let mut in_flight = Box::new(Self {
            service: Rc::clone(service),
            caller,
            slot: None,
            permit: None,
            answered: None,
            endpoint: None,
            is_grpc: false,
            is_streaming: false,
        });
        let admission = &service.admission;
        let now = admission.at(now);
        in_flight.admit_attempt(now)?;
        let slot = match admission.acquire_slot(caller, now) {
            SlotOutcome::Granted(slot) => Ok(slot),
            SlotOutcome::Shed(shed) => Err(shed),
            SlotOutcome::Queued(mut waiting) => {
                let wait_max = waiting.deadline.saturating_sub(now);
                let wait = record.wait();
                let decided = timeout(wait_max, &mut waiting).await;
                drop(wait);
                match decided {
                    Ok(decided) => decided,
                    Err(_) => waiting.give_up(),
                }
            }
        };
        in_flight.slot =
            Some(slot.map_err(|shed| AdmissionRefusal::from_rule(AdmissionRule::Share(shed)))?);
        Ok(in_flight)
    }

    /// Passes the circuit breakers for one attempt.
    ///
    /// # Errors
    /// The refusal by a breaker that is open.
    pub(super) fn admit_attempt(&mut self, now: Duration) -> Result<(), AdmissionRefusal> {
        let mut events = Vec::new();
        let admitted = self.admission().admit(self.caller, now, &mut events);
        self.service.record_breaker_events(&events);
        self.permit = Some(admitted?);
        Ok(())
    }

    /// Notes that the request body is streamed.
    pub(super) fn mark_streaming(&mut self) {
        self.is_streaming = true;
    }

    /// Sets the server of the request. Returns that of the attempt before.
    pub(super) fn set_endpoint(
        &mut self,
        endpoint: Option<EndpointLease>,
    ) -> Option<EndpointLease> {
        std::mem::replace(&mut self.endpoint, endpoint)
    }

    /// Records a response of the upstream.
    pub(super) fn record_response<B>(
        &mut self,
        response: &Response<B>,
        now: Instant,
        took: Duration,
    ) {
        self.is_grpc = is_grpc(response.headers());
        let policy = &self.admission().policy().protection.breaker;
        let (result, retry_after) = call_result(response, self.is_grpc, policy);
        self.record(result, retry_after, now, took);
    }

    /// Records a failed attempt.
    pub(super) fn record_failure(&mut self, error: &UpstreamError, now: Instant, took: Duration) {
        let result = match error {
            UpstreamError::Connect { .. }
            | UpstreamError::Tls { .. }
            | UpstreamError::NoHttp2 { .. }
            | UpstreamError::Timeout {
                phase: UpstreamPhase::Connect,
                ..
            } => CallResult::Unreachable,
            UpstreamError::Timeout { .. }
            | UpstreamError::Idle { .. }
            | UpstreamError::Closed { .. }
            | UpstreamError::Reset { .. }
            | UpstreamError::Refused { .. }
            | UpstreamError::Malformed { .. } => CallResult::Failed,
            // The client or Portcullis ended the request, or the machine of Portcullis could not
            // send it, so the permit is released.
            UpstreamError::RequestBody { .. }
            | UpstreamError::CallDeadline { .. }
            | UpstreamError::Local { .. } => return,
        };
        self.record(result, None, now, took);
    }

    /// Reads the trailers of a response. In gRPC they carry the status of the call.
    pub(super) fn record_trailers(&mut self, trailers: &HeaderMap) {
        if self.is_grpc && grpc_failed(trailers) {
            self.record_truncation();
        }
    }

    /// Records that a response ended early. If the client was still sending, it may be the cause,
    /// so nothing is recorded.
    pub(super) fn record_truncation(&mut self) {
        if self.is_streaming {
            return;
        }
        let Some((permit, recorded)) = self.answered.take() else {
            return;
        };
        let mut events = Vec::new();
        let now = self.admission().at(Instant::now());
        self.admission()
            .record_broken(self.caller, permit, recorded, now, &mut events);
        self.service.record_breaker_events(&events);
    }

    fn record(
        &mut self,
        result: CallResult,
        retry_after: Option<Duration>,
        now: Instant,
        took: Duration,
    ) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        let now = self.admission().at(now);
        let mut events = Vec::new();
        let took = (!self.is_streaming).then_some(took);
        self.admission().record(
            self.caller,
            permit,
            now,
            CallOutcome {
                result,
                took,
                retry_after,
            },
            &mut events,
        );
        self.answered = (result == CallResult::Answered).then_some((permit, now));
        self.service.record_breaker_events(&events);
    }

    fn admission(&self) -> &CoreAdmission {
        &self.service.admission
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.admission().release(self.caller, permit);
        }
        if let Some(slot) = self.slot.take() {
            let admission = self.admission();
            admission.release_slot(slot, || admission.at(Instant::now()));
        }
    }
}

impl ServiceCore {
    /// Records state changes of circuit breakers in metrics and the log.
    pub(super) fn record_breaker_events(&self, events: &[BreakerEvent]) {
        for event in events {
            self.recorder.breaker_changed(event, &self.catalog);
        }
    }
}

/// Whether a response counts as a failure, and its `Retry-After` if it does.
fn call_result<B>(
    response: &Response<B>,
    is_grpc: bool,
    policy: &BreakerPolicy,
) -> (CallResult, Option<Duration>) {
    let status = response.status();
    let is_refused = status == StatusCode::TOO_MANY_REQUESTS && policy.counts_429;
    let failed =
        status.is_server_error() || is_refused || (is_grpc && grpc_failed(response.headers()));
    if failed {
        (CallResult::Failed, retry_after(response.headers()))
    } else {
        (CallResult::Answered, None)
    }
}

/// `Retry-After` (RFC 9110 section 10.2.3), in seconds or as a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number of any length is valid.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(
        date.duration_since(std::time::SystemTime::now())
            .unwrap_or_default(),
    )
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let media = field_value(headers, &CONTENT_TYPE).map(|value| value.as_bytes());
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
    fn only_server_errors_are_failures() {
        let check = |status, fields: &[(&'static str, &str)], expected| {
            let policy = BreakerPolicy::default();
            let response = response(status, fields);
            assert_eq!(
                call_result(&response, is_grpc(response.headers()), &policy).0,
                expected,
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
        let (result, delay) =
            call_result(&response(429, &[("retry-after", "7")]), false, &counting);
        assert_eq!(
            (result, delay),
            (CallResult::Failed, Some(Duration::from_secs(7)))
        );
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let of = |value: &str| retry_after(response(503, &[("retry-after", value)]).headers());
        assert_eq!(of("120"), Some(Duration::from_secs(120)));
        assert_eq!(of("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let longest = Some(Duration::from_secs(u64::MAX));
        assert_eq!(of(&u64::MAX.to_string()), longest);
        assert_eq!(of(&"9".repeat(400)), longest);
        assert_eq!(of("soon"), None);
        assert_eq!(of("+5"), None);
        assert_eq!(of("-1"), None);
        let soon = std::time::SystemTime::now() + Duration::from_secs(90);
        let delay = of(&httpdate::fmt_http_date(soon)).unwrap();
        assert!(delay > Duration::from_secs(60) && delay <= Duration::from_secs(90));
    }
}
