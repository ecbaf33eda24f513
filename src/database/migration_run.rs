//! Runs migrations, and observes what each statement locks and changes.
//!
//! On a temporary server every migration is committed, so later ones find what they need, and a
//! statement that cannot run in a transaction runs alone. Another database gets one transaction for
//! all migrations, which is rolled back. Its locks last until then, so a table that two migrations
//! lock is attributed to the second one by what it changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tokio_postgres::error::SqlState;

use portcullis_schema::{
    LockMode, MigrationEffect, NamedObject, SchemaSnapshot, SqlStatement, StatementEffect,
    StatementKind, StatementRun, TableChange, TableChangeKind, TableLock, table_changes,
};

use super::database_error::{DatabaseError, answer, line_of};
use super::database_session::{DatabaseSession, SessionSettings};
use super::lock_watch::run_alone;
use super::snapshot_reader::{read_locks, read_snapshot};
use super::unsuitable_statement::{is_about_roles, missing_role, refuse_unsuitable};

/// The limit of this program for locks of a database that has none, in milliseconds. Its odd value
/// distinguishes it from one that a migration sets.
const OWN_LOCK_TIMEOUT: &str = "4987ms";

/// A migration to run.
#[derive(Clone, Debug)]
pub struct MigrationText {
    /// The name of its file.
    pub file: String,
    /// Its statements.
    pub statements: Vec<SqlStatement>,
    /// Whether its effects are observed. Older migrations only prepare the tables.
    pub is_observed: bool,
}

/// Where migrations run.
#[derive(Debug)]
pub enum RunTarget {
    /// A temporary server, with a second session that observes locks.
    Scratch(DatabaseSession),
    /// A database that stays as it is.
    Database,
}

/// A run of migrations.
#[derive(Debug)]
pub struct MigrationRun {
    session: DatabaseSession,
    target: RunTarget,
    folder: PathBuf,
    settings: Vec<(String, String)>,
}

impl MigrationRun {
    /// A run in a session. `folder` is where the files are, for messages; `settings` are those that
    /// every migration starts with.
    pub const fn new(
        session: DatabaseSession,
        target: RunTarget,
        folder: PathBuf,
        settings: Vec<(String, String)>,
    ) -> Self {
        Self {
            session,
            target,
            folder,
            settings,
        }
    }

    /// The session.
    pub const fn session(&self) -> &DatabaseSession {
        &self.session
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The settings that every migration starts with, without the limit of this program.
    ///
    /// # Errors
    /// The server refuses a setting.
    pub async fn settings(&self) -> Result<SessionSettings, DatabaseError> {
        self.reset_settings().await?;
        self.session.settings().await
    }

    /// The tables as they are now.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn snapshot(&self) -> Result<SchemaSnapshot, DatabaseError> {
        read_snapshot(&self.session).await
    }

    /// Restores a schema into the temporary server. Owners and grants are left out: the roles are
    /// not there.
    ///
    /// # Errors
    /// A statement fails.
    pub async fn restore(
        &self,
        file: &Path,
        statements: &[SqlStatement],
    ) -> Result<(), DatabaseError> {
        for statement in statements
            .iter()
            .filter(|statement| !is_about_roles(&statement.text))
        {
            refuse_unsuitable(file, statement)?;
            let done = self.session.execute(&statement.text).await;
            done.map_err(|error| self.failed(file, statement, &error))?;
        }
        self.session.command("RESET ALL").await
    }

    /// Runs migrations in their order. Returns what they did, and the tables after them.
    ///
    /// # Errors
    /// A statement fails, or cannot be tried. A database is as it was before.
    pub async fn run(
        &self,
        migrations: &[MigrationText],
    ) -> Result<(Vec<MigrationEffect>, SchemaSnapshot), DatabaseError> {
        let is_database = self.is_database();
        if is_database {
            self.session.command("BEGIN").await?;
        }
        let mut effects = Vec::new();
        for migration in migrations {
            let effect = self.migration(migration).await?;
            effects.extend(migration.is_observed.then_some(effect));
        }
        let after = self.snapshot().await?;
        if is_database {
            self.session.command("ROLLBACK").await?;
        }
        Ok((effects, after))
    }

