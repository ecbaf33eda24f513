//! Checks dates and times by RFC 3339, strictly.
//!
//! The checks of the `jsonschema` crate accept some other characters in place of digits, such as
//! `2+26-01-01`, which the service behind the proxy could reject or misread. The `jiff` crate
//! does not fit either: it accepts a second of 60 in every minute, where RFC 3339 allows it only for
//! leap seconds, and its timestamps end on 9999-12-30.

/// Whether a text is a `full-date` (RFC 3339 section 5.6).
pub(super) fn is_date(text: &str) -> bool {
    let parts = match text.as_bytes() {
        [y @ .., b'-', m1, m2, b'-', d1, d2] if y.len() == 4 => {
            (number(y), number(&[*m1, *m2]), number(&[*d1, *d2]))
        }
        _ => return false,
    };
    let (Some(year), Some(month), Some(day)) = parts else {
        return false;
    };
    (1..=days(year, month)).contains(&day)
}

/// Whether a text is a `full-time`. The offset is required. A second of 60 is allowed only at 23:59
/// UTC.
pub(super) fn is_time(text: &str) -> bool {
    let [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = text.as_bytes() else {
        return false;
    };
    let parts = [[*h1, *h2], [*m1, *m2], [*s1, *s2]].map(|digits| number(&digits));
    let [Some(hour), Some(minute), Some(second)] = parts else {
        return false;
    };
    let Some(offset) = after_fraction(rest).and_then(offset_minutes) else {
        return false;
    };
    let minutes_utc = (i32::from(hour * 60 + minute) - offset).rem_euclid(DAY_MINUTES);
    let is_leap_minute = minutes_utc == DAY_MINUTES - 1;
    hour <= 23 && minute <= 59 && (second <= 59 || second == 60 && is_leap_minute)
}

/// Whether a text is a `date-time`, with `T` or `t` as the separator.
pub(super) fn is_date_time(text: &str) -> bool {
    let parts = text.split_once(['T', 't']);
    parts.is_some_and(|(date, time)| is_date(date) && is_time(time))
}

const DAY_MINUTES: i32 = 24 * 60;

fn number(digits: &[u8]) -> Option<u16> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    let value = |sum: u16, digit: &u8| sum * 10 + u16::from(digit - b'0');
    is_number.then(|| digits.iter().fold(0, value))
}

/// The number of days of a month; 0 if the month does not exist.
const fn days(year: u16, month: u16) -> u16 {
    let is_leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// The text after the optional fraction of a second. `None` if the fraction has no digits.
fn after_fraction(rest: &[u8]) -> Option<&[u8]> {
    let Some(fraction) = rest.strip_prefix(b".") else {
        return Some(rest);
    };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit());
    let count = digits.count();
    (count > 0).then(|| &fraction[count..])
}

/// An offset from UTC, in minutes.
fn offset_minutes(text: &[u8]) -> Option<i32> {
    let (sign, h1, h2, m1, m2) = match text {
        [b'Z' | b'z'] => return Some(0),
        [b'+', h1, h2, b':', m1, m2] => (1, h1, h2, m1, m2),
        [b'-', h1, h2, b':', m1, m2] => (-1, h1, h2, m1, m2),
        _ => return None,
    };
    let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
    let is_offset = hours <= 23 && minutes <= 59;
    is_offset.then(|| sign * i32::from(hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_calendar_days() {
        for date in ["2026-01-31", "2024-02-29", "2000-02-29", "0000-01-01"] {
            assert!(is_date(date), "{date}");
        }
        for date in [
            "",
            "2026-1-01",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2023-02-29",
            "1900-02-29",
            "2026-01-00",
            "2+26-01-01",
            ".026-01-01",
            "2026-0:-01",
            "2026-01-1:",
            "２026-01-01",
            "2026-01-011",
            "02026-01-01",
            "2026-01-01T",
            "2026/01/01",
        ] {
            assert!(!is_date(date), "{date}");
        }
    }

    #[test]
    fn requires_an_offset_and_limits_leap_seconds() {
        for time in [
            "00:00:00Z",
            "23:59:59z",
            "12:30:00.5+02:00",
            "23:59:60Z",
            "00:59:60+01:00",
            "18:59:60.123-05:00",
            "12:00:00-00:00",
            "08:30:06.283185Z",
        ] {
            assert!(is_time(time), "{time}");
        }
        for time in [
            "",
            "12:00:00",
            "12:00Z",
            "24:00:00Z",
            "12:60:00Z",
            "12:00:61Z",
            "12:00:60Z",
            "23:59:60+01:00",
            "12:00:00.Z",
            "12:00:00+2:00",
            "12:00:00+24:00",
            "12:00:00+02:60",
            "12:00:00+0200",
            "1:00:00Z",
            "12:00:00ZZ",
            "1::00:00Z",
            "12:00:00.1:Z",
            "１2:00:00Z",
        ] {
            assert!(!is_time(time), "{time}");
        }
        assert!(is_date_time("2026-01-02t03:04:05z"));
        assert!(!is_date_time("2026-01-02 03:04:05Z"));
        assert!(!is_date_time("2026-01-02T03:04:05T"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[0-9:.TtZz+-]{0,30}|.{0,30}") {
            let _ = (is_date(&text), is_time(&text), is_date_time(&text));
        }
    }
}
