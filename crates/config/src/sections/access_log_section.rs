//! `[access_log]`: which exchanges get a line in the access log.

use std::time::Duration;

use crate::tree::ConfigSection;
use crate::tree::config_value::{duration, share, word};

/// The longest time over which lines are folded.
const FOLD_MAX: Duration = Duration::from_secs(60);

/// Which exchanges get a line in the access log, section `[access_log]`. Refused and failed ones
/// always do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AccessLogConfig {
    /// The ratio of the other exchanges that are logged, from 0 to 1.
    pub sample: f64,
    /// Which form of the path is logged.
    pub path: AccessLogPath,
    /// Refusals of one kind within this time have one line and a count; zero folds nothing.
    pub fold_interval: Duration,
}

/// Which form of the path a line of the access log has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessLogPath {
    /// The path template of the operation, without values.
    #[default]
    Template,
    /// The path and the query as received. They can hold personal data.
    Raw,
}

impl Default for AccessLogConfig {
    fn default() -> Self {
        Self {
            sample: 0.0,
            path: AccessLogPath::default(),
            fold_interval: Duration::from_secs(1),
        }
    }
}

impl AccessLogPath {
    /// Each form with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("template", Self::Template), ("raw", Self::Raw)];
}

/// Reads `[access_log]`.
pub(crate) fn read_access_log(mut section: ConfigSection<'_>) -> AccessLogConfig {
    let default = AccessLogConfig::default();
    let access_log = AccessLogConfig {
        sample: section.value("sample", default.sample, share),
        path: section.value("path", default.path, word(&AccessLogPath::NAMES)),
        fold_interval: section.value(
            "fold_interval",
            default.fold_interval,
            duration(Duration::ZERO..=FOLD_MAX),
        ),
    };
    section.finish();
    access_log
}
