//! Migrations in a real PostgreSQL: what they lock and change, and what that means for squads that
//! share the tables.

mod schema_fixture;
mod migration_locks;
mod migration_findings;
mod migration_refusals;
mod drift;
mod database_tls;
