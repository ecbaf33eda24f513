//! A session with a database.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_postgres::{CancelToken, Client, Row};

use super::database_address::DatabaseAddress;
use super::database_error::{DatabaseError, answer, cause};
use super::database_tls::DatabaseTls;

/// What ends the statements of this process: a server notices that a client has closed only when the
/// statement is over, and holds its locks until then.
static OPEN_SESSIONS: Mutex<Vec<(CancelToken, DatabaseTls)>> = Mutex::new(Vec::new());

/// How long servers may take to end a statement.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

fn note_session(token: CancelToken, tls: DatabaseTls) {
    let mut tokens = OPEN_SESSIONS.lock().unwrap_or_else(PoisonError::into_inner);
    tokens.push((token, tls));
}

/// Asks the servers to end what the sessions of this process run. Returns whether all were asked.
pub async fn cancel_statements() -> bool {
    let tokens = OPEN_SESSIONS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let mut are_asked = true;
    for (token, tls) in tokens {
        let asked = tokio::time::timeout(CANCEL_TIMEOUT, token.cancel_query(tls)).await;
        are_asked &= matches!(asked, Ok(Ok(())));
    }
    are_asked
}

/// A session with a database.
#[derive(Debug)]
pub struct DatabaseSession {
    client: Client,
    place: String,
    pid: i32,
}

/// What the effect of a migration can depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSettings {
    /// The version of the server.
    pub server_version: String,
    /// The user.
    pub user: String,
    /// `TimeZone`.
    pub time_zone: String,
    /// `search_path`.
    pub search_path: String,
    /// `lock_timeout`; `0` without a limit.
    pub lock_timeout: String,
}

impl DatabaseSession {
    /// Connects to a database.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses the session.
    pub async fn connect(address: &DatabaseAddress) -> Result<Self, DatabaseError> {
        let place = address.to_string();
        let tls = address.tls()?;
        let connected = address.config().connect(tls.clone()).await;
        let (client, connection) = connected.map_err(|error| {
            let place = place.clone();
            match error.as_db_error() {
                Some(refusal) => DatabaseError::Refused {
                    place,
                    message: refusal.message().to_owned(),
                },
                None if is_tls_fault(&error) => DatabaseError::Tls {
                    place,
                    message: cause(&error),
                },
                None => DatabaseError::Unreachable {
                    place,
                    message: cause(&error),
                },
            }
        })?;
        tokio::spawn(connection);
        note_session(client.cancel_token(), tls);
        let mut session = Self {
            client,
            place,
            pid: 0,
        };
        let own = session.query("SELECT pg_backend_pid()").await?;
        session.pid = own.first().map_or(0, |row| row.get(0));
        Ok(session)
    }

    /// The number of the session on the server.
    pub(super) const fn pid(&self) -> i32 {
        self.pid
    }

    /// The settings of the session.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn settings(&self) -> Result<SessionSettings, DatabaseError> {
        let sql = "SELECT pg_catalog.current_setting('server_version'), session_user::pg_catalog.text, \
                   pg_catalog.current_setting('TimeZone'), \
                   pg_catalog.current_setting('search_path'), \
                   pg_catalog.current_setting('lock_timeout')";
        let rows = self.query(sql).await?;
        let text = |column: usize| rows.first().map_or_else(String::new, |row| row.get(column));
        Ok(SessionSettings {
            server_version: text(0),
            user: text(1),
            time_zone: text(2),
            search_path: text(3),
            lock_timeout: text(4),
        })
    }

    /// Changes a setting for the rest of the session.
    ///
    /// # Errors
    /// The server refuses the name or the value.
    pub async fn set(&self, name: &str, value: &str) -> Result<(), DatabaseError> {
        let sql = "SELECT pg_catalog.set_config($1, $2, false)";
        let changed = self.client.execute(sql, &[&name, &value]).await;
        changed.map(drop).map_err(|error| DatabaseError::Setting {
            name: name.to_owned(),
            message: answer(&error, false),
        })
    }

    /// Runs one statement of a migration. Several statements in one text are refused, because each
    /// is prepared.
    pub(super) async fn execute(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.client.execute(sql, &[]).await.map(drop)
    }

    /// Runs a statement of this program.
    pub(super) async fn command(&self, sql: &str) -> Result<(), DatabaseError> {
        let done = self.client.batch_execute(sql).await;
        done.map_err(|error| self.lost(&error))
    }

    /// The rows of a question of this program.
    pub(super) async fn query(&self, sql: &str) -> Result<Vec<Row>, DatabaseError> {
        let rows = self.client.query(sql, &[]).await;
        rows.map_err(|error| self.lost(&error))
    }

    /// The number of the table with a name, as the session finds it.
    pub(super) async fn table_number(&self, name: &str) -> Result<Option<u32>, DatabaseError> {
        let sql = "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid";
        let rows = self.client.query(sql, &[&name]).await;
        let rows = rows.map_err(|error| self.lost(&error))?;
        Ok(rows.first().and_then(|row| row.get(0)))
    }

    /// The value of a setting; `None` if it has none.
    pub(super) async fn setting(&self, name: &str) -> Result<Option<String>, DatabaseError> {
        let sql = "SELECT pg_catalog.current_setting($1, true)";
        let rows = self.client.query(sql, &[&name]).await;
        let rows = rows.map_err(|error| self.lost(&error))?;
        Ok(rows.first().and_then(|row| row.get(0)))
    }

    fn lost(&self, error: &tokio_postgres::Error) -> DatabaseError {
        DatabaseError::Lost {
            place: self.place.clone(),
            message: answer(error, false),
        }
    }
}

/// Whether a connection failed because of TLS. The library has a text for this, and no method.
fn is_tls_fault(error: &tokio_postgres::Error) -> bool {
    error.to_string().contains("TLS handshake")
}
