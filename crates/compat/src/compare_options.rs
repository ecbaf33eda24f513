//! What can be set about comparing.

use super::date::Date;

/// What can be set about comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompareOptions {
    /// The day on which it is compared: what has ended by then may go.
    pub today: Date,
    /// How many days there must be between a deprecation and its end; 0 asks for no end.
    pub notice_days: i64,
    /// Whether what cannot be told counts as breaking.
    pub strict: bool,
}

impl CompareOptions {
    /// Nothing but the day.
    pub const fn for_day(today: Date) -> Self {
        Self {
            today,
            notice_days: 0,
            strict: false,
        }
    }
}
