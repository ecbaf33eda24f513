//! How much a change matters, and how well that is known.

use serde::Serialize;

/// How much a change matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeLevel {
    /// Nobody who was right before is wrong after.
    Info,
    /// Somebody may be surprised, or it cannot be told.
    Warning,
    /// Somebody who was right before is wrong after.
    Breaking,
}

impl ChangeLevel {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Breaking => "breaking",
        }
    }
}

/// How the level of a finding is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeCertainty {
    /// The rule says so.
    Rule,
    /// A message that was right is wrong, and the validators of both contracts agree.
    Witnessed,
    /// No message is affected: the search for one was exhausted.
    Proved,
    /// It could not be told, for this reason.
    Unknown(String),
}

impl ChangeCertainty {
    /// The stable name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Witnessed => "witnessed",
            Self::Proved => "proved",
            Self::Unknown(_) => "unknown",
        }
    }
}
