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
    LockMode, MigrationEffect, SchemaSnapshot, SqlStatement, StatementKind, StatementRun,
};

use super::database_error::{DatabaseError, answer, line_of};
use super::database_session::{DatabaseSession, SessionSettings};
use super::lock_watch::run_alone;
use super::migration_progress::MigrationProgress;
use super::run_settings::{LocalSettings, has_lock_timeout, limit_lock_waits, reset_settings};
use super::snapshot_reader::{CatalogScope, read_locks, read_snapshot};
use super::unsuitable_statement::{is_about_roles, missing_role, refuse_unsuitable};

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
        reset_settings(&self.session, &self.settings).await?;
        self.session.settings().await
    }

    /// The tables as they are now, between transactions.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn snapshot(&self) -> Result<SchemaSnapshot, DatabaseError> {
        read_snapshot(&self.session, CatalogScope::Outside).await
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
        if !is_database {
            return Ok((effects, self.snapshot().await?));
        }
        let after = self.inner_snapshot().await?;
        self.session.command("ROLLBACK").await?;
        Ok((effects, after))
    }

    async fn migration(&self, migration: &MigrationText) -> Result<MigrationEffect, DatabaseError> {
        if !self.is_database() {
            self.session.command("BEGIN").await?;
        }
        reset_settings(&self.session, &self.settings).await?;
        if self.is_database() {
            limit_lock_waits(&self.session).await?;
        }
        let mut progress = MigrationProgress {
            file: self.folder.join(&migration.file),
            transaction: self.transaction().await?,
            inherited: self.held_locks().await?,
            start: if migration.is_observed {
                self.inner_snapshot().await?
            } else {
                SchemaSnapshot::default()
            },
            held: BTreeSet::new(),
            local_settings: LocalSettings::default(),
        };
        progress.held.extend(progress.inherited.iter().copied());
        let mut before = progress.start.clone();
        let mut statements = Vec::new();
        for statement in &migration.statements {
            match statement.kind {
                StatementKind::TransactionBegin => continue,
                StatementKind::TransactionCommit => {
                    self.commit(&mut progress, statement).await?;
                    continue;
                }
                _ => {}
            }
            refuse_unsuitable(&progress.file, statement)?;
            let has_lock_timeout = has_lock_timeout(&self.session).await?;
            let (run, waited) = self.statement(&mut progress, &before, statement).await?;
            if !migration.is_observed {
                continue;
            }
            let locks = self.new_locks(&mut progress, waited).await?;
            let after = self.inner_snapshot().await?;
            let mut effect =
                progress.effect(statement, run, locks, (&before, &after), has_lock_timeout);
            if run == StatementRun::NotRun {
                progress
                    .add_documented(&self.session, &mut effect, statement)
                    .await?;
            }
            statements.push(effect);
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
        if self.is_database() {
            progress
                .local_settings
                .note(&self.session, statement)
                .await?;
        }
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
        let held = self.held_locks().await?;
        let new = held.into_iter().filter(|lock| progress.held.insert(*lock));
        Ok(new.chain(waited).collect())
    }

    /// The tables as they are in the transaction.
    async fn inner_snapshot(&self) -> Result<SchemaSnapshot, DatabaseError> {
        read_snapshot(&self.session, CatalogScope::InTransaction).await
    }

    /// The locks of the transaction.
    async fn held_locks(&self) -> Result<Vec<(u32, LockMode)>, DatabaseError> {
        let scope = CatalogScope::InTransaction;
        read_locks(&self.session, scope, self.session.pid(), true).await
    }

    /// A migration commits. On a temporary server it does, so its locks end. Another database must not
    /// keep anything, so only the settings of the transaction end.
    async fn commit(
        &self,
        progress: &mut MigrationProgress,
        statement: &SqlStatement,
    ) -> Result<(), DatabaseError> {
        if self.is_database() {
            return progress.local_settings.end(&self.session).await;
        }
        let done = self.session.execute("COMMIT").await;
        done.map_err(|error| self.failed(&progress.file, statement, &error))?;
        self.session.command("BEGIN").await?;
        progress.transaction = self.transaction().await?;
        progress.held.clear();
        progress.inherited.clear();
        Ok(())
    }

    /// The number of the current transaction.
    async fn transaction(&self) -> Result<i64, DatabaseError> {
        let rows = self
            .session
            .query("SELECT pg_catalog.txid_current()")
            .await?;
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
