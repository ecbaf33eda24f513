//! What a circuit breaker shows of itself at one moment.

use std::time::Duration;

use super::breaker_state::{BreakerOverride, BreakerState, BreakerTransition, TransitionReason};
use super::sliding_window::CallTally;

/// The state of a breaker at one moment.
#[derive(Clone, Debug)]
pub(crate) struct BreakerSnapshot {
    pub(crate) state: BreakerState,
    pub(crate) operator_override: BreakerOverride,
    pub(crate) tally: CallTally,
    /// Until when it is open, if it is.
    pub(crate) until: Option<Duration>,
    pub(crate) since: Duration,
    pub(crate) reason: Option<TransitionReason>,
    pub(crate) probing: usize,
    /// Whether it is half-open and no call has come for a while.
    pub(crate) is_waiting: bool,
    pub(crate) history: Vec<BreakerTransition>,
}

/// The state of a breaker as callers experience it at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreakerCondition {
    pub(crate) state: BreakerState,
    /// Whether it is half-open and no call has come for a while; none if it has never changed.
    pub(crate) is_waiting: Option<bool>,
}
