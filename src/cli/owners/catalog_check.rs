//! `portcullis owners check`: looks for gaps and mistakes in a catalog.

use std::path::Path;

use super::catalog_report::{CatalogReport, CatalogSummary, ConcernReport};
use super::owners_args::CheckOwnersArgs;
use super::owners_error::OwnersError;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::catalog_contracts;
use crate::cli::output::ReportWriter;
use crate::cli::report::{FindingLevel, print_report};
use crate::cli::run_error::RunError;
use portcullis_config::FlagOverrides;
use portcullis_control::ownership::{CatalogConcern, SquadBoundaries, survey};
use portcullis_vocabulary::ConfigLocation;

/// Checks a catalog.
pub(super) fn check(
    args: &CheckOwnersArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let file = portcullis_config::load_catalog_file(&args.catalog).map_err(OwnersError::Catalog)?;
    let boundaries = SquadBoundaries::new(file);
    let directory = args.catalog.parent().unwrap_or(Path::new(""));
    let contracts = catalog_contracts(directory)?;
    let configured = configured(args.config.as_deref())?;
    let concerns = survey(&boundaries, &contracts, &configured);
    let concerns: Vec<ConcernReport> = concerns.into_iter().map(concern_report).collect();
    let count = |level| concerns.iter().filter(|each| each.level == level).count();
    let summary = CatalogSummary {
        squads: boundaries.catalog().squads().len(),
        services: boundaries.places().services.len(),
        patterns: boundaries.places().paths.len(),
        errors: count(FindingLevel::Error),
        warnings: count(FindingLevel::Warning),
    };
    let is_failed = args.fail_on.is_reached(summary.errors, summary.warnings);
    let report = CatalogReport {
        catalog: args.catalog.display().to_string(),
        concerns,
        summary,
    };
    print_report(&report, args.format, out);
    out.finish()?;
    Ok(CommandOutcome::finding_unless(!is_failed))
}

/// The services of a configuration, which have a contract there.
fn configured(path: Option<&Path>) -> Result<Vec<String>, RunError> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    let config =
        portcullis_config::load(Some(path), std::env::vars_os(), &FlagOverrides::default())?;
    let names = config
        .services
        .iter()
        .map(|service| service.name.to_string());
    Ok(names.collect())
}

fn concern_report(concern: CatalogConcern) -> ConcernReport {
    let (file, line) = match &concern.place {
        ConfigLocation::Line(path, line) => (path.display().to_string(), Some(*line)),
        ConfigLocation::File(path) => (path.display().to_string(), None),
        ConfigLocation::Variable(name) => (name.clone(), None),
        ConfigLocation::Flag(name) => ((*name).to_owned(), None),
    };
    let level = if concern.kind.is_warning() {
        FindingLevel::Warning
    } else {
        FindingLevel::Error
    };
    ConcernReport {
        severity: level.as_str(),
        kind: concern.kind.as_str(),
        file,
        line,
        message: concern.message,
        level,
    }
}