    async fn migration(&self, migration: &MigrationText) -> Result<MigrationEffect, DatabaseError> {
        if !self.is_database() {
            self.session.command("BEGIN").await?;
        }
        self.reset_settings().await?;
        self.limit_lock_waits().await?;
        let mut progress = MigrationProgress {
            file: self.folder.join(&migration.file),
            transaction: self.transaction().await?,
            inherited: read_locks(&self.session, self.session.pid(), true).await?,
            start: if migration.is_observed {
                self.snapshot().await?
            } else {
                SchemaSnapshot::default()
            },
            held: BTreeSet::new(),
        };
        progress.held.extend(progress.inherited.iter().copied());
        let mut before = progress.start.clone();
        let mut statements = Vec::new();
        for statement in &migration.statements {
            if statement.kind == StatementKind::TransactionEdge {
                continue;
            }
            refuse_unsuitable(&progress.file, statement)?;
            let has_lock_timeout = self.has_lock_timeout().await?;
            let (run, waited) = self.statement(&mut progress, &before, statement).await?;
            if !migration.is_observed {
                continue;
            }
            let locks = self.new_locks(&mut progress, waited).await?;
            let after = self.snapshot().await?;
            statements.push(progress.effect(
                statement,
                run,
                locks,
                (&before, &after),
                has_lock_timeout,
            ));
            before = after;
        }
        if !self.is_database() {
            self.session.command("COMMIT").await?;
        }
        Ok(MigrationEffect {
            file: migration.file.clone(),
            statements,
        })
    }

    /// Runs a statement: in the transaction, or alone if that is not possible. Returns the lock that
    /// it waited for when it ran alone.
    async fn statement(
        &self,
        progress: &mut MigrationProgress,
        before: &SchemaSnapshot,
        statement: &SqlStatement,
    ) -> Result<(StatementRun, Vec<(u32, LockMode)>), DatabaseError> {
        loop {
            self.session.command("SAVEPOINT portcullis").await?;
            let Err(error) = self.session.execute(&statement.text).await else {
                self.check_transaction(progress, statement).await?;
                self.session.command("RELEASE portcullis").await?;
                return Ok((StatementRun::InTransaction, Vec::new()));
            };
            let role = missing_role(&error).filter(|_| !self.is_database());
            if error.code() != Some(&SqlState::ACTIVE_SQL_TRANSACTION) && role.is_none() {
                return Err(self.failed(&progress.file, statement, &error));
            }
            self.session.command("ROLLBACK TO portcullis").await?;
            let Some(role) = role else { break };
            self.create_role(role).await?;
        }
        let RunTarget::Scratch(watcher) = &self.target else {
            return Ok((StatementRun::NotRun, Vec::new()));
        };
        self.session.command("COMMIT").await?;
        let (done, locks) = run_alone(&self.session, watcher, before, &statement.text).await?;
        done.map_err(|error| self.failed(&progress.file, statement, &error))?;
        self.session.command("BEGIN").await?;
        progress.transaction = self.transaction().await?;
        progress.held.clear();
        Ok((StatementRun::Alone, locks))
    }

    /// A temporary server has no roles of the real one.
    async fn create_role(&self, name: &str) -> Result<(), DatabaseError> {
        let name = name.replace('"', "\"\"");
        self.session
            .command(&format!("CREATE ROLE \"{name}\""))
            .await
    }

    /// Checks that the transaction is still the same.
    async fn check_transaction(
        &self,
        progress: &MigrationProgress,
        statement: &SqlStatement,
    ) -> Result<(), DatabaseError> {
        if self.transaction().await? == progress.transaction {
            return Ok(());
        }
        Err(DatabaseError::TransactionEnded {
            file: progress.file.clone(),
            line: statement.line,
        })
    }

