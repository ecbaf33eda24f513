//! Checks the records of a response that is read as it arrives.

use http::HeaderMap;

use portcullis_json::with_message_steps;
use portcullis_vocabulary::limits::CHECK_STEPS_MAX;

use crate::message::body::{BodyJudge, BodySubject, ContentDecodeError, RecordStream};
use crate::message::check_settings::{CheckScratch, CheckSettings};
use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::MediaType;
use crate::message::violation::Violation;

/// Checks one record of a response that is read as it arrives, and adds violations. `piece` is what
/// [`RecordStream::next_end`] found, or what is left at the end of the body.
pub fn check_response_record(
    contract: &CompiledContract,
    media: &MediaType,
    stream: &mut RecordStream,
    piece: &[u8],
    settings: CheckSettings<'_>,
    scratch: &mut CheckScratch,
    violations: &mut Vec<Violation>,
) {
    let mut judge = BodyJudge {
        contract,
        subject: BodySubject::ResponseBody,
        media,
        settings,
        violations,
    };
    with_message_steps(CHECK_STEPS_MAX, || stream.check(piece, &mut judge, scratch));
}

/// Reports that the content coding of a response cannot be decoded any further.
pub fn report_undecodable_response(
    contract: &CompiledContract,
    media: &MediaType,
    error: ContentDecodeError,
    settings: CheckSettings<'_>,
    violations: &mut Vec<Violation>,
) {
    let mut judge = BodyJudge {
        contract,
        subject: BodySubject::ResponseBody,
        media,
        settings,
        violations,
    };
    let violation = judge.undecodable(error);
    judge.push(violation);
}

/// Checks all records of a response as one array, and adds violations. The records have been checked
/// one by one, by [`check_response_record`]. Returns that the body could be checked, as
/// [`check_response_body`](super::check_response_body) does.
pub fn check_response_sequence(
    contract: &CompiledContract,
    media: &MediaType,
    headers: &HeaderMap,
    bytes: &[u8],
    settings: CheckSettings<'_>,
    scratch: &mut CheckScratch,
    violations: &mut Vec<Violation>,
) -> bool {
    let mut judge = BodyJudge {
        contract,
        subject: BodySubject::ResponseBody,
        media,
        settings,
        violations,
    };
    with_message_steps(CHECK_STEPS_MAX, || {
        judge.validate_sequence(headers, bytes, scratch);
    });
    true
}
