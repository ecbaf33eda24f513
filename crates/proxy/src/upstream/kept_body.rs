//! What was read of the body of a request that may have to be sent again.
//!
//! A pooled connection can turn out to be closed when its next request is sent. A request of which the
//! upstream accepted no byte can be sent again in any case, and an idempotent one until its response
//! begins (RFC 9110 section 9.2.2).

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

use crate::body::{BufferedBody, ForwardBody};

/// Most bytes that are kept of a body that is not in memory.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// The beginning of a body.
#[derive(Debug)]
pub(super) struct KeptBody {
    first: Bytes,
    /// What follows. It is a copy, so small pieces do not keep large buffers.
    more: Vec<u8>,
    trailers: Option<HeaderMap>,
    is_idempotent: bool,
}

impl KeptBody {
    pub(super) const fn new(is_idempotent: bool) -> Self {
        Self {
            first: Bytes::new(),
            more: Vec::new(),
            trailers: None,
            is_idempotent,
        }
    }

    /// Whether the request can be sent again although the upstream has accepted a part of it.
    pub(super) fn outlives_sending(&self) -> bool {
        self.is_idempotent && self.first.len() + self.more.len() <= KEPT_BYTES_MAX
    }

    /// Keeps the next part of the body. Returns whether there is room for it.
    pub(super) fn add(&mut self, frame: &Frame<Bytes>) -> bool {
        if let Some(trailers) = frame.trailers_ref() {
            self.trailers = Some(trailers.clone());
            return true;
        }
        let Some(data) = frame.data_ref() else {
            return true;
        };
        if self.first.is_empty() {
            self.first = data.clone();
            return true;
        }
        let has_room = self.first.len() + self.more.len() + data.len() <= KEPT_BYTES_MAX;
        if has_room {
            self.more.extend_from_slice(data);
        }
        has_room
    }

    /// The whole body, of which `rest` was not read.
    pub(super) fn into_body(self, rest: Option<ForwardBody>) -> ForwardBody {
        let bytes = if self.more.is_empty() {
            self.first
        } else {
            [&self.first[..], &self.more].concat().into()
        };
        match rest {
            Some(rest) => rest.preceded_by(bytes),
            None => ForwardBody::whole(BufferedBody {
                bytes,
                trailers: self.trailers,
            }),
        }
    }
}