    const fn is_database(&self) -> bool {
        matches!(self.target, RunTarget::Database)
    }

    /// The locks that the last statement added, and those that it waited for.
    async fn new_locks(
        &self,
        progress: &mut MigrationProgress,
        waited: Vec<(u32, LockMode)>,
    ) -> Result<Vec<(u32, LockMode)>, DatabaseError> {
        let held = read_locks(&self.session, self.session.pid(), true).await?;
        let new = held.into_iter().filter(|lock| progress.held.insert(*lock));
        Ok(new.chain(waited).collect())
    }

    /// Every migration starts with the settings of the session.
    async fn reset_settings(&self) -> Result<(), DatabaseError> {
        self.session.command("RESET ALL").await?;
        for (name, value) in &self.settings {
            self.session.set(name, value).await?;
        }
        Ok(())
    }

    /// Other sessions of a database must not wait long behind this one.
    async fn limit_lock_waits(&self) -> Result<(), DatabaseError> {
        if self.is_database() && !self.has_lock_timeout().await? {
            self.session.set("lock_timeout", OWN_LOCK_TIMEOUT).await?;
        }
        Ok(())
    }

    /// Whether waiting for locks is limited, apart from the limit of this program.
    async fn has_lock_timeout(&self) -> Result<bool, DatabaseError> {
        let rows = self
            .session
            .query("SELECT current_setting('lock_timeout')")
            .await?;
        let value: String = rows.first().map_or_else(String::new, |row| row.get(0));
        Ok(value != "0" && value != OWN_LOCK_TIMEOUT)
    }

    /// The number of the current transaction.
    async fn transaction(&self) -> Result<i64, DatabaseError> {
        let rows = self.session.query("SELECT txid_current()").await?;
        Ok(rows.first().map_or(0, |row| row.get(0)))
    }

    fn failed(
        &self,
        file: &Path,
        statement: &SqlStatement,
        error: &tokio_postgres::Error,
    ) -> DatabaseError {
        let is_database = self.is_database();
        let mut message = answer(error, is_database);
        if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) && is_database {
            message.push_str("; another session holds the table, try again or use --scratch");
        }
        DatabaseError::Statement {
            file: file.to_owned(),
            line: line_of(statement, error),
            message,
        }
    }
}

/// What is known while a migration runs.
struct MigrationProgress {
    file: PathBuf,
    transaction: i64,
    /// The tables before the migration.
    start: SchemaSnapshot,
    /// The locks of earlier migrations in the same transaction.
    inherited: Vec<(u32, LockMode)>,
    /// All locks that were seen in this transaction.
    held: BTreeSet<(u32, LockMode)>,
}

impl MigrationProgress {
    fn effect(
        &self,
        statement: &SqlStatement,
        run: StatementRun,
        locks: Vec<(u32, LockMode)>,
        (before, after): (&SchemaSnapshot, &SchemaSnapshot),
        has_lock_timeout: bool,
    ) -> StatementEffect {
        let mut changes = table_changes(&self.start, before, after);
        if statement.kind == StatementKind::Truncate {
            for change in &mut changes {
                if change.kind == TableChangeKind::Rewritten {
                    change.kind = TableChangeKind::Emptied;
                }
            }
        }
        let mut table_locks = TableLock::of(&self.start, locks);
        let inherited = TableLock::of(&self.start, self.inherited.iter().copied());
        let is_changed = |lock: &TableLock| {
            let mut tables = changes.iter().map(|TableChange { table, .. }| table);
            tables.any(|table| *table == lock.table)
        };
        table_locks.extend(inherited.into_iter().filter(is_changed));
        table_locks.sort();
        table_locks.dedup();
        StatementEffect {
            line: statement.line,
            run,
            locks: table_locks,
            dropped: NamedObject::dropped(before, after),
            changes,
            has_lock_timeout,
        }
    }
}
