//! One circuit breaker: sliding windows, states, probes.
//!
//! [`circuit_breaker`] is the state machine. `breaker_state` has the words for its states and
//! transitions, `breaker_permit` those for one call. `packed_state` is the part that every call
//! reads, `locked_state` the part behind the lock.

pub(crate) mod circuit_breaker;
pub(crate) mod breaker_snapshot;
pub(crate) mod breaker_state;
pub(crate) mod breaker_permit;
pub(crate) mod packed_state;
mod locked_state;
pub(crate) mod sliding_window;
pub(crate) mod probe_set;
