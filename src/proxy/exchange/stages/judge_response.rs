//! Judging the response of the service.
//!
//! Where its body may be rejected, it is read to its end first, within a bound. Everywhere else
//! it passes as it arrives, and a copy of what passed is judged when the client has all of it.

use std::rc::Rc;
use std::time::Instant;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body::Body;
use tower::Service;

use portcullis_contract::{
    BodyLength, MediaType, Operation, ResponseHead, ResponsePlan, Violation, check_response_body,
    check_response_head,
};
use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};

use super::staged_request::{AdmittedRequest, ExchangeProblem, ServiceAnswer, enforce};
use crate::proxy::body::body_tee::{BodyCopy, BodyTee};
use crate::proxy::body::buffered_body::{BufferOutcome, buffer_body};
use crate::proxy::exchange::answer_body::AnswerBody;
use crate::proxy::exchange::answer_table::ProblemCause;
use crate::proxy::exchange::data_core::DataCore;
use crate::proxy::exchange::request_record::RequestRecord;
use crate::proxy::exchange::service_core::ForwardTarget;
use crate::proxy::exchange::shadow::ShadowCapture;

pub(in crate::proxy) async fn judge_response<S>(
    core: Rc<DataCore>,
    admitted: AdmittedRequest,
    mut next: S,
) -> Result<ServiceAnswer, ExchangeProblem>
where
    S: Service<AdmittedRequest, Response = ServiceAnswer, Error = ExchangeProblem>,
{
    let ledger = Rc::clone(&admitted.routed.ledger);
    let is_head = admitted.routed.request.method() == Method::HEAD;
    let sampled = sample(&ledger, &admitted);
    let answered = next.call(admitted).await?;
    let looks = ledger.service.policy(ledger.operation()).checks_responses();
    let answered = match (ledger.operation(), &ledger.service.upstream) {
        (Some(id), ForwardTarget::Upstream(_)) if looks => {
            ResponseJudge {
                core,
                ledger: Rc::clone(&ledger),
                id,
                is_head,
                headers: HeaderMap::new(),
            }
            .judge(answered)
            .await?
        }
        _ => answered,
    };
    Ok(match sampled {
        Some(sample) => complete(sample, answered, &ledger),
        None => answered,
    })
}

/// Takes the answer into a sample, its body when it has passed.
fn complete(
    mut sample: ShadowCapture,
    answered: ServiceAnswer,
    ledger: &RequestRecord,
) -> ServiceAnswer {
    let ServiceAnswer { response, reported } = answered;
    sample.answered(&response);
    let bytes_max = ledger.service.response_body_bytes_max;
    let response = match response.body().is_end_stream() {
        true => response,
        false => response
            .map(|body| body.with_tee(BodyTee::new(bytes_max, move |seen| sample.passed(seen)))),
    };
    ServiceAnswer { response, reported }
}

/// A sample of the exchange, where a candidate judges some.
fn sample(ledger: &RequestRecord, admitted: &AdmittedRequest) -> Option<ShadowCapture> {
    let tap = ledger.service.active.shadow_sampler.as_ref()?;
    tap.capture(&admitted.routed.request, ledger.caller.consumer)
}

/// Why a response was not judged, as a label.
const RESPONSE_TOO_LARGE: &str = "response-too-large";

struct ResponseJudge {
    core: Rc<DataCore>,
    ledger: Rc<RequestRecord>,
    id: u32,
    is_head: bool,
    /// What the response says of its body.
    headers: HeaderMap,
}

impl ResponseJudge {
    async fn judge(mut self, answered: ServiceAnswer) -> Result<ServiceAnswer, ExchangeProblem> {
        let ServiceAnswer {
            response,
            mut reported,
        } = answered;
        let service = Rc::clone(&self.ledger.service);
        let operation = service.contract.operation(self.id);
        let mut violations = Vec::new();
        let head = ResponseHead {
            status: response.status().as_u16(),
            headers: response.headers(),
            body: self.length_of(&response),
            is_to_head: self.is_head,
        };
        let plan = self.ledger.timed(|| {
            check_response_head(
                &service.contract,
                operation,
                head,
                service.check_settings(self.id),
                &mut self.core.scratch.borrow_mut(),
                &mut violations,
            )
        });
        let (parts, body) = response.into_parts();
        enforce(
            &self.ledger,
            &mut reported,
            violations,
            cors(&parts.headers),
        )?;
        let ResponsePlan::Judge(media) = plan else {
            let response = Response::from_parts(parts, body);
            return Ok(ServiceAnswer { response, reported });
        };
        self.headers = about_body(&parts.headers);
        let body = if self.may_reject_body() {
            self.judge_buffered(media, body, &mut reported, &parts.headers)
                .await?
        } else {
            self.judge_streamed(body, parts.status, media, operation)
        };
        let response = Response::from_parts(parts, body);
        Ok(ServiceAnswer { response, reported })
    }

