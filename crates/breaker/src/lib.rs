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

mod window;
mod backoff;
mod state;
mod word;
mod probes;
mod call;
mod cell;
mod seats;
mod line;
mod slots;
mod arbiter;
mod waiting;
mod vegas;
mod ratio;
mod refusal;
mod bank;
mod turnstile;
mod view;
#[cfg(test)]
mod sim;

pub use bank::{
    BreakerEvent, BreakerId, DeployWindow, ServiceLimits, ServicePolicy, ServiceProtection,
};
pub use call::{BreakerPermit, BreakerRejection, BreakerThresholds, CallVerdict};
pub use cell::CircuitBreaker;
pub use refusal::{AdmissionRefusal, AdmissionRule};
pub use slots::{HeldSlot, SlotOutcome, SlotPool};
pub use state::{BreakerOverride, BreakerState, BreakerTransition, TransitionReason};
pub use turnstile::{AdmissionPermit, CallResult, CoreAdmission};
pub use view::{
    BudgetView, CircuitBreakerView, DeployWindowView, ServiceLimitsView, SlotSharesView,
    SquadShareView, TransitionView,
};
pub use waiting::{ShedDetails, ShedReason, SlotWait};
pub use window::CallTally;
