//! The reason phrase of a status line, where it is not the usual one.

use bytes::Bytes;

/// A reason phrase, as an extension of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReasonPhrase(Bytes);

impl ReasonPhrase {
    /// A phrase, if its bytes may stand in a status line (RFC 9112 section 4).
    pub(crate) fn new(phrase: &[u8]) -> Option<Self> {
        let is_valid = phrase
            .iter()
            .all(|b| matches!(b, b'\t' | b' '..=b'~' | 0x80..));
        is_valid.then(|| Self(Bytes::copy_from_slice(phrase)))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
