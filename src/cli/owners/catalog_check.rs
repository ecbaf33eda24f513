//! `portcullis owners check`: what a catalog leaves open.
//!
//! As JSON:
//!
//! ```json
//! {
//!   "catalog": "contracts/squads.toml",
//!   "concerns": [{
//!     "severity": "error", "kind": "no-oncall", "file": "contracts/squads.toml", "line": 4,
//!     "message": "…"
//!   }],
//!   "summary": { "squads": 3, "services": 3, "patterns": 6, "errors": 1, "warnings": 0 }
//! }
//! ```
//!
//! `line` is null where a file as a whole is meant.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::owners_args::{CheckOwnersArgs, OwnersFormat};
use super::owners_error::OwnersError;
use super::owners_markdown;
use super::owners_notes;
use super::owners_notes::{NoteLevel, OwnersNote};
use crate::cli::command_line::FailThreshold;
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::{ReportWriter, TextStyle};
use crate::config;
use crate::config::FlagOverrides;
use portcullis_control::ownership::{CatalogConcern, CatalogContract, SquadBoundaries, survey};
use portcullis_vocabulary::ConfigLocation;

/// The names of a contract's file.
const CONTRACTS: [&str; 3] = ["openapi.yaml", "openapi.yml", "openapi.json"];

#[derive(Debug, Serialize)]
struct CatalogReport {
    catalog: String,
    concerns: Vec<ConcernReport>,
    summary: CatalogSummary,
}

#[derive(Debug, Serialize)]
struct ConcernReport {
    severity: &'static str,
    kind: &'static str,
    file: String,
    line: Option<usize>,
    message: String,
}

#[derive(Debug, Serialize)]
struct CatalogSummary {
    squads: usize,
    services: usize,
    patterns: usize,
    errors: usize,
    warnings: usize,
}

/// Looks through a catalog.
pub(super) fn check(
    args: &CheckOwnersArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let file = config::load_catalog_file(&args.catalog).map_err(OwnersError::Catalog)?;
    let boundaries = SquadBoundaries::new(file);
    let directory = args.catalog.parent().unwrap_or(Path::new(""));
    let contracts = contracts(directory)?;
    let configured = configured(args.config.as_deref())?;
    let concerns = survey(&boundaries, &contracts, &configured);
    let notes: Vec<OwnersNote> = concerns.into_iter().map(note).collect();
    let count = |level| notes.iter().filter(|note| note.level == level).count();
    let summary = CatalogSummary {
        squads: boundaries.catalog().squads().len(),
        services: boundaries.places().services.len(),
        patterns: boundaries.places().paths.len(),
        errors: count(NoteLevel::Error),
        warnings: count(NoteLevel::Warning),
    };
    let outcome = outcome(&summary, args.fail_on);
    let catalog = args.catalog.display().to_string();
    print(out, args.format, catalog, &notes, summary);
    out.finish()?;
    Ok(outcome)
}

/// The services that a configuration gives a contract.
fn configured(path: Option<&Path>) -> Result<Vec<String>, RunError> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    let config = config::load(Some(path), std::env::vars_os(), &FlagOverrides::default())?;
    let names = config
        .services
        .iter()
        .map(|service| service.name.to_string());
    Ok(names.collect())
}

/// The contracts at `<squad>/<service>/` below a directory.
fn contracts(directory: &Path) -> Result<Vec<CatalogContract>, RunError> {
    let mut found = Vec::new();
    for squad in directories(directory)? {
        for service in directories(&squad)? {
            let files = CONTRACTS.iter().map(|name| service.join(name));
            for path in files.filter(|path| path.is_file()) {
                found.push(CatalogContract {
                    squad: name(&squad),
                    service: name(&service),
                    path,
                });
            }
        }
    }
    Ok(found)
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The directories within one, sorted.
fn directories(path: &Path) -> Result<Vec<PathBuf>, RunError> {
    let listed = match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    };
    let read = || -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(listed)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                found.push(path.join(entry.file_name()));
            }
        }
        found.sort();
        Ok(found)
    };
    read().map_err(|source| RunError::Directory {
        path: listed.to_owned(),
        source,
    })
}

fn note(concern: CatalogConcern) -> OwnersNote {
    let (file, line) = match &concern.place {
        ConfigLocation::Line(path, line) => (path.display().to_string(), Some(*line)),
        ConfigLocation::File(path) => (path.display().to_string(), None),
        ConfigLocation::Variable(name) => (name.clone(), None),
        ConfigLocation::Flag(name) => ((*name).to_owned(), None),
    };
    OwnersNote {
        level: match concern.kind.is_warning() {
            true => NoteLevel::Warning,
            false => NoteLevel::Error,
        },
        kind: concern.kind.as_str(),
        file,
        line,
        message: concern.message,
    }
}

fn outcome(summary: &CatalogSummary, fail_on: FailThreshold) -> CommandOutcome {
    let found = match fail_on {
        FailThreshold::Error => summary.errors,
        FailThreshold::Warning => summary.errors + summary.warnings,
    };
    match found {
        0 => CommandOutcome::Success,
        _ => CommandOutcome::Finding,
    }
}

fn print(
    out: &mut ReportWriter,
    format: OwnersFormat,
    catalog: String,
    notes: &[OwnersNote],
    summary: CatalogSummary,
) {
    match format {
        OwnersFormat::Text => print_text(out, notes, &summary),
        OwnersFormat::Json => {
            let report = CatalogReport {
                catalog,
                concerns: notes.iter().map(ConcernReport::of).collect(),
                summary,
            };
            let json = serde_json::to_string_pretty(&report).expect("a report has a JSON form");
            out.line(json);
        }
        OwnersFormat::Github => owners_notes::print_github(out, notes),
        OwnersFormat::Junit => owners_notes::print_junit(out, "portcullis owners check", notes),
        OwnersFormat::Markdown => {
            out.line(format_args!("### {catalog}\n\n{}", sentence(&summary)));
            if !notes.is_empty() {
                owners_markdown::print_notes(out, notes);
            }
        }
    }
}

fn print_text(out: &mut ReportWriter, notes: &[OwnersNote], summary: &CatalogSummary) {
    for note in notes {
        let style = match note.level {
            NoteLevel::Error => TextStyle::Red,
            NoteLevel::Warning => TextStyle::Yellow,
        };
        let level = out.paint(style, note.level.as_str()).to_string();
        out.line(format_args!("{level}  {}  {}", note.place(), note.kind));
        out.line(format_args!("  {}\n", note.message));
    }
    out.line(sentence(summary));
}

fn sentence(summary: &CatalogSummary) -> String {
    let counted = |count: usize, one: &str| {
        let many = if count == 1 { "" } else { "s" };
        format!("{count} {one}{many}")
    };
    [
        counted(summary.squads, "squad"),
        counted(summary.services, "service"),
        counted(summary.patterns, "pattern"),
        counted(summary.errors, "error"),
        counted(summary.warnings, "warning"),
    ]
    .join(", ")
}

impl ConcernReport {
    fn of(note: &OwnersNote) -> Self {
        Self {
            severity: note.level.as_str(),
            kind: note.kind,
            file: note.file.clone(),
            line: note.line,
            message: note.message.clone(),
        }
    }
}
