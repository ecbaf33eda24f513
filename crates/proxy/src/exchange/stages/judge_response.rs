//! Judges the response of the service.
//!
//! If the policy may reject the body, the body is read first, up to a bound. Otherwise the body streams
//! to the client, and a copy is judged after the client has all of it. Records are never held back:
//! each is judged while it passes, or, if they are compressed in a way that only a whole body can be
//! decoded from, all of them at the end.

use std::rc::Rc;
use std::time::Instant;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::Body;

use portcullis_contract::{
    BodyLength, CheckScratch, CheckSettings, CompiledContract, MediaType, ResponseHead,
    ResponsePlan, Violation, check_response_body, check_response_head, check_response_sequence,
};
use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};

use super::enforce::enforce;
use super::staged_request::{ExchangeProblem, ServiceAnswer};
use crate::body::{BodyCopy, BodyLease, BodyTee};
use crate::body::{BufferOutcome, buffer_body};
use crate::exchange::answer_body::AnswerBody;
use crate::exchange::answer_table::ProblemCause;
use crate::exchange::data_core::DataCore;
use crate::exchange::record_judge::{DeclaredMedia, RecordJudge};
use crate::exchange::request_record::RequestRecord;
use crate::exchange::service_core::{ForwardTarget, ServiceCore};
use crate::exchange::unjudged_reason::{
    DECODED_TOO_LARGE, NO_MEMORY, RESPONSE_TOO_LARGE, UNSUPPORTED_ENCODING,
};

pub(in crate::exchange) async fn judge_response(
    core: &Rc<DataCore>,
    answer: ServiceAnswer,
) -> Result<ServiceAnswer, ExchangeProblem> {
    let Some(judge) = ResponseJudge::of(core, &answer) else {
        return Ok(answer);
    };
    if judge.may_reject_body() {
        // Boxed, because its state is large and counts for requests that do not need it.
        Box::pin(judge.judge_buffered(answer)).await
    } else {
        judge.judge_streamed(answer)
    }
}

/// A check of a whole body. It returns whether the body could be checked.
type BodyCheck = fn(
    &CompiledContract,
    &MediaType,
    &HeaderMap,
    &[u8],
    CheckSettings<'_>,
    &mut CheckScratch,
    &mut Vec<Violation>,
) -> bool;

struct ResponseJudge {
    core: Rc<DataCore>,
    record: Rc<RequestRecord>,
    id: u32,
    is_head: bool,
    /// The header fields that describe the body.
    headers: HeaderMap,
}

impl ResponseJudge {
    /// The judge of an answer; `None` if the policy does not check responses.
    fn of(core: &Rc<DataCore>, answer: &ServiceAnswer) -> Option<Self> {
        let record = &answer.record;
        let service = &record.service;
        let id = record.operation()?;
        // A handshake was checked as one, and has no content.
        let is_checked = !answer.is_own
            && answer.response.status() != StatusCode::SWITCHING_PROTOCOLS
            && matches!(service.upstream, ForwardTarget::Upstream(_))
            && service.policy(Some(id)).checks_responses();
        is_checked.then(|| Self {
            core: Rc::clone(core),
            record: Rc::clone(record),
            id,
            is_head: answer.is_head,
            headers: HeaderMap::new(),
        })
    }

    /// Judges an answer whose body may be rejected, before the client gets it.
    async fn judge_buffered(
        mut self,
        answer: ServiceAnswer,
    ) -> Result<ServiceAnswer, ExchangeProblem> {
        let service = Rc::clone(&self.record.service);
        let media = match self.judge_head(&service, &answer.response)? {
            ResponsePlan::Pass | ResponsePlan::PassUndecoded => return Ok(answer),
            ResponsePlan::JudgeRecords(media) => return Ok(self.judge_records(media, answer)),
            ResponsePlan::Judge(media) => media,
        };
        self.headers = body_headers(answer.response.headers());
        let (parts, body) = (*answer.response).into_parts();
        let body = self.read_body(media, body, &parts.headers).await?;
        Ok(ServiceAnswer {
            response: Box::new(Response::from_parts(parts, body)),
            ..answer
        })
    }

    /// Judges an answer of which only the head may be rejected.
    fn judge_streamed(self, answer: ServiceAnswer) -> Result<ServiceAnswer, ExchangeProblem> {
        let service = Rc::clone(&self.record.service);
        Ok(match self.judge_head(&service, &answer.response)? {
            ResponsePlan::Judge(media) => self.judge_copy(media, answer, check_response_body),
            ResponsePlan::JudgeRecords(media) => self.judge_records(media, answer),
            ResponsePlan::Pass | ResponsePlan::PassUndecoded => answer,
        })
    }

    /// Judges the records of an answer while they pass, and what describes all of them at the end. A
    /// roll-out rejects only a share of what it could reject.
    fn judge_records(&self, media: &MediaType, mut answer: ServiceAnswer) -> ServiceAnswer {
        let policy = self.record.service.policy(Some(self.id));
        let rejects = self.may_reject_body() && fastrand::f64() < policy.sample();
        let status = answer.response.status().as_u16();
        let judge = DeclaredMedia::of(&self.record, status, media).and_then(|declared| {
            let headers = answer.response.headers();
            RecordJudge::of(&self.core, &self.record, declared, headers, rejects)
        });
        let Some((judge, decoder)) = judge else {
            return self.judge_copy(media, answer, check_response_body);
        };
        if media.describes_all_records() {
            answer = self.judge_copy(media, answer, check_response_sequence);
        }
        let lease = self.lease();
        let judged = |body: AnswerBody| body.judged_by(judge, decoder, lease);
        answer.response = Box::new(answer.response.map(judged));
        answer
    }

