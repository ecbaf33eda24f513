//! The answers to requests and responses that violate the contract, by class.

use http::StatusCode;

use portcullis_contract::Violation;
use portcullis_telemetry::RequestOutcome;
use portcullis_vocabulary::enforcement::ViolationClass;

use super::answer_entry::{AnswerEntry, entry};

const CONTRACT_VIOLATION: &str = "CONTRACT_VIOLATION";

pub(super) fn violation_entry(violations: &[Violation]) -> AnswerEntry {
    use ViolationClass as Class;
    let Some(first) = violations.first() else {
        return entry(
            StatusCode::BAD_REQUEST,
            CONTRACT_VIOLATION,
            "The request violates the contract",
        );
    };
    let (status, title) = match first.class {
        Class::UnknownPath => (404, "The contract has no such path"),
        Class::UnknownMethod => (405, "The contract has no such method on this path"),
        Class::AfterSunset => (410, "The operation has been retired"),
        Class::MalformedPath => (400, "The path can be read in more than one way"),
        Class::MissingCredentials => (401, "Credentials are missing"),
        Class::MissingParameter => (422, "A required parameter is missing"),
        Class::InvalidParameter => (422, "A parameter does not match the contract"),
        Class::DuplicateParameter => (422, "A parameter is repeated"),
        Class::UnknownQuery => (422, "The contract has no such query parameter"),
        Class::UnknownHeader => (422, "The contract has no such header"),
        Class::UnknownCookie => (422, "The contract has no such cookie"),
        Class::MissingBody => (422, "The request body is missing"),
        Class::UnexpectedBody => (422, "The operation has no request body"),
        Class::UnsupportedMediaType => (415, "The contract has no such media type"),
        Class::UnsupportedEncoding => (415, "The content coding is not supported"),
        Class::BodyTooLarge => (413, "The request body is too large"),
        Class::MalformedBody => (400, "The request body is malformed"),
        Class::DuplicateKey => (422, "The request body repeats a property"),
        Class::InvalidBody => (422, "Request body does not match the contract"),
        Class::UnknownBodyProperty => (422, "The contract has no such property in the body"),
        Class::CheckLimit => (422, "The request takes too much work to check"),
        Class::UnreadableCredentials | Class::Unreadable => (
            501,
            "The contract cannot be read where it describes the request",
        ),
        Class::UndeclaredStatus => (502, "The service answered with an undeclared status"),
        Class::MissingHeader => (502, "The service's response lacks a header"),
        Class::InvalidHeader => (502, "A header of the service's response is invalid"),
        Class::UndeclaredMediaType => (502, "The service answered with an undeclared media type"),
        Class::MalformedResponseBody => (502, "The service's response is malformed"),
        Class::InvalidResponseBody => (502, "The service's response does not match the contract"),
        Class::ResponseCheckLimit => (502, "The service's response takes too much work to check"),
        Class::UnreadableResponse => (
            502,
            "The contract cannot be read where it describes the response",
        ),
    };
    let status = StatusCode::from_u16(status).expect("the table holds statuses");
    let outcome = if first.class.is_of_response() {
        RequestOutcome::Failed
    } else {
        RequestOutcome::Refused
    };
    AnswerEntry {
        outcome,
        ..entry(status, CONTRACT_VIOLATION, title)
    }
}
