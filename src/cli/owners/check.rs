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

use super::args::{CheckOwnersArgs, OwnersFormat};
use super::error::OwnersError;
use super::markdown;
use super::notes::{self, Level, Note};
use crate::cli::args::FailOn;
use crate::cli::output::{Output, Style};
use crate::cli::run::{Outcome, RunError};
use crate::config::{self, Overrides};
use portcullis_control::ownership::{Boundaries, Concern, FoundContract, survey};
use portcullis_vocabulary::Place;

/// The names of a contract's file.
const CONTRACTS: [&str; 3] = ["openapi.yaml", "openapi.yml", "openapi.json"];

#[derive(Debug, Serialize)]
struct Report {
    catalog: String,
    concerns: Vec<ConcernReport>,
    summary: Summary,
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
struct Summary {
    squads: usize,
    services: usize,
    patterns: usize,
    errors: usize,
    warnings: usize,
}

/// Looks through a catalog.
pub(super) fn check(args: &CheckOwnersArgs, out: &mut Output) -> Result<Outcome, RunError> {
    let file = config::load_catalog_file(&args.catalog).map_err(OwnersError::Catalog)?;
    let boundaries = Boundaries::new(file);
    let directory = args.catalog.parent().unwrap_or(Path::new(""));
    let contracts = contracts(directory)?;
    let configured = configured(args.config.as_deref())?;
    let concerns = survey(&boundaries, &contracts, &configured);
    let notes: Vec<Note> = concerns.into_iter().map(note).collect();
    let count = |level| notes.iter().filter(|note| note.level == level).count();
    let summary = Summary {
        squads: boundaries.catalog().squads().len(),
        services: boundaries.places().services.len(),
        patterns: boundaries.places().paths.len(),
        errors: count(Level::Error),
        warnings: count(Level::Warning),
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
    let config = config::load(Some(path), std::env::vars_os(), &Overrides::default())?;
    let names = config
        .services
        .iter()
        .map(|service| service.name.to_string());
    Ok(names.collect())
}

/// The contracts at `<squad>/<service>/` below a directory.
fn contracts(directory: &Path) -> Result<Vec<FoundContract>, RunError> {
    let mut found = Vec::new();
    for squad in directories(directory)? {
        for service in directories(&squad)? {
            let files = CONTRACTS.iter().map(|name| service.join(name));
            for path in files.filter(|path| path.is_file()) {
                found.push(FoundContract {
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

fn note(concern: Concern) -> Note {
    let (file, line) = match &concern.place {
        Place::Line(path, line) => (path.display().to_string(), Some(*line)),
        Place::File(path) => (path.display().to_string(), None),
        Place::Variable(name) => (name.clone(), None),
        Place::Flag(name) => ((*name).to_owned(), None),
    };
    Note {
        level: match concern.kind.is_warning() {
            true => Level::Warning,
            false => Level::Error,
        },
        kind: concern.kind.as_str(),
        file,
        line,
        message: concern.message,
    }
}

fn outcome(summary: &Summary, fail_on: FailOn) -> Outcome {
    let found = match fail_on {
        FailOn::Error => summary.errors,
        FailOn::Warning => summary.errors + summary.warnings,
    };
    match found {
        0 => Outcome::Fine,
        _ => Outcome::Finding,
    }
}

fn print(
    out: &mut Output,
    format: OwnersFormat,
    catalog: String,
    notes: &[Note],
    summary: Summary,
) {
    match format {
        OwnersFormat::Text => print_text(out, notes, &summary),
        OwnersFormat::Json => {
            let report = Report {
                catalog,
                concerns: notes.iter().map(ConcernReport::of).collect(),
                summary,
            };
            let json = serde_json::to_string_pretty(&report).expect("a report has a JSON form");
            out.line(json);
        }
        OwnersFormat::Github => notes::print_github(out, notes),
        OwnersFormat::Junit => notes::print_junit(out, "portcullis owners check", notes),
        OwnersFormat::Markdown => {
            out.line(format_args!("### {catalog}\n\n{}", sentence(&summary)));
            if !notes.is_empty() {
                markdown::print_notes(out, notes);
            }
        }
    }
}

fn print_text(out: &mut Output, notes: &[Note], summary: &Summary) {
    for note in notes {
        let style = match note.level {
            Level::Error => Style::Red,
            Level::Warning => Style::Yellow,
        };
        let level = out.paint(style, note.level.as_str()).to_string();
        out.line(format_args!("{level}  {}  {}", note.place(), note.kind));
        out.line(format_args!("  {}\n", note.message));
    }
    out.line(sentence(summary));
}

fn sentence(summary: &Summary) -> String {
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
    fn of(note: &Note) -> Self {
        Self {
            severity: note.level.as_str(),
            kind: note.kind,
            file: note.file.clone(),
            line: note.line,
            message: note.message.clone(),
        }
    }
}
