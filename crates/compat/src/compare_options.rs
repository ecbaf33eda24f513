//! Settings of a comparison.

use super::date::Date;

/// Settings of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompareOptions {
    /// The day of the comparison. Anything whose sunset has passed may be removed.
    pub today: Date,
    /// The minimum number of days between a deprecation and its sunset; 0 requires no sunset.
    pub notice_days: i64,
    /// Whether an unknown effect counts as breaking.
    pub strict: bool,
}

impl CompareOptions {
    /// The default settings for a day.
    pub const fn for_day(today: Date) -> Self {
        Self {
            today,
            notice_days: 0,
            strict: false,
        }
    }
}
