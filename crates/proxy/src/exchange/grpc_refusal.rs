//! Refusals as gRPC clients read them: HTTP 200, with the status and the message of the call in the
//! header fields (gRPC over HTTP/2, "Trailers-Only").

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode, Version};

use portcullis_contract::Violation;
use portcullis_vocabulary::enforcement::ViolationClass;

use super::answer_table::ProblemCause;

pub(super) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub(super) const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// The statuses of gRPC that a refusal can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GrpcStatus {
    Cancelled = 1,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// The media type of a gRPC call; nothing for any other request. gRPC needs HTTP/2, so an HTTP/1.1
/// request is not looked at.
pub(super) fn grpc_media_type(version: Version, headers: &HeaderMap) -> Option<HeaderValue> {
    if version != Version::HTTP_2 {
        return None;
    }
    let media = headers.get(CONTENT_TYPE)?;
    let is_grpc = media.as_bytes().starts_with(b"application/grpc");
    is_grpc.then(|| media.clone())
}

/// Turns a refusal into the answer to a gRPC call with this media type.
pub(super) fn as_grpc(
    mut response: Response<Bytes>,
    media: HeaderValue,
    cause: &ProblemCause,
    detail: &str,
) -> Response<Bytes> {
    *response.status_mut() = StatusCode::OK;
    *response.body_mut() = Bytes::new();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media);
    headers.insert(GRPC_STATUS, HeaderValue::from(grpc_status(cause) as u16));
    if let Ok(message) = HeaderValue::from_str(&encoded(detail)) {
        headers.insert(GRPC_MESSAGE, message);
    }
    response
}

fn grpc_status(cause: &ProblemCause) -> GrpcStatus {
    match cause {
        ProblemCause::Violations { violations, .. } => violation_status(violations.first()),
        ProblemCause::Identity(_) if cause.entry().status != StatusCode::SERVICE_UNAVAILABLE => {
            GrpcStatus::Unauthenticated
        }
        ProblemCause::Header(_) | ProblemCause::GrpcTimeout => GrpcStatus::InvalidArgument,
        ProblemCause::ClientGone => GrpcStatus::Cancelled,
        ProblemCause::Upstream(_)
        | ProblemCause::Traffic(_)
        | ProblemCause::Identity(_)
        | ProblemCause::NoService
        | ProblemCause::Misdirected
        | ProblemCause::NoContract { .. }
        | ProblemCause::Http(_)
        | ProblemCause::Upgrade(_)
        | ProblemCause::Loop
        | ProblemCause::BodyTimeout
        | ProblemCause::BodyMemory
        | ProblemCause::Verdict(_)
        | ProblemCause::NoExample(_)
        | ProblemCause::Panicked => http_status(cause.entry().status),
    }
}

fn violation_status(first: Option<&Violation>) -> GrpcStatus {
    let Some(class) = first.map(|violation| violation.class) else {
        return GrpcStatus::InvalidArgument;
    };
    match class {
        ViolationClass::UnknownPath | ViolationClass::UnknownMethod => GrpcStatus::Unimplemented,
        ViolationClass::MissingCredentials => GrpcStatus::Unauthenticated,
        class if class.is_of_response() => GrpcStatus::Internal,
        class if class.is_unreadable() => GrpcStatus::Unimplemented,
        _ => GrpcStatus::InvalidArgument,
    }
}

/// The status of gRPC for that of HTTP.
fn http_status(status: StatusCode) -> GrpcStatus {
    match status {
        StatusCode::NOT_FOUND | StatusCode::NOT_IMPLEMENTED => GrpcStatus::Unimplemented,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => GrpcStatus::DeadlineExceeded,
        StatusCode::TOO_MANY_REQUESTS => GrpcStatus::ResourceExhausted,
        StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::BAD_GATEWAY
        | StatusCode::MISDIRECTED_REQUEST => GrpcStatus::Unavailable,
        StatusCode::PAYLOAD_TOO_LARGE => GrpcStatus::InvalidArgument,
        _ => GrpcStatus::Internal,
    }
}

/// Percent-encodes what a message must not contain (gRPC over HTTP/2, "Status-Message").
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_percent_encoded() {
        assert_eq!(encoded("a \"b\" 100% ü\n"), "a \"b\" 100%25 %C3%BC%0A");
    }

    #[test]
    fn only_http2_requests_of_grpc_are_calls() {
        let media = |version, value: &str| {
            let headers = [(CONTENT_TYPE, value.parse().unwrap())]
                .into_iter()
                .collect();
            grpc_media_type(version, &headers)
        };
        assert!(media(Version::HTTP_2, "application/grpc").is_some());
        assert!(media(Version::HTTP_2, "application/grpc+proto").is_some());
        assert!(media(Version::HTTP_11, "application/grpc").is_none());
        assert!(media(Version::HTTP_2, "application/json").is_none());
        assert!(grpc_media_type(Version::HTTP_2, &HeaderMap::new()).is_none());
    }
}
