//! Replaces contracts and configuration while the program serves.
//!
//! Each service has a [`ContractWatcher`]. It reads the contract when the source may have changed
//! or an operator asks, compiles it on a blocking thread and passes the result to the
//! [`LiveStateWriter`]. Only the writer publishes the active configuration; data cores just load
//! a pointer. A contract or configuration with errors is refused with its reasons, and the active
//! one stays.
//!
//! - read: `watched_source`, `remote_source`, `read_task`, `watcher_resources`, `contract_reader`,
//!   `contract_watcher`
//! - decide: `reload_verdict` compares a new revision with the active one, `config_changes` two
//!   configurations
//! - apply: `live_state_writer`, `publish` (contracts), `reconfigure` and `service_change`
//!   (configuration)
//! - `config_reload`: reads the configuration, and `prepared_services` the contracts that it needs
//! - `shadow_candidate`: checks copies of live exchanges against a candidate contract
//! - `operator_requests`: what the admin port and SIGHUP can ask for

mod revision_history;
mod reload_verdict;
mod read_task;
mod shadow_candidate;
mod event_subject;
mod deferred_drop;
mod reachability;
mod service_state;
mod live_state_writer;
mod publish;
mod config_changes;
mod prepared_services;
mod service_change;
mod reconfigure;
mod remote_source;
mod watched_source;
mod watcher_resources;
mod contract_reader;
mod contract_watcher;
mod watcher_registry;
mod config_reload;
mod operator_requests;

pub(super) use contract_reader::ServiceReaders;
pub(super) use contract_watcher::ContractWatcher;
pub use live_state_writer::ConfigReader;
pub(super) use live_state_writer::{LiveStateWriter, StartupContract};
pub(super) use operator_requests::ReloadController;
pub(super) use reachability::Reachability;
pub(super) use read_task::options;
pub(super) use watcher_registry::WatcherRegistry;
pub(super) use watcher_resources::WatcherResources;
