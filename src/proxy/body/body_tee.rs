//! A copy of a body that passes, for somebody who looks at it afterwards.
//!
//! Pieces of a body are shared, so the copy costs a reference count each and no bytes. Whoever
//! looks does so in a task of its own when the body has passed: the client waits for nothing.

use std::fmt;

use bytes::{Bytes, BytesMut};

/// What was seen of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodyCopy {
    /// All of it.
    Whole(Bytes),
    /// It was larger than the bound.
    TooLarge,
}

/// Watches one body.
pub(crate) struct BodyTee {
    pieces: Vec<Bytes>,
    len: u64,
    bytes_max: u64,
    look: Option<Box<dyn FnOnce(BodyCopy)>>,
}

impl fmt::Debug for BodyTee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl BodyTee {
    /// Watches a body of up to `bytes_max` bytes; `look` is called when it has passed whole.
    pub(crate) fn new(bytes_max: u64, look: impl FnOnce(BodyCopy) + 'static) -> Self {
        Self {
            pieces: Vec::new(),
            len: 0,
            bytes_max,
            look: Some(Box::new(look)),
        }
    }

    /// Sees a piece pass.
    pub(crate) fn push(&mut self, piece: &Bytes) {
        self.len += piece.len() as u64;
        if self.len > self.bytes_max {
            self.pieces.clear();
        } else {
            self.pieces.push(piece.clone());
        }
    }

    /// The body has passed whole.
    pub(crate) fn ended(&mut self) {
        let Some(look) = self.look.take() else {
            return;
        };
        let seen = match &mut self.pieces[..] {
            _ if self.len > self.bytes_max => BodyCopy::TooLarge,
            [only] => BodyCopy::Whole(std::mem::take(only)),
            many => {
                let mut whole = BytesMut::with_capacity(usize::try_from(self.len).unwrap_or(0));
                many.iter().for_each(|piece| whole.extend_from_slice(piece));
                BodyCopy::Whole(whole.freeze())
            }
        };
        // After the present turn of this connection, in which the last piece is written.
        tokio::task::spawn_local(async move { look(seen) });
    }
}
