//! What separates squads in stores that they share: PostgreSQL with PgBouncer, and Redis.

mod store_account;
mod postgres_sql;
mod pgbouncer_sections;
mod redis_acl;

pub use pgbouncer_sections::{PgbouncerSettings, pgbouncer_access, pgbouncer_sections};
pub use postgres_sql::{ConnectionLimits, postgres_sql};
pub use redis_acl::redis_acl;
