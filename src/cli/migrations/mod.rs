//! Migrations that commands try: their arguments, their files, and the run in a database.

mod migration_args;
mod migration_error;
mod migration_files;
mod database_runtime;
mod tried_migrations;

pub(super) use database_runtime::{address, with_database};
pub(super) use migration_args::MigrationArgs;
pub(super) use migration_error::MigrationError;
pub(super) use migration_files::read_statements;
pub(super) use tried_migrations::{TriedMigrations, shared_tables, try_migrations};
