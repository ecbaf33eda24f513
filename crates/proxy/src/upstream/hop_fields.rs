//! What the fields of a response say about its end and about its connection (RFC 9112 sections 6.3
//! and 9.3).
//!
//! They are read while the head is, so that ordinary fields of the hop never become fields of the
//! answer and nothing has to be looked up in it later.

use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use super::body_decoder::BodyDecoder;
use super::response_fault::ResponseFault;

/// The fields of the hop of one response.
#[derive(Debug, Default)]
pub(super) struct HopFields {
    length: LengthFields,
    coding: CodingFields,
    close: bool,
    keep_alive: bool,
    /// Whether fields are left that the client must not get.
    pub(super) has_others: bool,
}

/// All `Content-Length` fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LengthFields {
    #[default]
    Absent,
    /// One number, which may be repeated.
    Number(u64),
    Malformed,
}

/// All `Transfer-Encoding` fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum CodingFields {
    #[default]
    Absent,
    /// One field, which is `chunked`.
    Chunked,
    /// Any others. `chunked` is the last coding or not.
    Other { ends_chunked: bool },
}

impl HopFields {
    /// Reads a field. Returns whether it may be a field of the answer, too.
    pub(super) fn read(&mut self, name: &HeaderName, value: &HeaderValue) -> bool {
        match *name {
            CONNECTION => {
                let is_plain = self.read_connection(value.as_bytes());
                self.has_others |= !is_plain;
                return !is_plain;
            }
            TRANSFER_ENCODING => {
                self.coding.read(value.as_bytes());
                return false;
            }
            CONTENT_LENGTH => self.length.read(value.as_bytes()),
            TE | UPGRADE => self.has_others = true,
            _ => self.has_others |= is_unusual(name.as_str()),
        }
        true
    }

    /// Reads connection options. Returns whether they name no fields.
    fn read_connection(&mut self, value: &[u8]) -> bool {
        let mut is_plain = true;
        for option in value.split(|byte| *byte == b',') {
            let option = option.trim_ascii();
            let is_close = option.eq_ignore_ascii_case(b"close");
            let is_keep_alive = option.eq_ignore_ascii_case(b"keep-alive");
            self.close |= is_close;
            self.keep_alive |= is_keep_alive;
            is_plain &= is_close || is_keep_alive;
        }
        is_plain
    }

    /// Whether another request may follow on the connection.
    pub(super) const fn keeps_alive(&self, is_http10: bool) -> bool {
        !self.close && (!is_http10 || self.keep_alive)
    }

    /// How the body ends.
    ///
    /// # Errors
    /// That is uncertain.
    pub(super) fn body(
        &self,
        status: StatusCode,
        is_http10: bool,
        method: &Method,
    ) -> Result<BodyDecoder, ResponseFault> {
        let is_bodiless = status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || *method == Method::HEAD;
        if is_bodiless {
            return Ok(BodyDecoder::empty());
        }
        match (self.coding, self.length) {
            (CodingFields::Absent, LengthFields::Absent) => Ok(BodyDecoder::until_close()),
            (CodingFields::Absent, LengthFields::Number(length)) => Ok(BodyDecoder::sized(length)),
            (CodingFields::Absent, LengthFields::Malformed) => Err(ResponseFault::ContentLength),
            (_, _) if is_http10 => Err(ResponseFault::TransferEncoding),
            (CodingFields::Chunked | CodingFields::Other { ends_chunked: true }, _) => {
                Ok(BodyDecoder::chunked())
            }
            (CodingFields::Other { .. }, _) => Ok(BodyDecoder::until_close()),
        }
    }

    /// Why the end of the response is uncertain for other recipients.
    pub(super) fn ambiguity(&self) -> Option<&'static str> {
        match (self.coding, self.length) {
            (CodingFields::Absent, _) => None,
            (_, LengthFields::Number(_) | LengthFields::Malformed) => {
                Some("it has both Content-Length and Transfer-Encoding")
            }
            (CodingFields::Chunked, LengthFields::Absent) => None,
            (CodingFields::Other { .. }, LengthFields::Absent) => {
                Some("its transfer coding is not just `chunked`")
            }
        }
    }
}

impl LengthFields {
    fn read(&mut self, value: &[u8]) {
        for digits in value.split(|byte| *byte == b',') {
            *self = match (decimal(digits.trim_ascii()), *self) {
                (Some(number), Self::Absent) => Self::Number(number),
                (Some(number), Self::Number(other)) if number == other => Self::Number(number),
                _ => Self::Malformed,
            };
        }
    }
}

impl CodingFields {
    fn read(&mut self, value: &[u8]) {
        let is_chunked = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
        let last = value.rsplit(|byte| *byte == b',').next();
        *self = if *self == Self::Absent && value.eq_ignore_ascii_case(b"chunked") {
            Self::Chunked
        } else {
            let ends_chunked = last.is_some_and(is_chunked);
            Self::Other { ends_chunked }
        };
    }
}

/// Whether a field with this name belongs to the hop, or is one in which only Portcullis speaks.
fn is_unusual(name: &str) -> bool {
    match name.as_bytes() {
        [b'k' | b'p', ..] => matches!(name, "keep-alive" | "proxy-connection"),
        [b'x', ..] => name.starts_with("x-portcullis"),
        _ => false,
    }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let mut number = (!digits.is_empty()).then_some(0_u64)?;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
    }
    Some(number)
}
