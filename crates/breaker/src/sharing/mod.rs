//! The concurrency limit of a service, shared by weight: slots, the queue for them, the adaptive
//! limit.
//!
//! [`slot_pool`] explains who gets a slot. `core_slots` and `lent_slots` serve requests while slots
//! are plentiful. `slot_arbiter` decides under a lock when they are short: `share_table` has what each
//! squad is guaranteed, `recent_demand` who was seen recently, `slot_usage` what each squad used,
//! `slot_reserve` and `slot_lending` what is kept for others, `slot_figures` the sums of that, and
//! `slot_claim` and `claim_ranking` who comes first. `wait_queue` holds the
//! tickets of the requests that wait. `slot_wait` is the future that such a request awaits.

pub(crate) mod held_slot;
mod core_slots;
mod lent_slots;
pub(crate) mod slot_pool;
mod slot_arbiter;
pub(crate) mod share_table;
mod slot_usage;
mod slot_reserve;
mod slot_figures;
mod slot_lending;
mod slot_claim;
mod claim_ranking;
mod slot_limit;
mod recent_demand;
mod queue_ticket;
mod wait_queue;
pub(crate) mod slot_wait;
pub(crate) mod shed_details;
mod limit_adapter;
mod vegas_limit;
