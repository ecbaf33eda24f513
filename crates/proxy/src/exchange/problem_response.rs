//! Answers to problems, written and recorded in one place.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};

use portcullis_config::{RefusalAudience, VerdictCaller};
use portcullis_identity::{IdentityFault, TokenFault};
use portcullis_telemetry::RequestOutcome;
use portcullis_vocabulary::Consumer;

use super::answer_table::{ProblemCause, X_PORTCULLIS};
use super::data_core::DataCore;
use super::grpc_refusal::as_grpc;
use super::problem_details::ProblemDetails;
use super::public_problem::PublicProblem;
use super::request_record::{AnswerSummary, RequestRecord};
use super::stages::ExchangeProblem;
use super::verdict_answer::refusal_status;
use crate::headers::Peer;

/// The metric label of requests for whose bodies there was no memory.
const BODY_MEMORY: &str = "body-memory";

/// Records a problem and answers it; a gRPC call, whose media type is given, in its own way.
pub(super) fn problem_response(
    core: &DataCore,
    problem: &ExchangeProblem,
    peer: &Peer,
    request_id: &str,
    grpc: Option<&HeaderValue>,
) -> Response<Bytes> {
    let ExchangeProblem { cause, record, .. } = problem;
    let entry = cause.entry();
    let form = RefusalForm::of(core, problem, grpc);
    if let Ok(record) = record {
        record.set_reason(cause.reason());
        record.set_answer(AnswerSummary {
            outcome: entry.outcome,
            status: Some(form.status(entry.status))
                .filter(|_| entry.outcome != RequestOutcome::Abandoned),
            error: Some(entry.error),
        });
        match cause {
            ProblemCause::Traffic(refusal) => {
                record.record_shed(refusal.rule.as_str());
                if refusal.rule.is_failing_circuit() {
                    record.set_circuit_open();
                }
            }
            ProblemCause::BodyMemory => record.record_shed(BODY_MEMORY),
            _ => {}
        }
    }
    if let Err(request) = record {
        request.write_access_line(core, peer, request_id, cause);
    }
    let audience = match record {
        Ok(record) => record.service.config().audience,
        Err(request) => request.audience(core),
    };
    let record = record.as_deref().ok();
    let respond = |body| {
        let mut response = encode(cause, body);
        if let Some(lifecycle) = record.and_then(RequestRecord::announced_lifecycle) {
            lifecycle.announce(response.headers_mut());
        }
        response
    };
    if audience == RefusalAudience::Public {
        let response = respond(PublicProblem::new(cause, request_id).to_bytes());
        return form.apply(response, cause, entry.error);
    }
    // A call of a vendor has credentials that its caller does not know.
    let is_vendor = record.is_some_and(|record| record.service.config().vendor.is_some());
    let with_values = core.snapshot().refusals.with_values && !is_vendor;
    let squad = record.map_or(Consumer::UNKNOWN_NAME, RequestRecord::consumer_name);
    let detail = cause.detail(with_values, squad);
    let details = ProblemDetails::new(cause, &detail, request_id, record, with_values);
    form.apply(respond(details.to_bytes()), cause, &detail)
}

/// The form that a refusal has for its recipient.
enum RefusalForm<'g> {
    Http,
    /// A gRPC call with this media type.
    Grpc(&'g HeaderValue),
    /// A question of another proxy.
    Verdict(VerdictCaller),
}

impl<'g> RefusalForm<'g> {
    fn of(core: &DataCore, problem: &ExchangeProblem, grpc: Option<&'g HeaderValue>) -> Self {
        let verdict = problem
            .record
            .as_ref()
            .map(|record| record.service.config().verdict());
        match (verdict, grpc) {
            (Ok(Some(verdict)), _) => Self::Verdict(verdict.from),
            // A refusal of gRPC has the status 200, which lets a request pass if it was a question.
            // What no service gets may be one.
            (Err(_), Some(_)) if core.snapshot().gives_verdicts() => Self::Http,
            (_, Some(media)) => Self::Grpc(media),
            (_, None) => Self::Http,
        }
    }

    /// The status that is sent instead of this one.
    fn status(&self, status: StatusCode) -> StatusCode {
        match self {
            Self::Http => status,
            Self::Grpc(_) => StatusCode::OK,
            Self::Verdict(caller) => refusal_status(*caller, status),
        }
    }

    fn apply(
        &self,
        mut response: Response<Bytes>,
        cause: &ProblemCause,
        message: &str,
    ) -> Response<Bytes> {
        if let Self::Grpc(media) = self {
            return as_grpc(response, (*media).clone(), cause, message);
        }
        *response.status_mut() = self.status(response.status());
        response
    }
}

/// Writes a problem as a response (RFC 9457) that no cache stores.
fn encode(cause: &ProblemCause, body: Bytes) -> Response<Bytes> {
    let entry = cause.entry();
    let mut response = Response::new(body);
    *response.status_mut() = entry.status;
    let headers = response.headers_mut();
    headers.extend(cause.headers().iter().cloned());
    if let ProblemCause::Identity(IdentityFault::Token(fault)) = cause
        && entry.status == StatusCode::UNAUTHORIZED
    {
        headers.insert(WWW_AUTHENTICATE, challenge(*fault));
    }
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_PORTCULLIS, HeaderValue::from_static(entry.error));
    if let Some(seconds) = entry.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The `WWW-Authenticate` of a token that is missing or invalid (RFC 6750 section 3).
fn challenge(fault: TokenFault) -> HeaderValue {
    HeaderValue::from_static(match fault {
        TokenFault::Missing => "Bearer",
        _ => "Bearer error=\"invalid_token\"",
    })
}
