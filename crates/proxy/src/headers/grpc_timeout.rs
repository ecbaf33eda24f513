//! The `grpc-timeout` of a call (gRPC over HTTP/2, "Timeout"): at most eight digits and a unit.

use std::time::Duration;

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::header_value;

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

const DIGITS_MAX: usize = 8;

/// The units, longest first, in nanoseconds.
const UNITS: [(u8, u64); 6] = [
    (b'H', 3_600_000_000_000),
    (b'M', 60_000_000_000),
    (b'S', 1_000_000_000),
    (b'm', 1_000_000),
    (b'u', 1_000),
    (b'n', 1),
];

/// A timeout that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MalformedGrpcTimeout;

/// The time that a call may take; nothing if it may take any.
///
/// # Errors
/// The field is malformed, or there are several.
pub(crate) fn grpc_timeout(headers: &HeaderMap) -> Result<Option<Duration>, MalformedGrpcTimeout> {
    let mut values = headers.get_all(GRPC_TIMEOUT).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let timeout = parse(value.as_bytes()).ok_or(MalformedGrpcTimeout)?;
    if values.next().is_some() {
        return Err(MalformedGrpcTimeout);
    }
    Ok(Some(timeout))
}

/// Sets the time that is left for a call.
pub(crate) fn set_grpc_timeout(headers: &mut HeaderMap, left: Duration) {
    headers.insert(GRPC_TIMEOUT, encode(left));
}

fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    let (_, nanoseconds) = UNITS.into_iter().find(|(letter, _)| letter == unit)?;
    let is_number = (1..=DIGITS_MAX).contains(&digits.len());
    if !is_number || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    // Eight digits of hours are more nanoseconds than 64 bits hold.
    Some(Duration::from_nanos(nanoseconds).saturating_mul(u32::try_from(count).ok()?))
}

/// In the smallest unit whose number has eight digits, rounded down.
fn encode(left: Duration) -> HeaderValue {
    let nanoseconds = left.as_nanos().max(1);
    let fitting = UNITS.into_iter().rev().find_map(|(letter, unit)| {
        let count = nanoseconds / u128::from(unit);
        (count < 10_u128.pow(8)).then(|| format!("{count}{}", char::from(letter)))
    });
    header_value(fitting.unwrap_or_else(|| "99999999H".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_at_most_eight_digits_and_a_unit() {
        let seconds = Duration::from_secs;
        for (text, expected) in [
            ("1H", Some(seconds(3600))),
            ("2M", Some(seconds(120))),
            ("03S", Some(seconds(3))),
            ("0m", Some(Duration::ZERO)),
            ("250m", Some(Duration::from_millis(250))),
            ("7u", Some(Duration::from_micros(7))),
            ("12345678n", Some(Duration::from_nanos(12_345_678))),
            ("99999999H", Some(seconds(99_999_999 * 3600))),
            ("123456789n", None),
            ("", None),
            ("S", None),
            ("1", None),
            ("1s", None),
            ("1 S", None),
            ("-1S", None),
            ("+1S", None),
            ("1.5S", None),
            ("1SS", None),
        ] {
            assert_eq!(parse(text.as_bytes()), expected, "{text:?}");
        }
        let headers = |values: &[&'static str]| {
            let value = |value: &&'static str| (GRPC_TIMEOUT, HeaderValue::from_static(value));
            values.iter().map(value).collect::<HeaderMap>()
        };
        assert_eq!(grpc_timeout(&headers(&[])), Ok(None));
        assert_eq!(grpc_timeout(&headers(&["1S"])), Ok(Some(seconds(1))));
        let malformed = Err(MalformedGrpcTimeout);
        assert_eq!(grpc_timeout(&headers(&["1S", "1S"])), malformed);
        assert_eq!(grpc_timeout(&headers(&["x"])), malformed);
    }

    #[test]
    fn what_is_left_is_rounded_down() {
        for (left, expected) in [
            (Duration::ZERO, "1n"),
            (Duration::from_nanos(99_999_999), "99999999n"),
            (Duration::from_nanos(100_000_999), "100000u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_secs(200_000), "200000S"),
            (Duration::MAX, "99999999H"),
        ] {
            assert_eq!(encode(left), expected, "{left:?}");
        }
    }
}