    fn length_of(&self, response: &Response<AnswerBody>) -> BodyLength {
        let status = response.status();
        let is_bodiless = status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
        match response.body().size_hint().exact() {
            _ if self.is_head || is_bodiless => BodyLength::Absent,
            Some(0) => BodyLength::Absent,
            Some(_) => BodyLength::Known,
            None => BodyLength::Unknown,
        }
    }

    fn may_reject_body(&self) -> bool {
        let policy = self.ledger.service.policy(Some(self.id));
        [
            ViolationClass::MalformedResponseBody,
            ViolationClass::InvalidResponseBody,
        ]
        .into_iter()
        .any(|class| policy.of(class) == Enforcement::Reject)
    }

    /// Reads a body that may be rejected, and judges it. One beyond the bound passes unjudged.
    async fn judge_buffered(
        &self,
        media: &MediaType,
        body: AnswerBody,
        reported: &mut Vec<Violation>,
        headers: &HeaderMap,
    ) -> Result<AnswerBody, ExchangeProblem> {
        let service = &self.ledger.service;
        let started = Instant::now();
        let gathered = buffer_body(body, service.response_body_bytes_max).await;
        // The time of an answer that passes was taken before its body; that of a refusal was not.
        let waited = started.elapsed();
        match gathered {
            Ok(BufferOutcome::Whole(whole)) => {
                let violations = self.body_violations(media, &whole.bytes);
                enforce(&self.ledger, reported, violations, cors(headers))
                    .inspect_err(|_| self.ledger.add_wait(waited))?;
                Ok(AnswerBody::buffered(whole))
            }
            Ok(BufferOutcome::Larger { first, rest }) => {
                service.recorder.unjudged(RESPONSE_TOO_LARGE);
                Ok(rest.preceded_by(first))
            }
            Err(error) => {
                self.ledger.add_wait(waited);
                Err(ExchangeProblem::new(
                    ProblemCause::Upstream(error),
                    &self.ledger,
                ))
            }
        }
    }

    /// Lets a body pass and judges its copy. Its head is with the client by then, so what is
    /// found is counted and nothing else.
    fn judge_streamed(
        self,
        body: AnswerBody,
        status: StatusCode,
        media: &MediaType,
        operation: &Operation,
    ) -> AnswerBody {
        let is_media = |known: &MediaType| std::ptr::eq(known, media);
        let declared = operation.response(status.as_u16());
        let position = declared.and_then(|declared| declared.content.iter().position(is_media));
        let bytes_max = self.ledger.service.response_body_bytes_max;
        body.with_tee(BodyTee::new(bytes_max, move |seen| {
            let service = Rc::clone(&self.ledger.service);
            let operation = service.contract.operation(self.id);
            let media = position
                .and_then(|position| operation.response(status.as_u16())?.content.get(position));
            match (seen, media) {
                (BodyCopy::Whole(bytes), Some(media)) => {
                    for violation in self.body_violations(media, &bytes) {
                        self.ledger
                            .record_violation(&violation, Enforcement::Report);
                    }
                }
                (BodyCopy::TooLarge, _) => service.recorder.unjudged(RESPONSE_TOO_LARGE),
                (BodyCopy::Whole(_), None) => {}
            }
        }))
    }

    fn body_violations(&self, media: &MediaType, bytes: &[u8]) -> Vec<Violation> {
        let service = &self.ledger.service;
        let mut violations = Vec::new();
        self.ledger.timed(|| {
            check_response_body(
                &service.contract,
                media,
                &self.headers,
                bytes,
                service.check_settings(self.id),
                &mut self.core.scratch.borrow_mut(),
                &mut violations,
            );
        });
        violations
    }
}

/// The fields that say how a body is read.
fn about_body(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in [CONTENT_TYPE, CONTENT_ENCODING] {
        for value in headers.get_all(&name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

/// What a browser needs to show an answer to its page (Fetch Standard, CORS protocol).
fn cors(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let is_cors = |name: &HeaderName| name.as_str().starts_with("access-control-");
    let kept = headers.iter().filter(|(name, _)| is_cors(name));
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
