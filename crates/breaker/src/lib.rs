//! Admission control for one service: circuit breakers, concurrency limits and budgets, each by
//! the squad that calls.
//!
//! A service has one upstream, and cutting it off is an outage for every caller. So each squad's
//! traffic of each tier has its own circuit breaker: a squad whose calls fail is cut off, and
//! the others are not. One more breaker cuts off the whole service. It counts only calls that did
//! not reach the upstream, because no squad's requests can cause that. The concurrency limit is
//! shared by weight, and requests of other squads than the provider can have a budget.
//!
//! The map:
//! - [`ServiceProtection`] joins the [`ServiceLimits`], which all data cores share, with the
//!   [`ServicePolicy`]; [`CoreAdmission`] is what one data core does with both.
//! - `circuit` is one circuit breaker: states, sliding windows, probes.
//! - `sharing` is the concurrency limit: slots, the queue for them, the adaptive limit.
//! - `cross_squad_budget` divides the budget for requests of other squads, `request_ratio` counts for
//!   budgets, `deploy_window` suspends thresholds.
//! - `service_limits_view` is what operators see.
//! - `sim` simulates all of it by seed.
//!
//! Nothing here waits, reads a clock or opens a socket: time is an argument, counted from the
//! creation of the [`ServiceLimits`], and each change of a breaker is returned as a
//! [`BreakerTransition`]. While slots are plentiful and breakers closed, a request touches no
//! memory that other cores write. Locks guard what is scarce or changes; none is held across an
//! await.
//!
//! Invariants:
//! - A request that Portcullis refuses is never counted as a failure.
//! - A result counts only in the generation of the breaker that admitted its call.
//! - Slots are conserved: each is free, lent to a core or held.
//! - A squad has the slots that it never lends at once. Long calls of others do not delay a squad
//!   that was seen recently and wants no more than its guarantee.
//! - Unknown callers never take a slot that a squad needed recently.

mod core_index;
mod consumer_index;
mod service_policy;
mod service_protection;
mod service_limits;
mod core_admission;
mod admission_refusal;
mod breaker_event;
mod circuit;
mod sharing;
mod request_ratio;
mod squad_credits;
mod cross_squad_budget;
mod backoff;
mod deploy_window;
mod service_limits_view;
#[cfg(test)]
mod sim;

pub use admission_refusal::{AdmissionRefusal, AdmissionRule};
pub use breaker_event::{BreakerEvent, BreakerId};
pub use circuit::breaker_permit::BreakerRejection;
pub use circuit::breaker_state::{
    BreakerOverride, BreakerState, BreakerTransition, TransitionReason,
};
pub use circuit::sliding_window::CallTally;
pub use core_admission::{AdmissionPermit, CallOutcome, CallResult, CoreAdmission};
pub use core_index::CoreIndex;
pub use deploy_window::DeployWindow;
pub use service_limits::ServiceLimits;
pub use service_limits_view::{
    BreakerStateView, BudgetView, CircuitBreakerView, DeployWindowView, ServiceLimitsView,
    SlotSharesView, SquadShareView, TransitionView,
};
pub use service_policy::ServicePolicy;
pub use service_protection::ServiceProtection;
pub use sharing::held_slot::HeldSlot;
pub use sharing::shed_details::{ShedDetails, ShedReason};
pub use sharing::slot_wait::{SlotOutcome, SlotWait};
