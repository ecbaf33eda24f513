//! A month of UTC.

use std::fmt;
use std::str::FromStr;

use portcullis_vocabulary::Date;

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// A month, and its bounds in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BillingMonth {
    first: Date,
    pub(super) start: i64,
    pub(super) end: i64,
}

impl FromStr for BillingMonth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let first = |year: u32, month: u32| Date::parse(&format!("{year:04}-{month:02}-01"));
        let parsed = || {
            let (year, month) = text.split_once('-').filter(|_| is_written_as_month(text))?;
            let (year, month) = (year.parse().ok()?, month.parse().ok()?);
            let next = match month {
                12 => first(year + 1, 1)?,
                month => first(year, month + 1)?,
            };
            Some((first(year, month)?, next))
        };
        let (first, next) =
            parsed().ok_or_else(|| "expected a month such as 2026-11".to_owned())?;
        Ok(Self {
            first,
            start: first.days() * SECONDS_PER_DAY,
            end: next.days() * SECONDS_PER_DAY,
        })
    }
}

/// Whether a text has four digits, a hyphen and two digits: numbers may be parsed with a sign.
fn is_written_as_month(text: &str) -> bool {
    let is_expected = |(place, byte): (usize, &u8)| match place {
        4 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 7 && text.as_bytes().iter().enumerate().all(is_expected)
}

impl fmt::Display for BillingMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.first.to_string();
        f.write_str(day.get(..7).unwrap_or(&day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_months() {
        let check = |text: &str, start: &str, end: &str| {
            let month: BillingMonth = text.parse().unwrap();
            let seconds = |day: &str| Date::parse(day).unwrap().days() * SECONDS_PER_DAY;
            assert_eq!((month.start, month.end), (seconds(start), seconds(end)));
            assert_eq!(month.to_string(), text);
        };
        check("2026-11", "2026-11-01", "2026-12-01");
        check("2026-12", "2026-12-01", "2027-01-01");
        check("2028-02", "2028-02-01", "2028-03-01");
        for text in [
            "2026",
            "2026-13",
            "2026-00",
            "2026-1",
            "26-11",
            "2026-11-01",
            "+026-11",
        ] {
            assert!(text.parse::<BillingMonth>().is_err(), "{text}");
        }
    }
}
