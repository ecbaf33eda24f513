//! One run of `portcullis owners`.

use std::collections::BTreeSet;

use super::owners_args::{OwnersAction, OwnersArgs, OwnersFormat};
use super::owners_error::OwnersError;
use super::owners_report::OwnersReport;
use super::{
    catalog_check, changed_manifests, codeowners_command, owned_services, owners_input,
    owners_markdown, owners_notes, owners_text,
};
use crate::cli::dispatch::{CommandOutcome, RunError};
use crate::cli::report_writer::ReportWriter;
use crate::config::nearest;
use portcullis_control::ownership::{ChangeProposal, SquadBoundaries, judge};
use portcullis_vocabulary::{Catalog, Squad, UnownedPolicy};

/// Does what the arguments say.
pub(in crate::cli) fn owners(
    args: &OwnersArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    match &args.action {
        None => change(args, out),
        Some(OwnersAction::Check(args)) => catalog_check::check(args, out),
        Some(OwnersAction::Codeowners(args)) => codeowners_command::write(args, out),
        Some(OwnersAction::Import(args)) => codeowners_command::import(args, out),
        Some(OwnersAction::Services(args)) => owned_services::print(args, out),
    }
}

/// Judges a change.
fn change(args: &OwnersArgs, out: &mut ReportWriter) -> Result<CommandOutcome, RunError> {
    let input = owners_input::find(args)?;
    let boundaries = SquadBoundaries::new(input.catalog);
    let proposal = proposal(args, boundaries.catalog(), &input.catalog_name)?;
    let manifests = changed_manifests::manifests(&input.contents, &input.changes)?;
    let templates = manifests.templates.clone();
    let verdict = judge(&boundaries, &proposal, input.changes, manifests);
    let report = OwnersReport::of(&verdict, input.catalog_name, templates);
    match args.format {
        OwnersFormat::Text => owners_text::print(out, &report),
        OwnersFormat::Json => {
            let json = serde_json::to_string_pretty(&report).expect("a report has a JSON form");
            out.line(json);
        }
        OwnersFormat::Markdown => owners_markdown::print(out, &report),
        OwnersFormat::Github => owners_notes::print_github(out, &report.notes()),
        OwnersFormat::Junit => owners_notes::print_junit(out, "portcullis owners", &report.notes()),
    }
    out.finish()?;
    Ok(match verdict.is_blocked() {
        true => CommandOutcome::Finding,
        false => CommandOutcome::Success,
    })
}

fn proposal<'b>(
    args: &OwnersArgs,
    catalog: &'b Catalog,
    catalog_name: &str,
) -> Result<ChangeProposal<'b>, OwnersError> {
    let squad = |flag, name: &str| {
        let id = catalog.find(name).and_then(|id| catalog.squad(id));
        id.ok_or_else(|| unknown(catalog, catalog_name, flag, name))
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

fn unknown(catalog: &Catalog, catalog_name: &str, flag: &'static str, name: &str) -> OwnersError {
    let names = catalog
        .squads()
        .iter()
        .map(|Squad { name, .. }| name.as_str());
    OwnersError::UnknownSquad {
        flag,
        catalog: catalog_name.to_owned(),
        name: name.to_owned(),
        near: nearest(name, names).map(str::to_owned),
    }
}
