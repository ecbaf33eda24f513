//! Timestamps as registries write them: RFC 3339 in UTC, to the millisecond.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use portcullis_compat::Date;

/// A time in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcTimestamp(u64);

/// The last millisecond of the year 9999; RFC 3339 has no text for later times.
const LAST_MS: u64 = 253_402_300_799_999;

impl UtcTimestamp {
    /// The timestamp of a system time; times before 1970 become 1970.
    pub fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(
            u64::try_from(since.as_millis())
                .unwrap_or(LAST_MS)
                .min(LAST_MS),
        )
    }

    /// The beginning of a day, in UTC.
    pub fn of_date(date: Date) -> Self {
        Self(
            u64::try_from(date.days())
                .unwrap_or(0)
                .saturating_mul(86_400_000)
                .min(LAST_MS),
        )
    }

    /// The day, in UTC.
    pub fn date(self) -> Date {
        Date::of_days(i64::try_from(self.0 / 86_400_000).unwrap_or(0))
    }

    /// The time this much later.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        let millis = u64::try_from(time.as_millis()).unwrap_or(LAST_MS);
        Self(self.0.saturating_add(millis).min(LAST_MS))
    }

    /// How long it is since an earlier time; zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for UtcTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = UNIX_EPOCH + Duration::from_millis(self.0);
        write!(f, "{}", humantime::format_rfc3339_millis(time))
    }
}

impl FromStr for UtcTimestamp {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = humantime::parse_rfc3339(text);
        time.map(Self::of)
            .map_err(|_| "expected a time such as 2026-05-01T10:00:00.000Z")
    }
}

impl Serialize for UtcTimestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UtcTimestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_a_text() {
        let text = "2026-05-01T10:00:00.250Z";
        let moment: UtcTimestamp = text.parse().unwrap();
        assert_eq!(moment.to_string(), text);
        assert_eq!(moment.date().to_string(), "2026-05-01");
        let day = UtcTimestamp::of_date(moment.date());
        assert_eq!(moment.since(day), Duration::from_millis(36_000_250));
        assert_eq!(day.since(moment), Duration::ZERO);
        assert_eq!(
            day.after(Duration::MAX).to_string(),
            "9999-12-31T23:59:59.999Z"
        );
        assert!("yesterday".parse::<UtcTimestamp>().is_err());
    }
}
