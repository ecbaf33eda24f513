//! What the client gets of the head of a response.

use http::header::{CONTENT_LENGTH, TE};
use http::{Response, StatusCode};

use super::response_head::ReceivedHead;
use super::upstream_body::UpstreamBody;
use crate::headers::{remove_hop_by_hop, remove_own_fields};

/// The response to the client, without the fields of the hop.
pub(super) fn respond(head: ReceivedHead, body: UpstreamBody) -> Response<UpstreamBody> {
    let mut headers = head.headers;
    if head.hop.has_others {
        remove_hop_by_hop(&mut headers);
        remove_own_fields(&mut headers);
        headers.remove(TE);
    }
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
