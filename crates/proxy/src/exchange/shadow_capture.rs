//! Takes the copy of one exchange for the shadow sampler.

use std::rc::Rc;

use http::{Request, Response};
use http_body::Body;

use super::answer_body::AnswerBody;
use super::request_record::RequestRecord;
use super::shadow::{ShadowAnswer, ShadowBody, ShadowExchange, ShadowSampler};
use crate::body::BodyCopy;
use crate::body::ForwardBody;

/// The copy of an exchange while the exchange proceeds. Dropping it sends what was recorded.
#[derive(Debug)]
pub(super) struct ShadowCapture {
    sampler: ShadowSampler,
    exchange: Option<Box<ShadowExchange>>,
}

impl ShadowCapture {
    /// Copies a request, if its service has a sampler and the sampler takes this request.
    pub(super) fn begin(
        record: &Rc<RequestRecord>,
        request: &Request<ForwardBody>,
    ) -> Option<Self> {
        let sampler = record.service.active.shadow_sampler.as_ref()?;
        if !sampler.takes_next() {
            return None;
        }
        Some(Self {
            sampler: sampler.clone(),
            exchange: Some(Box::new(ShadowExchange {
                method: request.method().clone(),
                target: request.uri().clone(),
                headers: request.headers().clone(),
                body: request_body(request.body()),
                consumer: record.caller.consumer,
                answer: None,
            })),
        })
    }

    /// Copies the head of the answer.
    pub(super) fn record_answer(&mut self, response: &Response<AnswerBody>) {
        let body = if response.body().is_end_stream() {
            ShadowBody::Absent
        } else {
            ShadowBody::Streamed
        };
        if let Some(exchange) = &mut self.exchange {
            exchange.answer = Some(ShadowAnswer {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body,
            });
        }
    }

    /// Adds the body of the answer, after all of it has passed.
    pub(super) fn record_body(&mut self, copy: BodyCopy) {
        let exchange = self.exchange.as_mut();
        let answer = exchange.and_then(|exchange| exchange.answer.as_mut());
        if let (Some(answer), BodyCopy::Whole(bytes)) = (answer, copy) {
            answer.body = ShadowBody::Whole(bytes);
        }
    }
}

impl Drop for ShadowCapture {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            self.sampler.send(*exchange);
        }
    }
}

fn request_body(body: &ForwardBody) -> ShadowBody {
    match body.buffered() {
        Some(bytes) if bytes.is_empty() => ShadowBody::Absent,
        Some(bytes) => ShadowBody::Whole(bytes.clone()),
        None if body.is_end_stream() => ShadowBody::Absent,
        None => ShadowBody::Streamed,
    }
}
