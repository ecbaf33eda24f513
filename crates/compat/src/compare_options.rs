//! Settings of a comparison.

use super::level_settings::LevelSettings;
use portcullis_vocabulary::Date;

/// Which events of two revisions are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventCompatibility {
    /// What the application receives as `Backward`, what it sends as `Forward`.
    #[default]
    ByAction,
    /// The newer revision reads events of the older one.
    Backward,
    /// The older revision reads events of the newer one.
    Forward,
    /// Both.
    Full,
}

/// Settings of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompareOptions {
    /// The day of the comparison. Anything whose sunset has passed may be removed.
    pub today: Date,
    /// The minimum number of days between a deprecation and its sunset; 0 requires no sunset.
    pub notice_days: i64,
    /// Whether an unknown effect counts as breaking.
    pub strict: bool,
    /// Levels of rules in place of the default ones; they also apply to unknown effects.
    pub levels: LevelSettings,
    /// Which events are judged, if the contracts are AsyncAPI.
    pub events: EventCompatibility,
}

impl CompareOptions {
    /// The default settings for a day.
    pub fn for_day(today: Date) -> Self {
        Self {
            today,
            notice_days: 0,
            strict: false,
            levels: LevelSettings::default(),
            events: EventCompatibility::ByAction,
        }
    }
}
