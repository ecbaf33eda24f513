//! The states of a breaker cell, and how it changes from one to another.

use std::fmt;
use std::time::Duration;

use super::sliding_window::CallTally;

/// Whether a cell lets calls pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BreakerState {
    /// All pass.
    #[default]
    Closed,
    /// None pass.
    Open,
    /// A few pass, to see whether the trouble is over.
    HalfOpen,
}

/// What an operator has decided about a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BreakerOverride {
    /// Nothing: the cell decides.
    #[default]
    None,
    /// Nothing passes.
    ForcedOpen,
    /// Everything passes, and nothing is judged.
    Disabled,
    /// Everything passes; the cell says when it would open.
    Observe,
}

/// One change of a cell, for logs, metrics and the history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerTransition {
    /// When, since the bank was made.
    pub at: Duration,
    /// Before.
    pub from: BreakerState,
    /// After.
    pub to: BreakerState,
    /// Why.
    pub reason: TransitionReason,
    /// Until when the cell is open, since the bank was made; where it is.
    pub until: Option<Duration>,
}

/// Why a cell changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TransitionReason {
    /// Too many calls failed.
    FailureRate {
        /// What was counted.
        tally: CallTally,
        /// The greatest allowed rate.
        rate_max: f64,
    },
    /// Too many calls were slow.
    SlowRate {
        /// What was counted.
        tally: CallTally,
        /// The greatest allowed rate.
        rate_max: f64,
    },
    /// Too many probes failed.
    ProbesFailed {
        /// How many failed.
        failures: u32,
        /// Of so many.
        results: u32,
    },
    /// Enough probes succeeded.
    ProbesPassed {
        /// How many failed.
        failures: u32,
        /// Of so many.
        results: u32,
    },
    /// The wait is over.
    Waited,
    /// An operator decided.
    Operator(BreakerOverride),
}

impl BreakerState {
    /// Each phase.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

impl BreakerOverride {
    /// Each override with its name on the command line and in the admin API.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("auto", Self::None),
        ("open", Self::ForcedOpen),
        ("disabled", Self::Disabled),
        ("observe", Self::Observe),
    ];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "auto",
            Self::ForcedOpen => "open",
            Self::Disabled => "disabled",
            Self::Observe => "observe",
        }
    }

    /// What traffic meets at a cell in this phase.
    pub(crate) const fn shown(self, phase: BreakerState) -> BreakerState {
        match self {
            Self::ForcedOpen => BreakerState::Open,
            Self::Disabled => BreakerState::Closed,
            Self::None | Self::Observe => phase,
        }
    }

    /// The override of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .into_iter()
            .find_map(|(known, this)| (known == name).then_some(this))
    }
}

impl TransitionReason {
    /// Its stable name, a label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FailureRate { .. } => "failure-rate",
            Self::SlowRate { .. } => "slow-rate",
            Self::ProbesFailed { .. } => "probes-failed",
            Self::ProbesPassed { .. } => "probes-passed",
            Self::Waited => "waited",
            Self::Operator(_) => "operator",
        }
    }
}

impl fmt::Display for BreakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for BreakerOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for TransitionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |rate: f64| (rate * 100.0).round();
        match *self {
            Self::FailureRate { tally, rate_max } => write!(
                f,
                "{} of {} calls failed within 10 s, more than {} %",
                tally.failures,
                tally.calls,
                percent(rate_max)
            ),
            Self::SlowRate { tally, rate_max } => write!(
                f,
                "{} of {} calls were slow within 10 s, more than {} %",
                tally.slow,
                tally.calls,
                percent(rate_max)
            ),
            Self::ProbesFailed { failures, results } => {
                write!(f, "{failures} of {results} probes failed")
            }
            Self::ProbesPassed { failures, results } => {
                write!(f, "{} of {results} probes succeeded", results - failures)
            }
            Self::Waited => f.write_str("the wait is over, probes may pass"),
            Self::Operator(BreakerOverride::None) => {
                f.write_str("an operator left it to itself again")
            }
            Self::Operator(to) => write!(f, "an operator set it to {to}"),
        }
    }
}
