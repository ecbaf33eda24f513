//! Forwards a judged request to the upstream, with retries, or answers it from the contract.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::attempt_terms::AttemptTerms;
use super::staged_request::{AdmittedRequest, ExchangeProblem, JudgedRequest, ServiceAnswer};
use crate::body::ForwardBody;
use crate::exchange::answer_body::AnswerBody;
use crate::exchange::answer_passage::AnswerPassage;
use crate::exchange::answer_table::{ProblemCause, X_PORTCULLIS};
use crate::exchange::grpc_refusal::grpc_media_type;
use crate::exchange::in_flight::InFlight;
use crate::exchange::mock_upstream;
use crate::exchange::problem_reason::upstream_reason;
use crate::exchange::request_record::{AnswerSummary, RequestRecord};
use crate::exchange::retry::{AttemptResult, RequestRetries, is_idempotent};
use crate::exchange::service_core::ForwardTarget;
use crate::exchange::shadow_capture::ShadowCapture;
use crate::exchange::vendor_call::AskedPause;
use crate::exchange::verdict_answer;
use crate::headers::{
    AddedFields, MaxForwards, Peer, add_forwarding, count_hop, grpc_timeout, return_header_map,
    set_grpc_timeout,
};
use crate::upstream::{UpstreamError, UpstreamPhase, UpstreamRouting};
use portcullis_identity::remove_squad_headers;
use portcullis_telemetry::{LogThrottle, RequestOutcome};

/// The longest time of a call that is distinguished from any time.
const CALL_TIME_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

pub(in crate::exchange) async fn forward(
    admitted: AdmittedRequest,
) -> Result<ServiceAnswer, ExchangeProblem> {
    let AdmittedRequest { judged, in_flight } = admitted;
    let JudgedRequest {
        mut request,
        peer,
        record,
    } = judged;
    let is_head = request.method() == Method::HEAD;
    // A candidate judges messages, and not what follows an upgrade.
    let shadow = if record.asks_upgrade() {
        None
    } else {
        ShadowCapture::begin(&record, &request)
    };
    let is_upstream = matches!(record.service.upstream, ForwardTarget::Upstream(_));
    let is_own = is_upstream && is_last_hop(&mut request);
    let response = match &record.service.upstream {
        _ if is_own => Ok(Box::new(own_answer())),
        ForwardTarget::Upstream(upstream) => {
            let deadline = call_deadline(&request, &record);
            let added = prepare(&mut request, &peer, &record);
            send(upstream, request, &added, in_flight, &record, deadline).await
        }
        ForwardTarget::Mock => answer_mocked(&request, in_flight, &record),
        // No breaker counts it: what happens to the request is not known here.
        ForwardTarget::Verdict => Ok(Box::new(verdict_answer::allowed(&record))),
    };
    match response {
        Ok(mut response) => {
            note_asked_pause(&mut response, &record);
            record.set_answer(AnswerSummary {
                outcome: outcome_of(response.status()),
                status: Some(response.status()),
                error: None,
            });
            record.set_passage(AnswerPassage::Waiting);
            Ok(ServiceAnswer {
                response,
                record,
                is_own,
                is_head,
                shadow,
            })
        }
        Err(cause) => Err(ExchangeProblem::new(cause, &record)),
    }
}

/// Notes on the answer of a vendor that it asks for a pause.
fn note_asked_pause(response: &mut Response<AnswerBody>, record: &RequestRecord) {
    if record.service.config().vendor.is_some()
        && let Some(asked) = AskedPause::of(response)
    {
        response.extensions_mut().insert(asked);
    }
}

/// Whether `Max-Forwards` makes the proxy the final recipient (RFC 9110 section 7.6.2).
fn is_last_hop(request: &mut Request<ForwardBody>) -> bool {
    let method = request.method().clone();
    count_hop(&method, request.headers_mut()) == MaxForwards::AnswerHere
}

/// The answer of the last recipient. It has no content: TRACE would show what the client must not see
/// (RFC 9110 section 9.3.8).
fn own_answer() -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::empty());
    let headers = response.headers_mut();
    headers.insert(X_PORTCULLIS, HeaderValue::from_static("MAX_FORWARDS"));
    response
}

/// Changes the header fields as a gateway does, after the request was judged as it arrived. Returns those
/// that are added when it is sent.
fn prepare(request: &mut Request<ForwardBody>, peer: &Peer, record: &RequestRecord) -> AddedFields {
    let via = record.service.via.as_ref();
    if record.service.config().vendor.is_some() {
        // Others learn nothing about the caller.
        if let Some(via) = via {
            via.add(request);
        }
        return AddedFields::default();
    }
    let via = via.map(|via| via.element(request.version()));
    let headers = request.headers_mut();
    let added = add_forwarding(headers, peer, via);
    if record.service.config().legacy {
        remove_squad_headers(headers);
    }
    record.propagate(headers);
    added
}

