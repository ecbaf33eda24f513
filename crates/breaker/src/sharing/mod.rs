//! Concurrency limits shared by weight: slots, the queue for them, the adaptive limit.

pub(crate) mod core_slots;
pub(crate) mod wait_queue;
pub(crate) mod slot_pool;
pub(crate) mod slot_arbiter;
pub(crate) mod slot_wait;
pub(crate) mod vegas_limit;
