//! Sending out what was judged: to the upstream, perhaps more than once, or to the mock.

use std::rc::Rc;
use std::time::Instant;

use http::{Request, Response};

use super::answer_request::outcome_of;
use super::staged_request::{AdmittedRequest, ExchangeProblem, RoutedRequest, ServiceAnswer};
use crate::identity::remove_squad_headers;
use crate::proxy::body::forward_body::ForwardBody;
use crate::proxy::exchange::answer_body::AnswerBody;
use crate::proxy::exchange::answer_table::{ProblemCause, upstream_reason};
use crate::proxy::exchange::data_core::DataCore;
use crate::proxy::exchange::in_flight::InFlight;
use crate::proxy::exchange::mock_upstream;
use crate::proxy::exchange::pipeline::PipelineEnd;
use crate::proxy::exchange::request_record::{AnswerSummary, RequestRecord};
use crate::proxy::exchange::retry::{AttemptResult, RetryableRequest, is_idempotent};
use crate::proxy::exchange::service_core::ForwardTarget;
use crate::proxy::headers::{MaxForwards, add_forwarding, count_hop};
use crate::proxy::upstream::UpstreamClient;

pub(in crate::proxy) async fn forward(
    _core: Rc<DataCore>,
    admitted: AdmittedRequest,
    _: PipelineEnd,
) -> Result<ServiceAnswer, ExchangeProblem> {
    let AdmittedRequest { routed, passage } = admitted;
    let RoutedRequest {
        mut request,
        peer,
        ledger,
        reported,
    } = routed;
    let response = match (&ledger.service.upstream, passage) {
        (ForwardTarget::Upstream(_), _) if is_last_hop(&mut request) => {
            Ok(Response::new(AnswerBody::empty()))
        }
        (ForwardTarget::Upstream(upstream), Some(passage)) => {
            add_forwarding(request.headers_mut(), &peer);
            if ledger.service.config().legacy {
                remove_squad_headers(request.headers_mut());
            }
            ledger.propagate(request.headers_mut());
            send(upstream, request, passage, &ledger).await
        }
        (ForwardTarget::Mock | ForwardTarget::Upstream(_), _) => {
            mock_upstream::answer(&ledger.service.contract, ledger.operation(), &request)
        }
    };
    match response {
        Ok(response) => {
            ledger.set_answer(AnswerSummary {
                outcome: outcome_of(response.status()),
                status: Some(response.status()),
                error: None,
            });
            Ok(ServiceAnswer { response, reported })
        }
        Err(cause) => Err(ExchangeProblem::new(cause, &ledger)),
    }
}

/// Whether `Max-Forwards` says that this is the last hop (RFC 9110 section 7.6.2).
fn is_last_hop(request: &mut Request<ForwardBody>) -> bool {
    let method = request.method().clone();
    count_hop(&method, request.headers_mut()) == MaxForwards::AnswerHere
}

async fn send(
    upstream: &UpstreamClient,
    mut request: Request<ForwardBody>,
    mut passage: Box<InFlight>,
    ledger: &RequestRecord,
) -> Result<Response<AnswerBody>, ProblemCause> {
    if request.body().upload().is_some() {
        passage.mark_streaming();
    }
    let mut again = RetryableRequest::of(&request, ledger);
    loop {
        let sent = attempt(upstream, request, &mut passage, ledger).await;
        let next = match &mut again {
            // Boxed: it is rare, and its size would count for every request.
            Some(again) => Box::pin(again.next_attempt(&sent, &mut passage, ledger)).await,
            None => None,
        };
        match next {
            Some(next) => request = next,
            None => return conclude(sent, passage, ledger),
        }
    }
}

async fn attempt(
    upstream: &UpstreamClient,
    request: Request<ForwardBody>,
    passage: &mut InFlight,
    ledger: &RequestRecord,
) -> AttemptResult {
    let started = Instant::now();
    let is_idempotent = is_idempotent(request.method(), ledger);
    let sent = upstream.send(request, is_idempotent).await;
    let now = Instant::now();
    let took = now - started;
    ledger.add_upstream_time(took);
    match &sent {
        Ok(response) => passage.record_response(response, now, took),
        Err(error) => passage.record_failure(error, now, took),
    }
    sent
}

fn conclude(
    sent: AttemptResult,
    passage: Box<InFlight>,
    ledger: &RequestRecord,
) -> Result<Response<AnswerBody>, ProblemCause> {
    match sent {
        Ok(response) => {
            Ok(response.map(|body| AnswerBody::streamed(body).with_in_flight(Some(passage))))
        }
        Err(error) => {
            let service = &ledger.service;
            service.recorder.upstream_error(upstream_reason(&error));
            tracing::debug!(service = service.config().name, %error, "the upstream did not answer");
            Err(ProblemCause::Upstream(error))
        }
    }
}
