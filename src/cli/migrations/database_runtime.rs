//! The runtime of a command that uses a database, and the addresses that it names.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

use super::migration_error::MigrationError;
use crate::database::{DatabaseAddress, DatabaseError};

/// The variable with the password for an address that has none, as PostgreSQL's programs read it.
const PASSWORD_VARIABLE: &str = "PGPASSWORD";

/// The address that a flag names.
pub(crate) fn address(text: &str) -> Result<DatabaseAddress, DatabaseError> {
    let password = std::env::var(PASSWORD_VARIABLE).ok();
    DatabaseAddress::parse(text, password.as_deref())
}

/// Runs work with a database. A signal ends it like an error, so temporary servers are removed.
pub(crate) fn with_database<T>(
    work: impl Future<Output = Result<T, MigrationError>>,
) -> Result<T, MigrationError> {
    let refused = |source| DatabaseError::System {
        what: "the runtime",
        source,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(refused)?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
        tokio::select! {
            result = work => result,
            _ = interrupt.recv() => Err(DatabaseError::Interrupted.into()),
            _ = terminate.recv() => Err(DatabaseError::Interrupted.into()),
        }
    })
}
