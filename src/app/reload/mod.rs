//! Contracts and configuration that change while traffic flows.
//!
//! A [`ContractWatcher`] for each service reads its source when there is a reason to, compiles what it
//! finds on a thread of its own, and gives it to the [`LiveStateWriter`], which alone publishes what is in
//! force. Everything happens on the control side; data cores only ever load a pointer. What is
//! bad is refused with its reason, and what was in force stays.

mod revision_history;
mod read_task;
mod reload_verdict;
mod shadow_candidate;
mod deferred_drop;
mod live_state_writer;
mod publish;
mod remote_source;
mod watched_source;
mod contract_watcher;
mod operator_requests;
mod reconfigure;

pub(super) use contract_watcher::ContractWatcher;
pub use live_state_writer::ConfigReader;
pub(super) use live_state_writer::LiveStateWriter;
pub(super) use operator_requests::ReloadController;
pub(super) use read_task::options;
