//! The states of a circuit breaker, operators' overrides, and the transitions between states.

use std::fmt;
use std::time::Duration;

use super::sliding_window::CallTally;

/// The state of a circuit breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls pass.
    #[default]
    Closed,
    /// Calls are rejected.
    Open,
    /// A few calls pass, to find out whether the upstream has recovered.
    HalfOpen,
}

/// What an operator has decided about a breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BreakerOverride {
    /// Nothing: the breaker decides.
    #[default]
    None,
    /// All calls are rejected.
    ForcedOpen,
    /// All calls pass, and none is counted.
    Disabled,
    /// All calls pass, and the breaker reports when it would open.
    Observe,
}

/// One transition of a breaker, for logs, metrics and the history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerTransition {
    /// When it happened, since the limits were created.
    pub at: Duration,
    /// The state before.
    pub from: BreakerState,
    /// The state after.
    pub to: BreakerState,
    /// Why the breaker changed.
    pub reason: TransitionReason,
    /// Until when an open breaker stays open, since the limits were created.
    pub until: Option<Duration>,
}

/// Why a breaker changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TransitionReason {
    /// Too many calls failed.
    FailureRate {
        /// The counts.
        tally: CallTally,
        /// The highest allowed rate.
        rate_max: f64,
    },
    /// Too many calls were slow.
    SlowRate {
        /// The counts.
        tally: CallTally,
        /// The highest allowed rate.
        rate_max: f64,
    },
    /// Too many probes failed.
    ProbesFailed {
        /// How many failed.
        failures: u32,
        /// How many probes ended.
        results: u32,
    },
    /// Enough probes succeeded.
    ProbesPassed {
        /// How many failed.
        failures: u32,
        /// How many probes ended.
        results: u32,
    },
    /// The open time is over.
    Waited,
    /// An operator decided.
    Operator(BreakerOverride),
}

impl BreakerState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

impl BreakerOverride {
    /// Every override, with its name on the command line and in the admin API.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("auto", Self::None),
        ("open", Self::ForcedOpen),
        ("disabled", Self::Disabled),
        ("observe", Self::Observe),
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "auto",
            Self::ForcedOpen => "open",
            Self::Disabled => "disabled",
            Self::Observe => "observe",
        }
    }

    /// The state that callers experience when the breaker itself is in `state`.
    pub(crate) const fn effective_state(self, state: BreakerState) -> BreakerState {
        match self {
            Self::ForcedOpen => BreakerState::Open,
            Self::Disabled => BreakerState::Closed,
            Self::None | Self::Observe => state,
        }
    }

    /// The override with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .into_iter()
            .find_map(|(known, operator_override)| (known == name).then_some(operator_override))
    }
}

impl TransitionReason {
    /// The stable name, a label.
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
            Self::Waited => f.write_str("the wait is over, the next calls are probes"),
            Self::Operator(BreakerOverride::None) => {
                f.write_str("an operator removed the override")
            }
            Self::Operator(to) => write!(f, "an operator set it to {to}"),
        }
    }
}
