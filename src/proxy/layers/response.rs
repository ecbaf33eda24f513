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

use super::super::answer::Cause;
use super::super::answer_body::AnswerBody;
use super::super::core::Core;
use super::super::ledger::Ledger;
use super::super::service::Target;
use super::super::tap::Sample;
use super::super::watch::{Seen, Watch};
use super::super::whole::{Gathered, gather};
use super::stage::{Admitted, Answered, Refused, decide};

pub(in crate::proxy) async fn judge_response<S>(
    core: Rc<Core>,
    admitted: Admitted,
    mut next: S,
) -> Result<Answered, Refused>
where
    S: Service<Admitted, Response = Answered, Error = Refused>,
{
    let ledger = Rc::clone(&admitted.routed.ledger);
    let is_head = admitted.routed.request.method() == Method::HEAD;
    let sampled = sample(&ledger, &admitted);
    let answered = next.call(admitted).await?;
    let looks = ledger.service.policy(ledger.operation()).checks_responses();
    let answered = match (ledger.operation(), &ledger.service.upstream) {
        (Some(id), Target::Upstream(_)) if looks => {
            Judging {
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
fn complete(mut sample: Sample, answered: Answered, ledger: &Ledger) -> Answered {
    let Answered { response, reported } = answered;
    sample.answered(&response);
    let bytes_max = ledger.service.response_body_bytes_max;
    let response = match response.body().is_end_stream() {
        true => response,
        false => response
            .map(|body| body.watched(Watch::new(bytes_max, move |seen| sample.passed(seen)))),
    };
    Answered { response, reported }
}

/// A sample of the exchange, where a candidate judges some.
fn sample(ledger: &Ledger, admitted: &Admitted) -> Option<Sample> {
    let tap = ledger.service.live.tap.as_ref()?;
    tap.sample(&admitted.routed.request, ledger.caller.consumer)
}

/// Why a response was not judged, as a label.
const RESPONSE_TOO_LARGE: &str = "response-too-large";

struct Judging {
    core: Rc<Core>,
    ledger: Rc<Ledger>,
    id: u32,
    is_head: bool,
    /// What the response says of its body.
    headers: HeaderMap,
}

impl Judging {
    async fn judge(mut self, answered: Answered) -> Result<Answered, Refused> {
        let Answered {
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
        let plan = self.ledger.judge(|| {
            check_response_head(
                &service.contract,
                operation,
                head,
                service.rules(self.id),
                &mut self.core.scratch.borrow_mut(),
                &mut violations,
            )
        });
        let (parts, body) = response.into_parts();
        decide(
            &self.ledger,
            &mut reported,
            violations,
            cors(&parts.headers),
        )?;
        let ResponsePlan::Judge(media) = plan else {
            let response = Response::from_parts(parts, body);
            return Ok(Answered { response, reported });
        };
        self.headers = about_body(&parts.headers);
        let body = if self.may_reject_body() {
            self.gathered(media, body, &mut reported, &parts.headers)
                .await?
        } else {
            self.watched(body, parts.status, media, operation)
        };
        let response = Response::from_parts(parts, body);
        Ok(Answered { response, reported })
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
    async fn gathered(
        &self,
        media: &MediaType,
        body: AnswerBody,
        reported: &mut Vec<Violation>,
        headers: &HeaderMap,
    ) -> Result<AnswerBody, Refused> {
        let service = &self.ledger.service;
        let started = Instant::now();
        let gathered = gather(body, service.response_body_bytes_max).await;
        // The time of an answer that passes was taken before its body; that of a refusal was not.
        let waited = started.elapsed();
        match gathered {
            Ok(Gathered::Whole(whole)) => {
                let violations = self.body(media, &whole.bytes);
                decide(&self.ledger, reported, violations, cors(headers))
                    .inspect_err(|_| self.ledger.waited(waited))?;
                Ok(AnswerBody::whole(whole))
            }
            Ok(Gathered::Larger { first, rest }) => {
                service.recorder.unjudged(RESPONSE_TOO_LARGE);
                Ok(rest.preceded_by(first))
            }
            Err(error) => {
                self.ledger.waited(waited);
                Err(Refused::new(Cause::Upstream(error), &self.ledger))
            }
        }
    }

    /// Lets a body pass and judges its copy. Its head is with the client by then, so what is
    /// found is counted and nothing else.
    fn watched(
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
        body.watched(Watch::new(bytes_max, move |seen| {
            let service = Rc::clone(&self.ledger.service);
            let operation = service.contract.operation(self.id);
            let media = position
                .and_then(|position| operation.response(status.as_u16())?.content.get(position));
            match (seen, media) {
                (Seen::Whole(bytes), Some(media)) => {
                    for violation in self.body(media, &bytes) {
                        self.ledger.violated(&violation, Enforcement::Report);
                    }
                }
                (Seen::TooLarge, _) => service.recorder.unjudged(RESPONSE_TOO_LARGE),
                (Seen::Whole(_), None) => {}
            }
        }))
    }

    fn body(&self, media: &MediaType, bytes: &[u8]) -> Vec<Violation> {
        let service = &self.ledger.service;
        let mut violations = Vec::new();
        self.ledger.judge(|| {
            check_response_body(
                &service.contract,
                media,
                &self.headers,
                bytes,
                service.rules(self.id),
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
