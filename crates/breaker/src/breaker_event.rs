//! A breaker's transition, and which breaker of the service it was.

use portcullis_vocabulary::{Consumer, Tier};

use super::circuit::breaker_state::BreakerTransition;

/// Identifies a circuit breaker of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerId {
    /// The breaker that cuts off the whole service.
    Service,
    /// The breaker of a squad's traffic of one tier.
    Squad(Consumer, Tier),
}

/// A transition of one of a service's breakers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerEvent {
    /// The breaker.
    pub breaker: BreakerId,
    /// Its transition.
    pub transition: BreakerTransition,
}
