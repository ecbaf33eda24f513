//! The runtime of a command that uses a database, and the addresses that it names.

use std::cell::Cell;
use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

use super::migration_error::MigrationError;
use crate::database::{DatabaseAddress, DatabaseError, cancel_statements};

/// The variable with the password for an address that has none, as PostgreSQL's programs read it.
const PASSWORD_VARIABLE: &str = "PGPASSWORD";

/// The address that a flag names.
pub(crate) fn address(flag: &'static str, text: &str) -> Result<DatabaseAddress, MigrationError> {
    let password = std::env::var(PASSWORD_VARIABLE).ok();
    DatabaseAddress::parse(text, password.as_deref())
        .map_err(|error| MigrationError::Address { flag, error })
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
        let is_interrupted = Cell::new(false);
        let signalled = async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            is_interrupted.set(true);
            // The statement that runs ends the work with an error.
            cancel_statements().await
        };
        tokio::select! {
            result = work => match result {
                Err(_) if is_interrupted.get() => Err(DatabaseError::Interrupted.into()),
                result => result,
            },
            is_cancelled = signalled => Err(if is_cancelled {
                DatabaseError::Interrupted.into()
            } else {
                DatabaseError::NotCancelled.into()
            }),
        }
    })
}
