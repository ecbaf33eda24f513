//! PostgreSQL: what migrations do, tried in a real server.
//!
//! [`DatabaseSession`] is a connection to a [`DatabaseAddress`]; `tls_parameters` reads what the
//! address says about TLS, and `database_tls` makes encrypted connections. [`ScratchServer`] is a
//! temporary server of this machine's programs, which ends with this process however that ends.
//! [`MigrationRun`] runs migrations and
//! observes each statement, with `migration_progress` and `run_settings`; `snapshot_reader` and
//! `type_reader` read the system catalogs, `lock_watch` sees the lock
//! of a statement that runs alone, and `applied_versions` reads what migration tools recorded.
//!
//! The judgement is `portcullis_schema`'s.

mod database_error;
mod tls_parameters;
mod database_tls;
mod database_address;
mod database_session;
mod type_reader;
mod snapshot_reader;
mod scratch_server;
mod applied_versions;
mod lock_watch;
mod unsuitable_statement;
mod run_settings;
mod migration_progress;
mod migration_run;

pub use applied_versions::AppliedVersions;
pub use database_address::DatabaseAddress;
pub use database_error::DatabaseError;
pub use database_session::{DatabaseSession, SessionSettings, cancel_statements};
pub use migration_run::{MigrationRun, MigrationText, RunTarget};
pub use scratch_server::ScratchServer;
