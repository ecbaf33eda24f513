//! Which heads of responses are accepted, and what of them the client gets.

use http::header::{CONTENT_LENGTH, TE, TRANSFER_ENCODING};
use http::{Response, StatusCode};

use super::response_head::ReceivedHead;
use super::upstream_body::UpstreamBody;
use crate::headers::{remove_hop_by_hop, remove_own_fields};

/// Why a response is ambiguous: its end is uncertain.
pub(super) fn ambiguity(response: &ReceivedHead) -> Option<&'static str> {
    let headers = &response.headers;
    if !headers.contains_key(TRANSFER_ENCODING) {
        return None;
    }
    if headers.contains_key(CONTENT_LENGTH) {
        return Some("it has both Content-Length and Transfer-Encoding");
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_chunked = match (codings.next(), codings.next()) {
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        _ => false,
    };
    (!is_chunked).then_some("its transfer coding is not just `chunked`")
}

/// The response to the client, without the fields of the hop.
pub(super) fn respond(head: ReceivedHead, body: UpstreamBody) -> Response<UpstreamBody> {
    let mut headers = head.headers;
    remove_hop_by_hop(&mut headers);
    remove_own_fields(&mut headers);
    headers.remove(TE);
    if head.status == StatusCode::NO_CONTENT || head.status.is_informational() {
        headers.remove(CONTENT_LENGTH);
    }
    let mut response = Response::new(body);
    *response.status_mut() = head.status;
    *response.headers_mut() = headers;
    if let Some(reason) = head.reason {
        response.extensions_mut().insert(reason);
    }
    response
}
