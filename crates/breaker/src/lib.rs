//! Who may pass now: breakers, shares and budgets by owner.
//!
//! Beside a service there is one upstream, and cutting it is an outage for everyone. So traffic
//! is cut by the squad that causes the trouble and its tier: each has a [`CircuitBreaker`] of its own, and
//! one more is for failures that nobody's requests can cause. What is in flight is shared by
//! weight, and traffic between squads can have a budget.
//!
//! Nothing here waits, reads a clock or knows a socket: time comes in as what has passed since
//! the [`ServiceLimits`] was made, and changes come out as [`BreakerTransition`]s. The bank of a service is shared by
//! all data cores. What every request does touches only memory of its own core; locks are taken
//! where something is scarce or changes, and never held across an await.
//!
//! Invariants: what Portcullis refuses itself is never counted; a result counts only for the
//! generation of the cell that admitted it; slots are neither lost nor made; unknown consumers
//! never take a slot that a squad needed lately.

mod backoff;
mod request_ratio;
mod admission_refusal;
mod service_limits;
mod core_admission;
mod service_limits_view;
#[cfg(test)]
mod sim;
mod circuit;
mod sharing;

pub use admission_refusal::{AdmissionRefusal, AdmissionRule};
pub use circuit::breaker_permit::{
    BreakerPermit, BreakerRejection, BreakerThresholds, CallVerdict,
};
pub use circuit::breaker_state::{
    BreakerOverride, BreakerState, BreakerTransition, TransitionReason,
};
pub use circuit::circuit_breaker::CircuitBreaker;
pub use circuit::sliding_window::CallTally;
pub use core_admission::{AdmissionPermit, CallResult, CoreAdmission};
pub use service_limits::{
    BreakerEvent, BreakerId, DeployWindow, ServiceLimits, ServicePolicy, ServiceProtection,
};
pub use service_limits_view::{
    BudgetView, CircuitBreakerView, DeployWindowView, ServiceLimitsView, SlotSharesView,
    SquadShareView, TransitionView,
};
pub use sharing::slot_pool::{HeldSlot, SlotOutcome, SlotPool};
pub use sharing::slot_wait::{ShedDetails, ShedReason, SlotWait};
