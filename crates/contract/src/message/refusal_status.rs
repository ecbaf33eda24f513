//! The HTTP status and the title of a refusal, by the class of its first violation.

use http::StatusCode;

use super::violation::ViolationClass;

/// How a violation is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalStatus {
    /// The status of the response.
    pub status: StatusCode,
    /// A short title for humans, the same for every violation of the class.
    pub title: &'static str,
}

impl RefusalStatus {
    /// The refusal of a request without a known violation.
    pub const UNSPECIFIED: Self = Self {
        status: StatusCode::BAD_REQUEST,
        title: "The request violates the contract",
    };

    /// The status and the title of a class.
    pub fn of(class: ViolationClass) -> Self {
        use ViolationClass as Class;
        let not_found = StatusCode::NOT_FOUND;
        let malformed = StatusCode::BAD_REQUEST;
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        let unsupported = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let bad_gateway = StatusCode::BAD_GATEWAY;
        // The sender cannot change it, and sending it again does not help.
        let unreadable = StatusCode::NOT_IMPLEMENTED;
        let (status, title) = match class {
            Class::UnknownPath => (not_found, "The contract does not declare this path"),
            Class::UnknownMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "The contract does not declare this method for the path",
            ),
            Class::AfterSunset => (StatusCode::GONE, "The operation has been retired"),
            Class::MalformedPath => (malformed, "The path is ambiguous"),
            Class::MissingCredentials => (StatusCode::UNAUTHORIZED, "Credentials are missing"),
            Class::MissingParameter => (unprocessable, "A required parameter is missing"),
            Class::InvalidParameter => (unprocessable, "A parameter does not match the contract"),
            Class::DuplicateParameter => (unprocessable, "A parameter occurs more than once"),
            Class::UnknownQuery => (unprocessable, "A query parameter is not declared"),
            Class::UnknownHeader => (unprocessable, "A header is not declared"),
            Class::UnknownCookie => (unprocessable, "A cookie is not declared"),
            Class::MissingBody => (unprocessable, "The request body is missing"),
            Class::UnexpectedBody => (unprocessable, "The operation declares no request body"),
            Class::UnsupportedMediaType => (unsupported, "The media type is not declared"),
            Class::UnsupportedEncoding => (unsupported, "The content coding is not supported"),
            Class::BodyTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "The request body is too large",
            ),
            Class::MalformedBody => (malformed, "The request body is malformed"),
            Class::DuplicateKey => (unprocessable, "The request body repeats a property"),
            Class::InvalidBody => (
                unprocessable,
                "The request body does not match the contract",
            ),
            Class::UnknownBodyProperty => (
                unprocessable,
                "A property of the request body is not declared",
            ),
            Class::CheckLimit => (unprocessable, "The request takes too much work to check"),
            Class::UnreadableCredentials => (
                unreadable,
                "The contract cannot be read where it names the credentials",
            ),
            Class::Unreadable => (
                unreadable,
                "The contract cannot be read where it describes the request",
            ),
            Class::UndeclaredStatus => (bad_gateway, "The response has an undeclared status"),
            Class::MissingHeader => (bad_gateway, "The response lacks a required header"),
            Class::InvalidHeader => (
                bad_gateway,
                "A header of the response does not match the contract",
            ),
            Class::UndeclaredMediaType => {
                (bad_gateway, "The response has an undeclared media type")
            }
            Class::MalformedResponseBody => (bad_gateway, "The response body is malformed"),
            Class::InvalidResponseBody => {
                (bad_gateway, "The response body does not match the contract")
            }
            Class::ResponseCheckLimit => (bad_gateway, "The response takes too much work to check"),
            Class::UnreadableResponse => (
                bad_gateway,
                "The contract cannot be read where it describes the response",
            ),
        };
        Self { status, title }
    }
}
