//! The settings of the session while migrations run.
//!
//! Every migration starts with the same ones. What a migration sets for its transaction ends with the
//! transaction, also where all migrations share one.

use portcullis_schema::SqlStatement;

use super::database_error::DatabaseError;
use super::database_session::DatabaseSession;
use super::unsuitable_statement::local_setting;

/// The limit of this program for locks of a database that has none, in milliseconds. Its odd value
/// distinguishes it from one that a migration sets.
const OWN_LOCK_TIMEOUT: &str = "4987ms";

/// Starts with the user and the settings of the session.
pub(super) async fn reset_settings(
    session: &DatabaseSession,
    settings: &[(String, String)],
) -> Result<(), DatabaseError> {
    let sql = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL";
    session.command(sql).await?;
    for (name, value) in settings {
        session.set(name, value).await?;
    }
    Ok(())
}

/// Other sessions of a database must not wait long behind this one.
pub(super) async fn limit_lock_waits(session: &DatabaseSession) -> Result<(), DatabaseError> {
    if !has_lock_timeout(session).await? {
        session.set("lock_timeout", OWN_LOCK_TIMEOUT).await?;
    }
    Ok(())
}

/// Whether waiting for locks is limited, apart from the limit of this program.
pub(super) async fn has_lock_timeout(session: &DatabaseSession) -> Result<bool, DatabaseError> {
    let value = session.setting("lock_timeout").await?;
    Ok(value.is_some_and(|value| value != "0" && value != OWN_LOCK_TIMEOUT))
}

/// The settings that a transaction changed for itself, with what they were before.
#[derive(Debug, Default)]
pub(super) struct LocalSettings(Vec<(String, Option<String>)>);

impl LocalSettings {
    /// Notes what a setting is before a statement changes it.
    pub(super) async fn note(
        &mut self,
        session: &DatabaseSession,
        statement: &SqlStatement,
    ) -> Result<(), DatabaseError> {
        if let Some(name) = local_setting(&statement.text) {
            let value = session.setting(&name).await?;
            self.0.push((name, value));
        }
        Ok(())
    }

    /// Sets everything to what it was.
    pub(super) async fn end(&mut self, session: &DatabaseSession) -> Result<(), DatabaseError> {
        while let Some((name, value)) = self.0.pop() {
            session.set(&name, &value.unwrap_or_default()).await?;
        }
        Ok(())
    }
}