    /// Streams the body of an answer and judges a copy of it.
    fn judge_copy(
        &self,
        media: &MediaType,
        mut answer: ServiceAnswer,
        check: BodyCheck,
    ) -> ServiceAnswer {
        let judge = Self {
            core: Rc::clone(&self.core),
            record: Rc::clone(&self.record),
            headers: body_headers(answer.response.headers()),
            ..*self
        };
        let status = answer.response.status().as_u16();
        if let Some(declared) = DeclaredMedia::of(&self.record, status, media) {
            answer
                .response
                .body_mut()
                .add_tee(judge.tee(declared, check));
        }
        answer
    }

    fn judge_head<'s>(
        &self,
        service: &'s ServiceCore,
        response: &Response<AnswerBody>,
    ) -> Result<ResponsePlan<'s>, ExchangeProblem> {
        let mut violations = Vec::new();
        let head = ResponseHead {
            status: response.status().as_u16(),
            headers: response.headers(),
            body: self.length_of(response),
            is_to_head: self.is_head,
        };
        let plan = self.record.timed(|| {
            check_response_head(
                &service.contract,
                service.contract.operation(self.id),
                head,
                service.check_settings(self.id),
                &mut self.core.scratch.borrow_mut(),
                &mut violations,
            )
        });
        enforce(&self.record, violations, cors_headers(response.headers()))?;
        if matches!(plan, ResponsePlan::PassUndecoded) {
            service.recorder.unjudged(UNSUPPORTED_ENCODING);
        }
        Ok(plan)
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
        let service = &self.record.service;
        let policy = service.policy(Some(self.id));
        let rejects = |class| policy.of(class) == Enforcement::Reject;
        rejects(ViolationClass::MalformedResponseBody)
            || rejects(ViolationClass::InvalidResponseBody)
            || (rejects(ViolationClass::UnreadableResponse)
                && service.contract.has_unknown_responses())
    }

    /// Reads and judges a body that may be rejected. A body beyond the bound passes unjudged.
    async fn read_body(
        &self,
        media: &MediaType,
        body: AnswerBody,
        headers: &HeaderMap,
    ) -> Result<AnswerBody, ExchangeProblem> {
        let service = &self.record.service;
        let started = Instant::now();
        let gathered = buffer_body(body, service.response_body_bytes_max, self.lease()).await;
        // The duration of an answer that passes was taken before its body was read; that of a
        // refusal was not, so only the refusal has this wait to subtract.
        let waited = started.elapsed();
        match gathered {
            Ok(BufferOutcome::Whole(whole)) => {
                let violations = self.body_violations(media, &whole.bytes, check_response_body);
                enforce(&self.record, violations, cors_headers(headers))
                    .inspect_err(|_| self.record.add_wait(waited))?;
                Ok(AnswerBody::buffered(whole))
            }
            Ok(BufferOutcome::Larger { first, rest }) => {
                service.recorder.unjudged(RESPONSE_TOO_LARGE);
                Ok(rest.preceded_by(first))
            }
            Ok(BufferOutcome::NoMemory { first, rest }) => {
                service.recorder.unjudged(NO_MEMORY);
                Ok(rest.preceded_by(first))
            }
            Err(error) => {
                self.record.add_wait(waited);
                let cause = ProblemCause::from_interruption(error);
                Err(ExchangeProblem::new(cause, &self.record))
            }
        }
    }

    /// Copies a body that streams, and judges the copy. The client has the head by then, so violations
    /// are only recorded.
    fn tee(self, media: DeclaredMedia, check: BodyCheck) -> BodyTee {
        let bytes_max = self.record.service.response_body_bytes_max;
        let lease = self.lease();
        BodyTee::new(bytes_max, lease, move |copy| {
            let service = Rc::clone(&self.record.service);
            match (copy, media.get(&self.record)) {
                (BodyCopy::Whole(bytes), Some(media)) => {
                    for violation in self.body_violations(media, &bytes, check) {
                        self.record
                            .record_violation(&violation, Enforcement::Report);
                    }
                }
                (BodyCopy::TooLarge, _) => service.recorder.unjudged(RESPONSE_TOO_LARGE),
                (BodyCopy::NoMemory, _) => service.recorder.unjudged(NO_MEMORY),
                (BodyCopy::Whole(_), None) => {}
            }
        })
    }

    /// A lease for the memory of the body.
    fn lease(&self) -> BodyLease {
        let budget = &self.record.service.body_budget;
        budget.lease(self.record.caller.consumer)
    }

    fn body_violations(&self, media: &MediaType, bytes: &[u8], check: BodyCheck) -> Vec<Violation> {
        let service = &self.record.service;
        let mut violations = Vec::new();
        let is_judged = self.record.timed(|| {
            check(
                &service.contract,
                media,
                &self.headers,
                bytes,
                service.check_settings(self.id),
                &mut self.core.scratch.borrow_mut(),
                &mut violations,
            )
        });
        if !is_judged {
            service.recorder.unjudged(DECODED_TOO_LARGE);
        }
        violations
    }
}

/// A copy of the header fields that say how to read a body.
fn body_headers(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in [CONTENT_TYPE, CONTENT_ENCODING] {
        for value in headers.get_all(&name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

/// The header fields without which a browser hides an answer from its page (Fetch Standard, CORS
/// protocol).
fn cors_headers(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let is_cors = |name: &HeaderName| name.as_str().starts_with("access-control-");
    let kept = headers.iter().filter(|(name, _)| is_cors(name));
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
