//! What was read of a streamed body whose request may have to be sent again.
//!
//! A pooled connection can turn out to be closed when its next request is sent. An idempotent request
//! is then sent again, unless its response has begun (RFC 9110 section 9.2.2).

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

use crate::body::{BufferedBody, ForwardBody};

/// Most bytes that are kept of one body.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// The beginning of a body.
#[derive(Debug, Default)]
pub(super) struct KeptBody {
    first: Bytes,
    /// What follows. It is a copy, so small pieces do not keep large buffers.
    more: Vec<u8>,
    trailers: Option<HeaderMap>,
}

impl KeptBody {
    /// Keeps the next part of the body. Returns whether there is room for it.
    pub(super) fn add(&mut self, frame: &Frame<Bytes>) -> bool {
        if let Some(trailers) = frame.trailers_ref() {
            self.trailers = Some(trailers.clone());
        }
        let Some(data) = frame.data_ref() else {
            return true;
        };
        if self.first.len() + self.more.len() + data.len() > KEPT_BYTES_MAX {
            return false;
        }
        if self.first.is_empty() {
            self.first = data.clone();
        } else {
            self.more.extend_from_slice(data);
        }
        true
    }

    /// The whole body, of which `rest` was not read.
    pub(super) fn into_body(self, rest: Option<ForwardBody>) -> ForwardBody {
        let bytes = if self.more.is_empty() {
            self.first
        } else {
            [&self.first[..], &self.more].concat().into()
        };
        whole_body(bytes, self.trailers, rest)
    }
}

/// A body of which `bytes` and `trailers` were read, and `rest` was not.
pub(super) fn whole_body(
    bytes: Bytes,
    trailers: Option<HeaderMap>,
    rest: Option<ForwardBody>,
) -> ForwardBody {
    match rest {
        Some(rest) => rest.preceded_by(bytes),
        None => ForwardBody::whole(BufferedBody { bytes, trailers }),
    }
}
