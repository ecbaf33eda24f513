//! Builds the running program from a configuration and stops it again.
//!
//! `startup` starts one thread for each data core and one control thread, each with a
//! single-threaded runtime. A data core has its own listener and its own upstream connections.
//! The control thread serves the admin port, updates metrics, exports spans and reads contracts
//! and keys, so none of this work delays a request. The main thread waits for signals.
//!
//! - `startup`, `startup_contracts`, `control_thread`: start the threads
//! - `config_check`, `config_warnings`, `config_finding`: what a start would find, without one
//! - `reload`: replaces contracts and configuration while the program serves
//! - `key_reader`, `refresh_schedule`: read the keys that verify tokens
//! - `tls`: the files of TLS, which are loaded again when they change
//! - `endpoint_watcher`: checks the servers of upstreams, and resolves their names again
//! - `live_state_reader`: gives the admin port and the metrics a view of the active services
//! - `running_app`, `signals`: drain and stop

mod app_error;
mod keys_error;

mod called_hosts;
mod egress_parts;
mod vendor_fields;
mod startup;
mod config_finding;
mod config_warnings;
mod config_check;
mod startup_contracts;
mod descriptors;
mod control_thread;

mod key_reader;
mod endpoint_watcher;
mod live_state_reader;
mod live_parts;
mod refresh_schedule;
mod reload;
mod tls;

mod running_app;
mod signals;

pub use app_error::AppError;
pub use config_check::{ConfigCheck, ServiceSummary, check_config};
pub use config_finding::ConfigFinding;
pub use keys_error::KeysError;
pub use reload::ConfigReader;
pub use running_app::{RunningApp, ServedTotals};
pub use signals::{LastAct, run};
pub use startup::build;
pub use tls::{ClientTls, TlsLoadError, tls_reason};
