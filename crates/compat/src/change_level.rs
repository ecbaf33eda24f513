//! Severity levels, and how a level was established.

use serde::Serialize;

/// How severe a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeLevel {
    /// No consumer is affected.
    Info,
    /// Consumers may be affected.
    Warning,
    /// The rule alone would call the change breaking, and neither a break nor its absence could be
    /// shown.
    Unknown,
    /// A consumer that followed the older contract breaks.
    Breaking,
}

impl ChangeLevel {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Breaking => "breaking",
        }
    }
}

/// How the level of a finding was established.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ChangeCertainty {
    /// The rule sets the level.
    Rule,
    /// The rule sets the level, and no message shows the change, for this reason.
    Unshown(String),
    /// A message that the older contract allows violates the newer one, as the validators of both
    /// contracts confirm.
    Witnessed,
    /// An exhaustive search proved that no message is affected.
    Proved,
    /// The effect could not be determined, for this reason.
    Unknown(String),
}

impl ChangeCertainty {
    /// Why nothing was shown, if there is a reason.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Unshown(reason) | Self::Unknown(reason) => Some(reason),
            Self::Rule | Self::Witnessed | Self::Proved => None,
        }
    }

    /// The stable name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Rule | Self::Unshown(_) => "rule",
            Self::Witnessed => "witnessed",
            Self::Proved => "proved",
            Self::Unknown(_) => "unknown",
        }
    }
}
