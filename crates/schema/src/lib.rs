//! What migrations of a PostgreSQL database do to tables that squads share.
//!
//! [`MigrationFolder`] orders the files of a directory as the tool that runs them does, and
//! [`split_statements`] finds their statements. The program runs them in a real PostgreSQL, which
//! alone knows what a statement locks and rewrites, and takes a [`SchemaSnapshot`] before and after
//! each one. [`table_changes`] compares two snapshots, and the result of a run is a list of
//! [`MigrationEffect`]. [`judge_migrations`] compares that with the tables that the catalog says
//! other squads use ([`SharedTables`]). Without a server, [`text_effect`] reads what the text shows. [`schema_drift`] compares two databases.
//!
//! Everything is pure: names, texts and snapshots are arguments, findings are results.

mod lock_mode;
mod migration_folder;
mod sql_scanner;
mod sql_statement;
mod schema_snapshot;
mod type_change;
mod table_change;
mod migration_effect;
mod shared_tables;
mod table_rule;
mod judge_migrations;
mod schema_drift;
mod sql_words;
mod documented_effect;
mod written_effect;
mod alter_table;
mod text_effect;

pub use documented_effect::{DocumentedEffect, documented_effect};
pub use judge_migrations::{TableFinding, judge_migrations};
pub use lock_mode::LockMode;
pub use migration_effect::{MigrationEffect, StatementEffect, StatementRun, TableLock};
pub use migration_folder::{InvalidFolder, MigrationFile, MigrationFolder, MigrationLayout};
pub use schema_drift::{SchemaDrift, SchemaDriftKind, schema_drift};
pub use schema_snapshot::{
    ColumnState, ConstraintKind, ConstraintState, IndexState, NamedObject, SchemaSnapshot,
    TableState, TypeState,
};
pub use shared_tables::{SharedTable, SharedTables};
pub use sql_statement::{SqlStatement, StatementKind, UnreadableSql, split_statements};
pub use table_change::{TableChange, TableChangeKind, table_changes};
pub use table_rule::TableRule;
pub use text_effect::text_effect;
