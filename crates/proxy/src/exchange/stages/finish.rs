//! The last stage: completes the shadow copy, writes the length of the body as one number, and adds
//! the header that reports violations.

use http::{HeaderName, Response};
use http_body::Body;

use portcullis_config::RefusalAudience;

use super::staged_request::ServiceAnswer;
use crate::body::BodyTee;
use crate::exchange::answer_body::AnswerBody;
use crate::exchange::answer_passage::AnswerPassage;
use crate::exchange::data_core::DataCore;
use crate::exchange::reportable::violation_summary;
use crate::headers::remake_content_length;

const X_PORTCULLIS_VIOLATIONS: HeaderName = HeaderName::from_static("x-portcullis-violations");

/// The answer as the client gets it.
pub(in crate::exchange) fn finish(
    core: &DataCore,
    answer: ServiceAnswer,
) -> Box<Response<AnswerBody>> {
    let ServiceAnswer {
        mut response,
        record,
        is_own: _,
        is_head,
        shadow,
    } = answer;
    if let Some(mut shadow) = shadow {
        shadow.record_answer(&response);
        if !response.body().is_end_stream() {
            let bytes_max = record.service.response_body_bytes_max;
            let lease = record.service.body_budget.lease(record.caller.consumer);
            let tee = BodyTee::new(bytes_max, lease, move |copy| shadow.record_body(copy));
            response.body_mut().add_tee(tee);
        }
    }
    // Not before: a repeated length violates the contract.
    remake_content_length(response.headers_mut());
    if let Some(vendor) = &record.service.config().vendor {
        for name in &vendor.drop_response_headers {
            response.headers_mut().remove(name);
        }
    }
    if let Some(lifecycle) = record.announced_lifecycle() {
        lifecycle.announce(response.headers_mut());
    }
    let reported = record.violations_to_report();
    if !reported.is_empty()
        && record.service.config().audience == RefusalAudience::Internal
        && core.snapshot().refusals.report_header
        && let Some(value) = violation_summary(&reported)
    {
        response
            .headers_mut()
            .insert(X_PORTCULLIS_VIOLATIONS, value);
    }
    drop(reported);
    if is_head || !response.body().is_streamed() {
        if !is_head {
            record
                .usage
                .add_response_bytes(response.body().size_hint().lower());
        }
        record.set_passage(AnswerPassage::Passed);
        return response;
    }
    record.set_passage(AnswerPassage::Passing);
    response.body_mut().hold_record(record);
    response
}
