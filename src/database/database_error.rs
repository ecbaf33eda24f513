//! Why a database could not be used.
//!
//! No error contains a password: addresses are shown without it, and the texts of the client
//! library about an address are not shown at all.

use std::io;
use std::path::PathBuf;

use tokio_postgres::error::{DbError, ErrorPosition};

use portcullis_schema::{SqlStatement, UnreadableSql};

/// Why a database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The address cannot be read.
    #[error(
        "expected the address of a database, such as postgres://user@host:5432/name or host=/run/postgresql \
         dbname=name; the password can be in PGPASSWORD, and sslmode is disable, require or verify-full, with \
         sslrootcert=FILE for the authority of the server's certificate"
    )]
    Address,
    /// No connection was made.
    #[error("{place}: {message}; check the address, and that the server accepts connections")]
    Unreachable {
        /// The server, without a password.
        place: String,
        /// What happened.
        message: String,
    },
    /// TLS failed.
    #[error(
        "{place}: TLS failed: {message}; check the name of the host, and sslrootcert, the file with the \
         authority of the server's certificate"
    )]
    Tls {
        /// The server, without a password.
        place: String,
        /// What happened.
        message: String,
    },
    /// The file with the authorities cannot be read.
    #[error("sslrootcert: {}: {source}", path.display())]
    AuthorityFile {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The authorities cannot be used.
    #[error("sslrootcert: {message}")]
    Authorities {
        /// What is wrong.
        message: String,
    },
    /// The server refused the session.
    #[error(
        "{place}: {message}; check the user, the password (PGPASSWORD) and the name of the database"
    )]
    Refused {
        /// The server, without a password.
        place: String,
        /// What the server answered.
        message: String,
    },
    /// The connection ended, or a question about the catalogs failed.
    #[error("{place}: {message}")]
    Lost {
        /// The server, without a password.
        place: String,
        /// What happened.
        message: String,
    },
    /// A setting is refused.
    #[error("--setting {name}: {message}")]
    Setting {
        /// The setting.
        name: String,
        /// What the server answered.
        message: String,
    },
    /// A statement fails.
    #[error("{}:{line}: {message}", file.display())]
    Statement {
        /// The file.
        file: PathBuf,
        /// The line in it.
        line: u32,
        /// What the server answered.
        message: String,
    },
    /// A file is not SQL that can be split into statements.
    #[error("{}:{}: {error}", file.display(), error.line())]
    Sql {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        error: UnreadableSql,
    },
    /// A statement would end the transaction of the run.
    #[error(
        "{}:{line}: a migration that rolls back, sets savepoints or prepares its transaction cannot be \
         tried; each migration has a transaction of its own",
        file.display()
    )]
    TransactionControl {
        /// The file.
        file: PathBuf,
        /// The line.
        line: u32,
    },
    /// A statement reads rows from the client.
    #[error(
        "{}:{line}: COPY FROM STDIN reads rows that a file of statements does not have; use INSERT, \
         and dump the schema without data (pg_dump --schema-only)",
        file.display()
    )]
    CopyFromClient {
        /// The file.
        file: PathBuf,
        /// The line.
        line: u32,
    },
    /// A statement ended the transaction although nothing said that it would.
    #[error(
        "{}:{line}: the statement ended the transaction, so what ran before it may be permanent; \
         check the database",
        file.display()
    )]
    TransactionEnded {
        /// The file.
        file: PathBuf,
        /// The line.
        line: u32,
    },
    /// A migration was applied in part.
    #[error(
        "{table} says that version {version} failed or was applied in part; repair the database \
         first, as the tool that wrote this describes"
    )]
    HalfApplied {
        /// The table of the tool.
        table: String,
        /// The version.
        version: String,
    },
    /// What is applied does not fit the directory.
    #[error("{table} says that version {version} is applied, {problem}")]
    UnlikeDirectory {
        /// The table of the tool.
        table: String,
        /// The version.
        version: String,
        /// What does not fit.
        problem: String,
    },
    /// No server is installed.
    #[error(
        "no initdb and postgres: install PostgreSQL (on Debian: apt install postgresql), name its \
         programs with --postgres-bin, or use a database with --database"
    )]
    NoPrograms,
    /// The folder of the temporary server cannot be made.
    #[error(
        "{}: the folder of the temporary server cannot be made here: {source}; set TMPDIR to a \
         directory that exists and can be written", path.display()
    )]
    ScratchFolder {
        /// The directory for temporary files.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The temporary server cannot be prepared.
    #[error("the temporary server cannot be prepared: {message}")]
    Scratch {
        /// What happened.
        message: String,
    },
    /// A signal asked for the end.
    #[error("interrupted; everything was rolled back")]
    Interrupted,
    /// A signal ended the command, and the server could not be asked to end a statement.
    #[error(
        "interrupted; the server could not be asked to end the statement that runs, so it may hold its \
         locks until it ends, and is rolled back then"
    )]
    NotCancelled,
    /// The system refuses something.
    #[error("{what}: {source}")]
    System {
        /// What was refused.
        what: &'static str,
        /// The error of the system.
        source: io::Error,
    },
}

/// What the server answered, with the code. Its detail is left out, since it quotes rows; so is the
/// message where it can do so too and the rows are not those of a temporary server.
pub(super) fn answer(error: &tokio_postgres::Error, may_quote_rows: bool) -> String {
    let Some(answer) = error.as_db_error() else {
        return cause(error);
    };
    let code = answer.code().code();
    let is_about_rows = code.starts_with("22") || code.starts_with("23") || code.starts_with("P0");
    if !is_about_rows || !may_quote_rows {
        return format!("{} (SQLSTATE {code})", answer.message());
    }
    let names = [
        ("table", answer.table()),
        ("column", answer.column()),
        ("constraint", answer.constraint()),
    ];
    let names = names
        .into_iter()
        .filter_map(|(kind, name)| Some(format!(", {kind} {}", name?)));
    format!(
        "the rows of this database do not allow it (SQLSTATE {code}{})",
        names.collect::<String>()
    )
}

/// The innermost cause, which says most.
pub(super) fn cause(error: &tokio_postgres::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The line in the file where the server found the mistake.
pub(super) fn line_of(statement: &SqlStatement, error: &tokio_postgres::Error) -> u32 {
    let position = error.as_db_error().and_then(DbError::position);
    let Some(ErrorPosition::Original(position)) = position else {
        return statement.line;
    };
    let before = statement
        .text
        .chars()
        .take(*position as usize - usize::from(*position > 0));
    let lines = before.filter(|c| *c == '\n').count();
    statement
        .line
        .saturating_add(u32::try_from(lines).unwrap_or(0))
}
