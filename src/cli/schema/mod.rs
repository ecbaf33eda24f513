//! `portcullis schema`: what migrations do to tables that squads share.
//!
//! `schema_command` runs a check: `cli::migrations` runs the files in a real PostgreSQL, and
//! `portcullis_schema` judges what they did. `schema_report` is the result; `schema_text` prints it,
//! and `schema_findings` translates it for the formats that all commands share. `drift_command`
//! compares two databases.

mod schema_args;
mod schema_report;
mod schema_text;
mod schema_findings;
mod schema_command;
mod drift_report;
mod drift_command;

pub(super) use schema_args::SchemaArgs;
pub(super) use schema_command::schema;
