//! The field `traceparent` (W3C Trace Context level 2, section 3.2), read and written in place.

use http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(super) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The length of the field in version 00, and of what is read of it in every later one, in bytes.
const LENGTH: usize = 55;

/// The version that is written.
const VERSION: u8 = 0;

/// The one that does not exist.
const NO_VERSION: u8 = 0xff;

/// Somebody upstream keeps a span of the trace.
const SAMPLED: u8 = 0b01;
/// The trace id is random, so that its bits can decide about sampling.
const RANDOM: u8 = 0b10;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// A place in a trace: what `traceparent` says.
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
    /// The place that a request names; none where it names none or several, or what it names
    /// cannot be read.
    pub(super) fn of_headers(headers: &HeaderMap) -> Option<Self> {
        let mut fields = headers.get_all(&TRACEPARENT).iter();
        match (fields.next(), fields.next()) {
            (Some(field), None) => Self::parse(field.as_bytes()),
            _ => None,
        }
    }

    /// Reads a field. Of versions that are not known yet, what version 00 has is read.
    pub(super) fn parse(field: &[u8]) -> Option<Self> {
        let (known, more) = field.split_at_checked(LENGTH)?;
        let version = hex(&known[..2])?;
        let is_whole = more.is_empty() || (version != u128::from(VERSION) && more[0] == b'-');
        let has_hyphens = [2, 35, 52].iter().all(|at| known[*at] == b'-');
        if version == u128::from(NO_VERSION) || !is_whole || !has_hyphens {
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

    /// The field for the next hop.
    pub(super) fn to_value(self) -> HeaderValue {
        let mut text = [b'-'; LENGTH];
        write_hex(&mut text[..2], &[VERSION]);
        write_hex(&mut text[3..35], &self.trace.to_be_bytes());
        write_hex(&mut text[36..52], &self.span.to_be_bytes());
        write_hex(&mut text[53..], &[self.flags()]);
        HeaderValue::from_bytes(&text).expect("digits and hyphens make a field")
    }

    pub(super) const fn flags(self) -> u8 {
        let sampled = if self.is_sampled { SAMPLED } else { 0 };
        let random = if self.is_random { RANDOM } else { 0 };
        sampled | random
    }
}

/// Lower-case hexadecimal digits, at most 32 of them.
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
