//! What the text of a statement says before it runs: that it cannot, that it is about roles only, or
//! that it changes a setting for its transaction.

use std::path::Path;

use portcullis_schema::{SqlStatement, StatementKind};
use tokio_postgres::error::SqlState;

use super::database_error::DatabaseError;

/// Refuses what would end the transaction, or needs rows of a client.
pub(super) fn refuse_unsuitable(
    file: &Path,
    statement: &SqlStatement,
) -> Result<(), DatabaseError> {
    let (file, line) = (file.to_owned(), statement.line);
    match statement.kind {
        StatementKind::Rollback => Err(DatabaseError::TransactionControl { file, line }),
        StatementKind::CopyFromClient => Err(DatabaseError::CopyFromClient { file, line }),
        StatementKind::Ordinary
        | StatementKind::Truncate
        | StatementKind::TransactionBegin
        | StatementKind::TransactionCommit => Ok(()),
    }
}

/// Whether a statement of a dump only says who owns something, or who may use it.
pub(super) fn is_about_roles(sql: &str) -> bool {
    let words: Vec<String> = sql.split_whitespace().map(str::to_uppercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["GRANT" | "REVOKE", ..] | ["ALTER", "DEFAULT", "PRIVILEGES", ..]
    ) || matches!(words.as_slice(), ["ALTER", .., "OWNER", "TO", _])
}

/// The setting that a statement changes for its transaction only: that of `SET LOCAL name = value`.
pub(super) fn local_setting(sql: &str) -> Option<String> {
    let mut words = sql.split(|c: char| c.is_whitespace() || c == '=');
    let mut words = words.by_ref().filter(|word| !word.is_empty());
    let mut is_next = |expected: &str| words.next()?.eq_ignore_ascii_case(expected).then_some(());
    is_next("SET")?;
    is_next("LOCAL")?;
    let name = words.next()?.to_ascii_lowercase();
    Some(match &*name {
        "time" => "TimeZone".to_owned(),
        "session" => "session_authorization".to_owned(),
        _ => name.trim_matches('"').to_owned(),
    })
}

/// The role that a statement needs and the server does not have.
pub(super) fn missing_role(error: &tokio_postgres::Error) -> Option<&str> {
    let answer = error.as_db_error()?;
    let is_undefined = *answer.code() == SqlState::UNDEFINED_OBJECT;
    let name = answer.message().strip_prefix("role \"")?;
    name.strip_suffix("\" does not exist")
        .filter(|_| is_undefined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_a_transaction_are_known() {
        let check = |sql: &str, expected: Option<&str>| {
            assert_eq!(local_setting(sql).as_deref(), expected, "{sql}");
        };
        check("set local lock_timeout='2s'", Some("lock_timeout"));
        check("SET LOCAL ROLE ann", Some("role"));
        check("SET LOCAL TIME ZONE 'UTC'", Some("TimeZone"));
        check("SET lock_timeout = '2s'", None);
        check("SELECT 1", None);
    }

    #[test]
    fn statements_about_roles_are_known() {
        let check = |sql: &str, expected: bool| assert_eq!(is_about_roles(sql), expected, "{sql}");
        check("ALTER TABLE shop.orders OWNER TO shop_app", true);
        check("grant select on a to b", true);
        check(
            "ALTER DEFAULT PRIVILEGES IN SCHEMA a GRANT SELECT ON TABLES TO b",
            true,
        );
        check("ALTER TABLE a ADD COLUMN owner text", false);
        check("CREATE TABLE a (b int)", false);
    }
}
