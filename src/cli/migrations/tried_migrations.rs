//! Runs migrations, and checks that something could be found about shared tables.

use std::path::{Path, PathBuf};

use super::database_runtime::{address, with_database};
use super::migration_args::MigrationArgs;
use super::migration_error::MigrationError;
use super::migration_files::{position_after, read_folder, read_migrations, read_statements};
use crate::database::{
    AppliedVersions, DatabaseSession, MigrationRun, MigrationText, RunTarget, ScratchServer,
    SessionSettings,
};
use portcullis_schema::{
    MigrationEffect, MigrationFolder, SchemaSnapshot, SharedTables, text_effect,
};
use portcullis_vocabulary::Catalog;

/// What a run of migrations showed.
#[derive(Debug)]
pub(crate) struct TriedMigrations {
    pub(crate) directory: PathBuf,
    pub(crate) target: String,
    /// The settings of the session; `None` if nothing was run.
    pub(crate) session: Option<SessionSettings>,
    pub(crate) skipped: Vec<String>,
    pub(crate) effects: Vec<MigrationEffect>,
    /// The tables before the judged migrations, and after them; none if nothing was run.
    snapshots: Vec<SchemaSnapshot>,
}

/// The shared tables. Without one, nothing could be found.
pub(crate) fn shared_tables(
    catalog: &Catalog,
    path: &Path,
) -> Result<SharedTables, MigrationError> {
    let shared = SharedTables::of(catalog);
    if shared.is_empty() {
        return Err(MigrationError::NoTables {
            catalog: path.display().to_string(),
        });
    }
    Ok(shared)
}

/// A shared table that the database has at no time is a wrong name, and nothing could be found.
fn check_tables(
    shared: &SharedTables,
    tried: &TriedMigrations,
    catalog: &Path,
) -> Result<(), MigrationError> {
    // The text of migrations does not show which tables there are.
    if tried.snapshots.is_empty() {
        return Ok(());
    }
    let tables = tried
        .snapshots
        .iter()
        .flat_map(|snapshot| snapshot.tables.values());
    let known: Vec<_> = tables.map(|table| &table.name).collect();
    match shared.iter().find(|(name, _)| !known.contains(name)) {
        Some((name, table)) => Err(MigrationError::UnknownTable {
            catalog: catalog.display().to_string(),
            table: name.to_string(),
            resource: table.resource.clone(),
        }),
        None => Ok(()),
    }
}

/// Tries the migrations of a directory. Every shared table must be there at some time.
pub(crate) fn try_migrations(
    directory: &Path,
    args: &MigrationArgs,
    shared: &SharedTables,
    catalog: &Path,
) -> Result<TriedMigrations, MigrationError> {
    if args.database.is_none() && !args.scratch && !args.from_text {
        return Err(MigrationError::NoTarget);
    }
    let folder = read_folder(directory)?;
    let settings = settings(&args.setting)?;
    let after = args.after.as_deref();
    let after = after.map(|name| position_after(directory, &folder, name));
    let after = after.transpose()?;
    if args.from_text {
        return read_texts(directory, &folder, after.unwrap_or(0), shared);
    }
    let directory = directory.to_owned();
    let tried = with_database(async {
        match &args.database {
            Some(text) => {
                let address = address("--database", text)?;
                let session = DatabaseSession::connect(&address).await?;
                let run = MigrationRun::new(session, RunTarget::Database, directory, settings);
                try_in_database(&run, &folder, after, address.to_string()).await
            }
            None => {
                let server = ScratchServer::start(args.postgres_bin.as_deref()).await?;
                let watcher = server.connect().await?;
                let target = RunTarget::Scratch(watcher);
                let session = server.connect().await?;
                let run = MigrationRun::new(session, target, directory, settings);
                let base = args.base.as_deref();
                try_in_scratch(&run, &folder, after.unwrap_or(0), base).await
            }
        }
    })?;
    check_tables(shared, &tried, catalog)?;
    Ok(tried)
}

/// Reads what the text of migrations shows.
fn read_texts(
    directory: &Path,
    folder: &MigrationFolder,
    after: usize,
    shared: &SharedTables,
) -> Result<TriedMigrations, MigrationError> {
    let (deployed, new) = folder.files.split_at(after);
    let migrations = read_migrations(directory, new, true)?;
    let effects = migrations.iter();
    Ok(TriedMigrations {
        directory: directory.to_owned(),
        target: "no server: their text is read, which shows less than a run".to_owned(),
        session: None,
        skipped: deployed.iter().map(|file| file.name.clone()).collect(),
        effects: effects
            .map(|migration| text_effect(&migration.file, &migration.statements, shared))
            .collect(),
        snapshots: Vec::new(),
    })
}

/// Tries the migrations that a database does not have.
async fn try_in_database(
    run: &MigrationRun,
    folder: &MigrationFolder,
    after: Option<usize>,
    target: String,
) -> Result<TriedMigrations, MigrationError> {
    let snapshot = run.snapshot().await?;
    let applied = AppliedVersions::read(run.session(), &snapshot, folder.layout).await?;
    let recorded = match &applied {
        Some(applied) => folder.files.len() - applied.pending(folder)?.len(),
        None => 0,
    };
    let (skipped, pending) = folder.files.split_at(after.unwrap_or(recorded));
    let migrations = read_migrations(run.folder(), pending, true)?;
    let skipped = skipped.iter().map(|file| file.name.clone()).collect();
    tried(run, &migrations, target, skipped, snapshot).await
}

/// Tries migrations on a temporary server. Those that are deployed are in the dump, or run first.
async fn try_in_scratch(
    run: &MigrationRun,
    folder: &MigrationFolder,
    after: usize,
    base: Option<&Path>,
) -> Result<TriedMigrations, MigrationError> {
    let (deployed, new) = folder.files.split_at(after);
    match base {
        Some(base) => run.restore(base, &read_statements(base)?).await?,
        None => {
            let deployed = read_migrations(run.folder(), deployed, false)?;
            run.run(&deployed).await?;
        }
    }
    let snapshot = run.snapshot().await?;
    let migrations = read_migrations(run.folder(), new, true)?;
    let skipped = deployed.iter().map(|file| file.name.clone()).collect();
    let target = "a temporary server".to_owned();
    tried(run, &migrations, target, skipped, snapshot).await
}

async fn tried(
    run: &MigrationRun,
    migrations: &[MigrationText],
    target: String,
    skipped: Vec<String>,
    before: SchemaSnapshot,
) -> Result<TriedMigrations, MigrationError> {
    let session = run.settings().await?;
    let (effects, after) = run.run(migrations).await?;
    Ok(TriedMigrations {
        directory: run.folder().to_owned(),
        target,
        session: Some(session),
        skipped,
        effects,
        snapshots: vec![before, after],
    })
}

fn settings(texts: &[String]) -> Result<Vec<(String, String)>, MigrationError> {
    let settings = texts.iter().map(|text| match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err(MigrationError::Setting { text: text.clone() }),
    });
    settings.collect()
}
