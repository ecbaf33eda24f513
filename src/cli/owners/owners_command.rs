//! Runs `portcullis owners` and its subcommands.

use std::collections::BTreeSet;

use super::costs::divide_costs;
use super::owners_args::{OwnersAction, OwnersArgs};
use super::owners_error::OwnersError;
use super::owners_report::OwnersReport;
use super::scorecard::print_scorecard;
use super::transfer::transfer_service;
use super::{
    boundaries_command, catalog_check, changed_manifests, channels_command, codeowners_command,
    dependencies_command, deprecations_command, owners_input, services_command,
};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::KnownNames;
use crate::cli::output::ReportWriter;
use crate::cli::report::print_report;
use crate::cli::run_error::RunError;
use portcullis_control::ownership::{ChangeProposal, SquadBoundaries, judge};
use portcullis_vocabulary::{Catalog, Squad, UnownedPolicy};

/// Checks a change, or runs a subcommand.
pub(crate) fn owners(
    args: &OwnersArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    match &args.action {
        None => check_change(args, out),
        Some(OwnersAction::Check(args)) => catalog_check::check(args, out),
        Some(OwnersAction::Codeowners(args)) => codeowners_command::write(args, out),
        Some(OwnersAction::Import(args)) => codeowners_command::import(args, out),
        Some(OwnersAction::Boundaries(args)) => boundaries_command::write_boundaries(args, out),
        Some(OwnersAction::Dependencies(args)) => {
            dependencies_command::print_dependencies(args, out)
        }
        Some(OwnersAction::Deprecations(args)) => {
            deprecations_command::print_deprecations(args, out)
        }
        Some(OwnersAction::Transfer(args)) => transfer_service(args, out),
        Some(OwnersAction::Costs(args)) => divide_costs(args, out),
        Some(OwnersAction::Scorecard(args)) => print_scorecard(args, out),
        Some(OwnersAction::Channels(args)) => channels_command::print_channels(args, out),
        Some(OwnersAction::Services(args)) => services_command::print_services(args, out),
    }
}

fn check_change(args: &OwnersArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let input = owners_input::find(args)?;
    let boundaries = SquadBoundaries::new(input.catalog);
    let proposal = proposal(args, boundaries.catalog(), &input.catalog_name)?;
    let manifests = changed_manifests::manifests(&input.contents, &input.changes)?;
    let templates = manifests.templates.clone();
    let verdict = judge(&boundaries, &proposal, input.changes, manifests);
    let report = OwnersReport::of(&verdict, input.catalog_name, templates);
    print_report(&report, args.format, out);
    out.finish()?;
    Ok(CommandOutcome::finding_unless(!verdict.is_blocked()))
}

fn proposal<'b>(
    args: &OwnersArgs,
    catalog: &'b Catalog,
    catalog_name: &str,
) -> Result<ChangeProposal<'b>, OwnersError> {
    let squad = |flag, name: &str| {
        let id = catalog.find(name).and_then(|id| catalog.squad(id));
        id.ok_or_else(|| unknown_squad(catalog, catalog_name, flag, name))
    };
    let mut approved_by = BTreeSet::new();
    for name in &args.approved_by {
        approved_by.insert(squad("--approved-by", name.trim())?.name.clone());
    }
    let name = args.squad.as_deref().unwrap_or_default();
    Ok(ChangeProposal {
        squad: squad("--squad", name)?,
        approved_by,
        unowned: args.unowned.map_or(catalog.unowned(), UnownedPolicy::from),
    })
}

fn unknown_squad(
    catalog: &Catalog,
    catalog_name: &str,
    flag: &'static str,
    name: &str,
) -> OwnersError {
    let names = catalog
        .squads()
        .iter()
        .map(|Squad { name, .. }| name.as_str());
    OwnersError::UnknownSquad {
        flag,
        catalog: catalog_name.to_owned(),
        name: name.to_owned(),
        known: KnownNames::instead_of(name, names),
    }
}
