//! `portcullis schema drift`: compares two databases.

use std::path::{Path, PathBuf};

use super::drift_report::DriftReport;
use super::schema_args::DriftArgs;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::migrations::{
    MigrationError, address, read_statements, shared_tables, with_database,
};
use crate::cli::output::ReportWriter;
use crate::cli::report::print_report;
use crate::cli::run_error::RunError;
use crate::database::{DatabaseSession, MigrationRun, RunTarget, ScratchServer};
use portcullis_config::load_catalog;
use portcullis_schema::{SchemaSnapshot, schema_drift};

/// Compares two databases and prints the differences.
pub(super) fn drift(args: &DriftArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let catalog = load_catalog(&args.catalog).map_err(MigrationError::Catalog)?;
    let shared = shared_tables(&catalog, &args.catalog)?;
    let programs = args.postgres_bin.as_deref();
    let (declared, found) = with_database(async {
        let declared = read_side("--declared", &args.declared, programs).await?;
        Ok((declared, read_side("--found", &args.found, programs).await?))
    })?;
    let drifts = schema_drift(&declared.snapshot, &found.snapshot);
    let report = DriftReport::of(&declared.name, &found.name, &drifts, &shared);
    print_report(&report, args.format, out);
    out.finish()?;
    Ok(CommandOutcome::finding_unless(report.summary.errors == 0))
}

/// One side of a comparison.
struct ComparedSide {
    /// Its address without a password, or its file.
    name: String,
    snapshot: SchemaSnapshot,
}

/// Reads a database, or restores a dump into a temporary server and reads that.
async fn read_side(
    flag: &'static str,
    text: &str,
    programs: Option<&Path>,
) -> Result<ComparedSide, MigrationError> {
    let path = Path::new(text);
    if !path.is_file() {
        if !text.contains("://") && !text.contains('=') {
            let text = text.to_owned();
            return Err(MigrationError::NoSide { flag, text });
        }
        let address = address(flag, text)?;
        let session = DatabaseSession::connect(&address).await?;
        let run = MigrationRun::new(session, RunTarget::Database, PathBuf::new(), comparable());
        return Ok(ComparedSide {
            name: address.to_string(),
            snapshot: compared(&run).await?,
        });
    }
    let statements = read_statements(path)?;
    let server = ScratchServer::start(programs).await?;
    let target = RunTarget::Scratch(server.connect().await?);
    let run = MigrationRun::new(
        server.connect().await?,
        target,
        PathBuf::new(),
        comparable(),
    );
    run.restore(path, &statements).await?;
    Ok(ComparedSide {
        name: text.to_owned(),
        snapshot: compared(&run).await?,
    })
}

async fn compared(run: &MigrationRun) -> Result<SchemaSnapshot, MigrationError> {
    run.settings().await?;
    Ok(run.snapshot().await?)
}

/// Without a search path, definitions name the schema of everything.
fn comparable() -> Vec<(String, String)> {
    vec![("search_path".to_owned(), String::new())]
}
