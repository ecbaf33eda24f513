//! The transfer codings of a request (RFC 9112 section 6.1).

use super::field_syntax::elements;
use super::http_refusal::HttpRefusal;

/// The transfer codings of a head, over all its `Transfer-Encoding` lines.
#[derive(Debug, Default)]
pub(super) struct TransferCodings {
    pub(super) present: bool,
    chunked: usize,
    other: bool,
    /// Whether the last element of the last line is `chunked`.
    ends_chunked: bool,
}

impl TransferCodings {
    /// Reads a line.
    pub(super) fn read(&mut self, value: &[u8]) {
        self.present = true;
        // An empty last element is legal, but parsers disagree about its meaning here.
        self.ends_chunked = false;
        for coding in elements(value) {
            self.ends_chunked = coding.eq_ignore_ascii_case(b"chunked");
            if self.ends_chunked {
                self.chunked += 1;
            } else if !coding.is_empty() {
                self.other = true;
            }
        }
    }

    /// Checks that the only coding of the body is chunked.
    pub(super) fn check(&self) -> Result<(), HttpRefusal> {
        match self.chunked {
            _ if !self.ends_chunked => Err(HttpRefusal::TransferEncodingNotChunked),
            1 if self.other => Err(HttpRefusal::UnknownTransferCoding),
            1 => Ok(()),
            _ => Err(HttpRefusal::RepeatedChunked),
        }
    }
}
