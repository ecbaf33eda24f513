//! Reads bodies into memory, up to a bound.

use std::future::poll_fn;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame};

use super::body_budget::BodyLease;

/// A whole body.
#[derive(Clone, Debug, Default)]
pub struct BufferedBody {
    /// The bytes.
    pub bytes: Bytes,
    /// The trailer fields, without those that must not be trailers.
    pub trailers: Option<HeaderMap>,
}

/// The result of reading a body into memory.
#[derive(Debug)]
pub enum BufferOutcome<B> {
    /// The whole body.
    Whole(BufferedBody),
    /// The body is larger than the bound.
    Larger {
        /// The part that was read.
        first: Bytes,
        /// The rest of the body.
        rest: B,
    },
    /// There is no memory for the rest of the body.
    NoMemory {
        /// The part that was read.
        first: Bytes,
        /// The rest of the body.
        rest: B,
    },
}

/// Reads a body until it ends, exceeds `bytes_max` or gets no more memory. No bytes are lost. The
/// bytes keep the lease.
pub(crate) async fn buffer_body<B>(
    mut body: B,
    bytes_max: u64,
    mut lease: BodyLease,
) -> Result<BufferOutcome<B>, B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let exact = body.size_hint().exact();
    if exact.is_some_and(|length| length > bytes_max) {
        return Ok(BufferOutcome::Larger {
            first: Bytes::new(),
            rest: body,
        });
    }
    // Refused early: a client that waits for `100 Continue` does not send the body.
    if exact.is_some_and(|length| !lease.has_room(length)) {
        return Ok(BufferOutcome::NoMemory {
            first: Bytes::new(),
            rest: body,
        });
    }
    let mut pieces = BodyBuffer::default();
    while !body.is_end_stream() {
        let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        let Some(frame) = frame.transpose()? else {
            break;
        };
        pieces.push(frame, exact);
        if pieces.len() > bytes_max {
            let first = pieces.into_whole(lease).bytes;
            return Ok(BufferOutcome::Larger { first, rest: body });
        }
        if !lease.grow_to(pieces.len()) {
            let first = pieces.into_whole(lease).bytes;
            return Ok(BufferOutcome::NoMemory { first, rest: body });
        }
    }
    Ok(BufferOutcome::Whole(pieces.into_whole(lease)))
}

/// Assembles a body. A single piece is kept without a copy; several pieces are joined in a buffer
/// of the expected size.
#[derive(Debug, Default)]
struct BodyBuffer {
    only: Bytes,
    joined: Option<BytesMut>,
    trailers: Option<HeaderMap>,
}

impl BodyBuffer {
    fn len(&self) -> u64 {
        self.joined.as_ref().map_or(self.only.len(), BytesMut::len) as u64
    }

    fn push(&mut self, frame: Frame<Bytes>, exact: Option<u64>) {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => {
                self.trailers = frame.into_trailers().ok();
                return;
            }
        };
        match &mut self.joined {
            Some(joined) => joined.extend_from_slice(&data),
            None if self.only.is_empty() => self.only = data,
            None => {
                let exact = exact.and_then(|length| usize::try_from(length).ok());
                let expected = exact.unwrap_or(2 * (self.only.len() + data.len()));
                let mut joined = BytesMut::with_capacity(expected);
                joined.extend_from_slice(&self.only);
                joined.extend_from_slice(&data);
                self.joined = Some(joined);
            }
        }
    }

    fn into_whole(self, lease: BodyLease) -> BufferedBody {
        let bytes = self.joined.map_or(self.only, BytesMut::freeze);
        BufferedBody {
            bytes: lease.attach_to(bytes),
            trailers: self.trailers,
        }
    }
}
