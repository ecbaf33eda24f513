//! Calendar days, without a clock.

use std::fmt;
use std::time::{Duration, SystemTime};

use jiff::tz::Offset;
use jiff::{Span, Timestamp, civil};

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(civil::Date);

const EPOCH: civil::Date = civil::date(1970, 1, 1);

/// More days than the calendar of `jiff` has, and few enough for a span.
const LIMIT_DAYS: i64 = 7_000_000;

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

impl Date {
    /// Parses `2026-05-01`, alone or at the start of a timestamp (RFC 3339 section 5.6).
    pub fn parse(text: &str) -> Option<Self> {
        let text = match text.get(10..11) {
            None => text,
            Some("T" | "t" | " ") => text.get(..10)?,
            Some(_) => return None,
        };
        // jiff accepts other forms of ISO 8601, too.
        let is_date = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        is_date.then(|| text.parse().ok().map(Self))?
    }

    /// The day of a time, in UTC; 1970-01-01 for times before it.
    pub fn of(time: SystemTime) -> Self {
        let time = Timestamp::try_from(time).unwrap_or_default();
        Self(Offset::UTC.to_datetime(time).date().max(EPOCH))
    }

    /// The day with a number, counted from 1970-01-01. Days out of range are clamped.
    pub fn of_days(days: i64) -> Self {
        let span = Span::new().days(days.clamp(-LIMIT_DAYS, LIMIT_DAYS));
        Self(EPOCH.saturating_add(span))
    }

    /// The time that a text means: a timestamp of RFC 3339, or the first moment (UTC) of the day at
    /// its start. `None` for other texts and for times before 1970.
    pub fn parse_time(text: &str) -> Option<SystemTime> {
        let exact = || text.parse::<Timestamp>().ok().map(Timestamp::as_second);
        let day = Self::parse(text)?;
        let seconds = (text.len() > 10).then(exact).flatten();
        let seconds = seconds.unwrap_or(day.days() * SECONDS_PER_DAY);
        let since_epoch = Duration::from_secs(u64::try_from(seconds).ok()?);
        SystemTime::UNIX_EPOCH.checked_add(since_epoch)
    }

    /// The number of days since 1970-01-01.
    pub fn days(self) -> i64 {
        self.0.duration_since(EPOCH).as_hours() / 24
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        let check = |text: &str, days: i64| {
            let date = Date::parse(text).unwrap();
            assert_eq!((date.days(), date.to_string()), (days, text.to_owned()));
        };
        check("1970-01-01", 0);
        check("1969-12-31", -1);
        check("2000-02-29", 11_016);
        check("2026-11-20", 20_777);
        check("0000-01-01", -719_528);
        check("9999-12-31", 2_932_896);
        for days in -800_000..800_000 {
            assert_eq!(Date::of_days(days).days(), days);
        }
    }

    #[test]
    fn reads_times() {
        let check = |text: &str, seconds: Option<u64>| {
            let time = Date::parse_time(text);
            let since_epoch = time.map(|time| {
                time.duration_since(SystemTime::UNIX_EPOCH)
                    .unwrap()
                    .as_secs()
            });
            assert_eq!(since_epoch, seconds, "{text}");
        };
        check("1970-01-02", Some(86_400));
        check("1970-01-02T01:00:00Z", Some(90_000));
        check("1970-01-02T01:00:00+01:00", Some(86_400));
        check("1970-01-02 in the morning", Some(86_400));
        check("1969-12-31", None);
        check("tomorrow", None);
    }

    #[test]
    fn refuses_other_texts() {
        assert!(Date::parse("2026-05-01T10:00:00Z").is_some());
        assert!(Date::parse("2026-05-01 anything").is_some());
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "2026-5-1",
            "2026-05-01x",
            "01.05.2026",
            "20260501",
            "20260501Z",
            "2026-W18-5",
            "+002026-05-01",
            "-000001-05-01",
            "é",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
