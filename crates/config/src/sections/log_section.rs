//! `[log]`: the format and the level of the log.

use crate::tree::ConfigSection;
use crate::tree::config_value::word;

/// The format and the level of the log, section `[log]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// The format of a line.
    pub format: LogFormat,
    /// The least severe events that are logged.
    pub level: LogLevel,
}

/// The format of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Human-readable text.
    #[default]
    Text,
    /// One JSON object for each line, for log collectors.
    Json,
}

/// The least severe events that are logged, ordered from the most severe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Failures only.
    Error,
    /// Also what looks wrong.
    Warn,
    /// Also normal events.
    #[default]
    Info,
    /// Also details of their causes.
    Debug,
    /// Every step.
    Trace,
}

impl LogFormat {
    /// Each format with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 2] = [("text", Self::Text), ("json", Self::Json)];
}

impl LogLevel {
    /// Each level with its name in the configuration.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

/// Reads `[log]`.
pub(crate) fn read_log(mut section: ConfigSection<'_>) -> LogConfig {
    let default = LogConfig::default();
    let log = LogConfig {
        format: section.value("format", default.format, word(&LogFormat::NAMES)),
        level: section.value("level", default.level, word(&LogLevel::NAMES)),
    };
    section.finish();
    log
}
