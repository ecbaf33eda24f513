//! Interim responses on their way to the client (RFC 9110 section 15.2).
//!
//! The HTTP library of the client side cannot send them, so they are written to the socket below it,
//! before anything of the final response.

use std::io::Write as _;
use std::rc::Rc;

use http::header::{CONTENT_LENGTH, HeaderMap};
use http::{StatusCode, Version};

use crate::connection_state::ConnectionState;
use crate::headers::{remove_hop_by_hop, remove_own_fields};

/// Most bytes that wait for one client. Further responses are dropped.
const WAITING_BYTES_MAX: usize = 64 * 1024;

/// Passes interim responses to the client of one request.
#[derive(Clone, Debug)]
pub struct InterimResponses {
    connection: Rc<ConnectionState>,
}

impl InterimResponses {
    pub(crate) const fn new(connection: Rc<ConnectionState>) -> Self {
        Self { connection }
    }

    /// Passes an interim response, unless it is for the proxy: `Expect` of a request is not forwarded,
    /// so 100 has no meaning for its client. A client of HTTP/1.0 knows none, and one of HTTP/2 gets none.
    pub(crate) fn pass(&self, status: StatusCode, mut headers: HeaderMap) {
        let connection = &self.connection;
        // What is left of the answer before it comes first.
        let is_next = connection.answered.get() + 1 == connection.requests.get();
        let is_known = connection.is_framed.get() && !connection.is_http2.get();
        if status == StatusCode::CONTINUE || !is_known || !is_next {
            return;
        }
        remove_hop_by_hop(&mut headers);
        remove_own_fields(&mut headers);
        headers.remove(CONTENT_LENGTH);
        let head = encode(status, &headers);
        let mut waiting = connection.interim.borrow_mut();
        if waiting.len() + head.len() <= WAITING_BYTES_MAX {
            waiting.extend_from_slice(&head);
        }
    }
}

fn encode(status: StatusCode, headers: &HeaderMap) -> Vec<u8> {
    let mut head = Vec::new();
    let reason = status.canonical_reason().unwrap_or_default();
    // Writing to memory does not fail.
    let _ = write!(
        head,
        "{:?} {} {reason}\r\n",
        Version::HTTP_11,
        status.as_u16()
    );
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}
