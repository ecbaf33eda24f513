//! The outermost layer: one answer for every request, whatever happens below.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use tower::Service;

use crate::telemetry::{RequestOutcome, RequestTrace, Span, TracedRequest};
use portcullis_vocabulary::Consumer;

use super::staged_request::{ExchangeProblem, IdentifiedRequest, ServiceAnswer, report_header};
use crate::proxy::client::connection::IncomingRequest;
use crate::proxy::exchange::answer_body::AnswerBody;
use crate::proxy::exchange::answer_table::{ProblemCause, respond};
use crate::proxy::exchange::data_core::DataCore;
use crate::proxy::exchange::problem_details::ProblemDetails;
use crate::proxy::exchange::request_record::{AnswerSummary, RequestRecord};
use crate::proxy::exchange::service_access_log;
use crate::proxy::headers::{Peer, add_request_id};
use crate::proxy::inspect::HttpRefusal;

const X_PORTCULLIS_VIOLATIONS: HeaderName = HeaderName::from_static("x-portcullis-violations");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(in crate::proxy) async fn answer_request<S>(
    core: Rc<DataCore>,
    arrived: IncomingRequest,
    mut next: S,
) -> Result<Response<AnswerBody>, Infallible>
where
    S: Service<IdentifiedRequest, Response = ServiceAnswer, Error = ExchangeProblem>,
{
    let IncomingRequest { mut request, peer } = arrived;
    let id = add_request_id(request.headers_mut(), &peer);
    let trace = begin(&core, &request, &id);
    let span = trace.as_ref().and_then(RequestTrace::span).map(Rc::clone);
    let answering = pin!(next.call(IdentifiedRequest {
        id: id.clone(),
        request,
        peer: Rc::clone(&peer),
        trace,
    }));
    let answered = catch_panic(answering).await;
    let refused = match answered {
        Ok(Ok(answered)) => return Ok(traced(finish(&core, answered), span, None)),
        Ok(Err(refused)) => refused,
        Err(CaughtPanic) => {
            core.recorder.panicked();
            ExchangeProblem {
                cause: ProblemCause::Panicked,
                ledger: None,
            }
        }
    };
    let mut response = problem_response(&core, &refused, &peer, id.to_str().unwrap_or_default());
    response.headers_mut().insert(X_REQUEST_ID, id);
    let error = refused.cause.entry().error;
    Ok(traced(response.map(AnswerBody::from), span, Some(error)))
}

/// The request's part of a trace, as it arrived.
fn begin<B>(
    core: &DataCore,
    request: &Request<B>,
    request_id: &HeaderValue,
) -> Option<RequestTrace> {
    let tracer = core.tracer.as_ref()?;
    Some(tracer.begin(TracedRequest {
        method: request.method(),
        version: request.version(),
        headers: request.headers(),
        request_id,
    }))
}

/// The span of a sampled request ends with the answer's body.
fn traced(
    response: Response<AnswerBody>,
    span: Option<Rc<Span>>,
    error: Option<&'static str>,
) -> Response<AnswerBody> {
    let Some(span) = span else { return response };
    span.answered(response.status(), error);
    response.map(|body| body.traced(span))
}

/// The service's answer. Whoever received it has removed the fields of its hop.
fn finish(core: &DataCore, answered: ServiceAnswer) -> Response<AnswerBody> {
    let ServiceAnswer {
        mut response,
        reported,
    } = answered;
    if !reported.is_empty()
        && core.snapshot().refusals.report_header
        && let Some(value) = report_header(&reported)
    {
        response
            .headers_mut()
            .insert(X_PORTCULLIS_VIOLATIONS, value);
    }
    response
}

fn problem_response(
    core: &DataCore,
    refused: &ExchangeProblem,
    peer: &Peer,
    request_id: &str,
) -> Response<Bytes> {
    let ExchangeProblem { cause, ledger } = refused;
    let ledger = ledger.as_deref();
    if let Some(ledger) = ledger {
        let entry = cause.entry();
        ledger.set_answer(AnswerSummary {
            outcome: entry.outcome,
            status: Some(entry.status).filter(|_| entry.outcome != RequestOutcome::Abandoned),
            error: Some(entry.error),
        });
        if let ProblemCause::Traffic(refusal) = cause {
            ledger.record_shed(refusal.rule.as_str());
        }
    } else {
        let entry = cause.entry();
        service_access_log::write_unrouted(
            &core.access_log,
            peer.address.ip(),
            request_id,
            (entry.status, entry.error),
        );
    }
    let with_values = core.snapshot().refusals.with_values;
    let squad = ledger.map_or(Consumer::UNKNOWN_NAME, RequestRecord::consumer_name);
    let detail = cause.detail(with_values, squad);
    respond(
        cause,
        &ProblemDetails::new(cause, &detail, request_id, ledger, with_values),
    )
}

/// The answer to a stream that cannot be read as HTTP: no service ever sees its request.
pub(in crate::proxy) fn refuse_stream(
    core: &DataCore,
    refusal_of: HttpRefusal,
    peer: &Peer,
) -> Response<Bytes> {
    core.recorder.http_refusal(refusal_of.name());
    let refused = ExchangeProblem {
        cause: ProblemCause::Http(refusal_of),
        ledger: None,
    };
    problem_response(core, &refused, peer, "")
}

struct CaughtPanic;

/// Runs a future so that its panic is a value. Nothing of the request is used afterwards. The
/// future stays where it is: an async function keeps its arguments twice, and this one is large.
async fn catch_panic<F: Future>(mut future: Pin<&mut F>) -> Result<F::Output, CaughtPanic> {
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(_) => std::task::Poll::Ready(Err(CaughtPanic)),
        },
    )
    .await
}

/// The outcome of an answer of the service.
pub(super) fn outcome_of(status: http::StatusCode) -> RequestOutcome {
    if status.is_server_error() {
        RequestOutcome::Failed
    } else {
        RequestOutcome::Answered
    }
}
