//! Interim responses on their way to the client (RFC 9110 section 15.2).
//!
//! They are written before anything of the final response. The library of HTTP/2 sends its own.

use std::io::Write as _;
use std::rc::Rc;

use http::header::{CONTENT_LENGTH, HeaderMap};
use http::{Response, StatusCode, Version};

use crate::connection_state::ConnectionState;
use crate::headers::{remove_hop_by_hop, remove_own_fields, write_field};

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

    /// For a request without a client: what arrives is dropped.
    pub(crate) fn discarded() -> Self {
        // Nothing of this state is written anywhere.
        Self::new(Rc::new(ConnectionState::new()))
    }

    /// Passes an interim response, unless it is for the proxy: `Expect` of a request is not forwarded,
    /// so 100 has no meaning for its client. A client of HTTP/1.0 knows none.
    pub(crate) fn pass(&self, status: StatusCode, mut headers: HeaderMap) {
        let connection = &self.connection;
        // What is left of the answer before it comes first. A stream has one answer.
        let is_next =
            connection.is_http2.get() || connection.answered.get() + 1 == connection.requests.get();
        if status == StatusCode::CONTINUE || !connection.is_framed.get() || !is_next {
            return;
        }
        remove_hop_by_hop(&mut headers);
        remove_own_fields(&mut headers);
        headers.remove(CONTENT_LENGTH);
        if connection.is_http2.get() {
            return self.send_on_stream(status, headers);
        }
        let head = encode(status, &headers);
        let mut waiting = connection.interim.borrow_mut();
        if waiting.len() + head.len() <= WAITING_BYTES_MAX {
            waiting.extend_from_slice(&head);
        }
    }
}

impl InterimResponses {
    fn send_on_stream(&self, status: StatusCode, headers: HeaderMap) {
        let left = self.connection.interim_left.get();
        let stream = self.connection.stream.borrow().upgrade();
        if let (Some(left), Some(stream)) = (left.checked_sub(1), stream) {
            self.connection.interim_left.set(left);
            let mut head = Response::new(());
            *head.status_mut() = status;
            *head.headers_mut() = headers;
            // A stream that has ended needs none.
            let _ = stream.borrow_mut().send_informational(head);
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
        write_field(name, value, &mut head);
    }
    head.extend_from_slice(b"\r\n");
    head
}