async fn send(
    upstream: &UpstreamRouting,
    mut request: Box<Request<ForwardBody>>,
    added: &AddedFields,
    mut in_flight: Box<InFlight>,
    record: &RequestRecord,
    deadline: Option<Instant>,
) -> Result<Box<Response<AnswerBody>>, ProblemCause> {
    if request.body().upload().is_some() {
        in_flight.mark_streaming();
    }
    let mut retries = RequestRetries::of(&request, record);
    loop {
        let sent = (&mut *request, added);
        let result = attempt(upstream, sent, &mut in_flight, record, deadline).await;
        let next = match &mut retries {
            // Boxed, because it is rare and its size would count for every request.
            Some(retries) => Box::pin(retries.next_attempt(&result, &mut in_flight, record)).await,
            None => None,
        };
        if next.is_none() {
            return_header_map(std::mem::take(request.headers_mut()));
            return conclude(result, in_flight, record, deadline);
        }
    }
}

/// Answers from the contract. The breakers count the answer like that of a server, so
/// `Prefer: code=503` opens one. A missing example is a fault of the contract and is not counted.
fn answer_mocked(
    request: &Request<ForwardBody>,
    mut in_flight: Box<InFlight>,
    record: &RequestRecord,
) -> Result<Box<Response<AnswerBody>>, ProblemCause> {
    let started = Instant::now();
    let contract = &record.service.contract;
    let response = mock_upstream::answer(contract, record.operation(), request)?;
    let now = Instant::now();
    in_flight.record_response(&response, now, now - started);
    Ok(Box::new(
        response.map(|body| body.with_in_flight(in_flight)),
    ))
}

/// When a gRPC call ends, if its caller set a time.
fn call_deadline(request: &Request<ForwardBody>, record: &RequestRecord) -> Option<Instant> {
    grpc_media_type(request.version(), request.headers())?;
    let timeout = grpc_timeout(request.headers()).ok()??;
    // A longer one bounds nothing.
    record.started.checked_add(timeout.min(CALL_TIME_MAX))
}

fn past_deadline(upstream: &UpstreamRouting) -> UpstreamError {
    let authority = Arc::from(upstream.authority());
    UpstreamError::CallDeadline { authority }
}

async fn attempt(
    upstream: &UpstreamRouting,
    (request, added): (&mut Request<ForwardBody>, &AddedFields),
    in_flight: &mut InFlight,
    record: &RequestRecord,
    deadline: Option<Instant>,
) -> AttemptResult {
    let is_idempotent = is_idempotent(request.method(), record);
    let mut timeouts = record.service.timeouts(record.operation());
    let service_head = timeouts.head;
    if let Some(deadline) = deadline {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(past_deadline(upstream));
        }
        set_grpc_timeout(request.headers_mut(), left);
        timeouts.head = timeouts.head.min(left);
        timeouts.body_idle = timeouts.body_idle.min(left);
    }
    let wait = record.wait_for_upstream();
    let interim = record.interim_responses();
    let terms = AttemptTerms {
        is_idempotent,
        is_upgrade: record.asks_upgrade(),
        timeouts,
        added,
        interim: &interim,
    };
    let result = match upstream {
        UpstreamRouting::Single(client) => terms.send(client, request).await,
        // Boxed, because its size would count for every request.
        UpstreamRouting::Balanced(upstream) => {
            Box::pin(terms.send_balanced(upstream, request, in_flight)).await
        }
    };
    // The caller allowed less time than the service has, so the upstream did not fail.
    let result = match result {
        Err(UpstreamError::Timeout {
            phase: UpstreamPhase::ResponseHead,
            ..
        }) if timeouts.head < service_head => Err(past_deadline(upstream)),
        result => result,
    };
    let (now, took) = wait.end();
    match &result {
        Ok(response) => in_flight.record_response(response, now, took),
        Err(error) => in_flight.record_failure(error, now, took),
    }
    result
}

fn conclude(
    result: AttemptResult,
    in_flight: Box<InFlight>,
    record: &RequestRecord,
    deadline: Option<Instant>,
) -> Result<Box<Response<AnswerBody>>, ProblemCause> {
    match result {
        Ok(response) => {
            let is_upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
            Ok(Box::new(response.map(|body| {
                let answer = if is_upgraded {
                    AnswerBody::upgraded(body)
                } else {
                    AnswerBody::streamed(body)
                };
                answer.with_in_flight(in_flight).until(deadline)
            })))
        }
        Err(error) => {
            let service = &record.service;
            service.recorder.upstream_error(upstream_reason(&error));
            log_upstream_error(&service.config().name, &error);
            Err(ProblemCause::Upstream(error))
        }
    }
}

/// Logs why the upstream did not answer. Every such request has a line in the access log; the lack of
/// a local resource concerns the operator.
fn log_upstream_error(service: &str, error: &UpstreamError) {
    static LOCAL: LogThrottle = LogThrottle::new();
    if !matches!(error, UpstreamError::Local { .. }) {
        tracing::debug!(service, %error, "the upstream did not answer");
    } else if let Some(suppressed) = LOCAL.pass(Instant::now()) {
        tracing::warn!(service, %error, suppressed, "a request could not be sent");
    }
}

/// The outcome of an answer of the service.
fn outcome_of(status: StatusCode) -> RequestOutcome {
    if status.is_server_error() {
        RequestOutcome::Failed
    } else {
        RequestOutcome::Answered
    }
}
