//! A copy of a body that passes, for a callback that gets it afterwards.
//!
//! The pieces of a body are shared, so the copy costs one reference count for each piece. The
//! callback runs in a separate task after the body has passed, so the client does not wait for it.

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::body_budget::BodyLease;

/// The copy of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodyCopy {
    /// The whole body.
    Whole(Bytes),
    /// The body was larger than the bound.
    TooLarge,
    /// There was no memory for the copy.
    NoMemory,
}

/// Copies one body.
pub(crate) struct BodyTee {
    pieces: Vec<Bytes>,
    len: u64,
    bytes_max: u64,
    lease: BodyLease,
    has_memory: bool,
    on_end: Option<Box<dyn FnOnce(BodyCopy)>>,
}

impl fmt::Debug for BodyTee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyTee")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl BodyTee {
    /// Copies a body of up to `bytes_max` bytes and calls `on_end` after the whole body has passed.
    pub(crate) fn new(
        bytes_max: u64,
        lease: BodyLease,
        on_end: impl FnOnce(BodyCopy) + 'static,
    ) -> Self {
        Self {
            pieces: Vec::new(),
            len: 0,
            bytes_max,
            lease,
            has_memory: true,
            on_end: Some(Box::new(on_end)),
        }
    }

    /// Adds a piece that passes.
    pub(crate) fn push(&mut self, piece: &Bytes) {
        self.len += piece.len() as u64;
        self.has_memory &= self.len > self.bytes_max || self.lease.grow_to(self.len);
        if self.len > self.bytes_max || !self.has_memory {
            self.pieces.clear();
            self.lease = BodyLease::uncounted();
        } else {
            self.pieces.push(piece.clone());
        }
    }

    /// Ends the copy, after the whole body has passed.
    pub(crate) fn finish(&mut self) {
        let Some(on_end) = self.on_end.take() else {
            return;
        };
        let lease = std::mem::replace(&mut self.lease, BodyLease::uncounted());
        let copy = match &mut self.pieces[..] {
            _ if self.len > self.bytes_max => BodyCopy::TooLarge,
            _ if !self.has_memory => BodyCopy::NoMemory,
            [only] => BodyCopy::Whole(lease.attach_to(std::mem::take(only))),
            many => {
                let mut whole = BytesMut::with_capacity(usize::try_from(self.len).unwrap_or(0));
                many.iter().for_each(|piece| whole.extend_from_slice(piece));
                BodyCopy::Whole(lease.attach_to(whole.freeze()))
            }
        };
        // The task runs after the connection has written the last piece.
        tokio::task::spawn_local(async move { on_end(copy) });
    }
}
