//! Circuit breakers: sliding windows, states, probes.

pub(crate) mod sliding_window;
pub(crate) mod breaker_state;
pub(crate) mod packed_state;
pub(crate) mod probe_set;
pub(crate) mod breaker_permit;
pub(crate) mod circuit_breaker;
