//! Days of the calendar, without a clock.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i64,
    month: u8,
    day: u8,
}

impl Date {
    /// Reads `2026-05-01`, alone or as the beginning of a time stamp (RFC 3339 section 5.6).
    pub fn parse(text: &str) -> Option<Self> {
        let text = match text.get(10..11) {
            None => text,
            Some("T" | "t" | " ") => text.get(..10)?,
            Some(_) => return None,
        };
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next()?;
            let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse::<u16>().ok())?
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let date = Self {
            year: year.into(),
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        };
        // A day that the calendar does not have is counted as another one.
        let is_real = parts.next().is_none() && Self::of_days(date.days()) == date;
        is_real.then_some(date)
    }

    /// The day of a time, in UTC.
    pub fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::of_days(i64::try_from(since.as_secs() / 86_400).unwrap_or(0))
    }

    /// The day that is so many days after the first of January 1970, or before it.
    pub fn of_days(days: i64) -> Self {
        // Years begin in March, so that leap days end them; 400 years have 146,097 days.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let small = |value: i64| u8::try_from(value).unwrap_or(0);
        Self {
            year,
            month: small(month),
            day: small(day),
        }
    }

    /// Days since the first of January 1970.
    pub fn days(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = self.year - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        let check = |text: &str, days: i64| {
            let date = Date::parse(text).unwrap();
            assert_eq!((date.days(), date.to_string()), (days, text.to_owned()));
        };
        check("1970-01-01", 0);
        check("1969-12-31", -1);
        check("2000-02-29", 11_016);
        check("2026-11-20", 20_777);
        for days in -800_000..800_000 {
            assert_eq!(Date::of_days(days).days(), days);
        }
    }

    #[test]
    fn what_is_no_date() {
        assert!(Date::parse("2026-05-01T10:00:00Z").is_some());
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "2026-5-1",
            "2026-05-01x",
            "01.05.2026",
            "é",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }
}
