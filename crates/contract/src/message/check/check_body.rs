//! Checks a collected request body.

use http::HeaderMap;

use portcullis_json::with_message_steps;
use portcullis_vocabulary::limits::CHECK_STEPS_MAX;

use super::body_plan::BodyPlan;
use super::plan_body::{is_valid_when_empty, missing_body};
use crate::message::body::{BodyJudge, BodySubject, FormData};
use crate::message::check_settings::{CheckScratch, CheckSettings};
use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::MediaType;
use crate::message::violation::{MessagePart, Violation, ViolationClass};

/// Checks a collected body that arrived with these headers.
pub fn check_body(
    contract: &CompiledContract,
    plan: BodyPlan<'_>,
    headers: &HeaderMap,
    bytes: &[u8],
    settings: CheckSettings<'_>,
    scratch: &mut CheckScratch,
    violations: &mut Vec<Violation>,
) {
    if !settings.policy.checks_request_bodies() {
        return;
    }
    let media = match plan {
        BodyPlan::Stream => return,
        BodyPlan::Judge(media) => media,
        BodyPlan::JudgeIfPresent(media, body) if bytes.is_empty() => {
            if !body.required {
                return;
            }
            if !is_valid_when_empty(media) {
                if settings.is_on(ViolationClass::MissingBody) {
                    violations.push(missing_body(contract, body));
                }
                return;
            }
            media
        }
        BodyPlan::JudgeIfPresent(media, _) => media,
    };
    let mut judge = BodyJudge {
        contract,
        subject: BodySubject::RequestBody,
        media,
        settings,
        violations,
    };
    with_message_steps(CHECK_STEPS_MAX, || {
        judge.validate_body(headers, bytes, scratch)
    });
}

/// Checks a `multipart/form-data` body that was read as it arrived.
pub fn check_form_data(
    contract: &CompiledContract,
    media: &MediaType,
    form: &FormData,
    settings: CheckSettings<'_>,
    scratch: &mut CheckScratch,
    violations: &mut Vec<Violation>,
) {
    let mut judge = BodyJudge {
        contract,
        subject: BodySubject::RequestBody,
        media,
        settings,
        violations,
    };
    with_message_steps(CHECK_STEPS_MAX, || form.check(&mut judge, scratch));
}

/// The violation of a body that is larger than the configured maximum, in bytes.
pub fn body_too_large(bytes_max: u64) -> Violation {
    let message = format!("the body is larger than {bytes_max} bytes (`limits.body_bytes_max`)");
    Violation::new(ViolationClass::BodyTooLarge, MessagePart::Body, message)
        .with_expected(format!("at most {bytes_max} bytes"))
}
