//! Reads the catalog and the contracts, and prints their scorecard.

use std::time::SystemTime;

use super::super::owners_error::OwnersError;
use super::scorecard_args::{ScorecardArgs, ScorecardFormat};
use super::scorecard_backstage::scorecard_entities;
use super::scorecard_report::ScorecardReport;
use super::scored_contracts::find_contracts;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::KnownNames;
use crate::cli::output::{ReportWriter, print_json};
use crate::cli::run_error::RunError;
use portcullis_config::load_catalog_file;
use portcullis_control::ownership::{Scorecard, SquadBoundaries, survey};
use portcullis_vocabulary::{Catalog, Date};

/// Prints the scorecard of the services.
pub(in crate::cli::owners) fn print_scorecard(
    args: &ScorecardArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let file = load_catalog_file(&args.catalog).map_err(OwnersError::Catalog)?;
    check_names(&file.catalog, args)?;
    let contracts = find_contracts(&args.catalog, args.config.as_ref())?;
    let concerns = survey(&SquadBoundaries::new(file.clone()), &contracts.listed, &[]);
    let today = Date::of(SystemTime::now());
    let mut scorecard = Scorecard::new(&file, &contracts.scored, &concerns, today);
    scorecard.services.retain(|score| {
        (args.services.is_empty() || args.services.contains(&score.service))
            && (args.squad.is_empty() || args.squad.contains(&score.squad))
    });
    let report = ScorecardReport::new(args.catalog.display().to_string(), &scorecard);
    match args.format {
        ScorecardFormat::Text => report.print_text(out),
        ScorecardFormat::Json => print_json(out, &report),
        ScorecardFormat::Markdown => out.write(&report.markdown()),
        ScorecardFormat::Backstage => out.write(&scorecard_entities(&scorecard, &file.catalog)),
    }
    out.finish()?;
    let is_failed = args.fail_on_gap && scorecard.has_gap();
    Ok(CommandOutcome::finding_unless(!is_failed))
}

fn check_names(catalog: &Catalog, args: &ScorecardArgs) -> Result<(), OwnersError> {
    let name_of_catalog = || args.catalog.display().to_string();
    for name in &args.services {
        if catalog.provider_of(name).is_none() {
            let services = catalog.squads().iter().flat_map(|squad| &squad.services);
            return Err(OwnersError::UnknownService {
                catalog: name_of_catalog(),
                name: name.clone(),
                known: KnownNames::instead_of(name, services.map(String::as_str)),
            });
        }
    }
    for name in &args.squad {
        if catalog.find(name).is_none() {
            let squads = catalog.squads().iter().map(|squad| squad.name.as_str());
            return Err(OwnersError::UnknownSquad {
                flag: "--squad",
                catalog: name_of_catalog(),
                name: name.clone(),
                known: KnownNames::instead_of(name, squads),
            });
        }
    }
    Ok(())
}
