//! The header field `traceparent` (W3C Trace Context level 2, section 3.2).

use http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(super) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The length of the field in version 00, in bytes. Later versions start with the same fields.
const LENGTH: usize = 55;

/// The version that Portcullis writes.
const VERSION: u8 = 0;

/// The version number that the specification forbids.
const NO_VERSION: u8 = 0xff;

/// The caller may have recorded the trace.
const SAMPLED: u8 = 0b01;
/// The trace id is random, so its bits can be used for sampling.
const RANDOM: u8 = 0b10;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The content of `traceparent`: a span within a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceParent {
    /// Never 0.
    pub(super) trace: u128,
    /// Never 0.
    pub(super) span: u64,
    pub(super) is_sampled: bool,
    pub(super) is_random: bool,
}

impl TraceParent {
    /// The parent of a request. `None` if the field is missing, repeated or invalid.
    pub(super) fn of_headers(headers: &HeaderMap) -> Option<Self> {
        let mut fields = headers.get_all(&TRACEPARENT).iter();
        match (fields.next(), fields.next()) {
            (Some(field), None) => Self::parse(field.as_bytes()),
            _ => None,
        }
    }

    /// Parses a field. From a later version only the fields of version 00 are read.
    pub(super) fn parse(field: &[u8]) -> Option<Self> {
        let (known, more) = field.split_at_checked(LENGTH)?;
        let version = hex(&known[..2])?;
        let is_complete = more.is_empty() || (version != u128::from(VERSION) && more[0] == b'-');
        let has_hyphens = [2, 35, 52].iter().all(|at| known[*at] == b'-');
        if version == u128::from(NO_VERSION) || !is_complete || !has_hyphens {
            return None;
        }
        let flags = low_byte(hex(&known[53..])?);
        let trace = hex(&known[3..35])?;
        let span = u64::try_from(hex(&known[36..52])?).ok()?;
        (trace != 0 && span != 0).then_some(Self {
            trace,
            span,
            is_sampled: flags & SAMPLED != 0,
            is_random: flags & RANDOM != 0,
        })
    }

    /// The field value for the upstream.
    pub(super) fn to_value(self) -> HeaderValue {
        let mut text = [b'-'; LENGTH];
        write_hex(&mut text[..2], &[VERSION]);
        write_hex(&mut text[3..35], &self.trace.to_be_bytes());
        write_hex(&mut text[36..52], &self.span.to_be_bytes());
        write_hex(&mut text[53..], &[self.flags()]);
        HeaderValue::from_bytes(&text).expect("hexadecimal digits and hyphens are valid")
    }

    pub(super) const fn flags(self) -> u8 {
        let sampled = if self.is_sampled { SAMPLED } else { 0 };
        let random = if self.is_random { RANDOM } else { 0 };
        sampled | random
    }
}

/// Parses up to 32 lowercase hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |value: u128, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(digit))
    })
}

const fn low_byte(value: u128) -> u8 {
    (value & 0xff) as u8
}

fn write_hex(into: &mut [u8], bytes: &[u8]) {
    for (pair, byte) in into.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0xf)];
    }
}
