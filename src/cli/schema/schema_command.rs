//! Runs `portcullis schema`: tries migrations, and judges them.

use std::time::SystemTime;

use super::drift_command;
use super::schema_args::{SchemaAction, SchemaArgs};
use super::schema_report::{
    EffectReport, MigrationFinding, SchemaReport, SchemaSummary, SessionReport,
};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::inputs::{KnownNames, read_approvals};
use crate::cli::migrations::{MigrationError, TriedMigrations, shared_tables, try_migrations};
use crate::cli::output::ReportWriter;
use crate::cli::report::{ApprovalTemplate, FindingLevel, print_report, print_templates};
use crate::cli::run_error::RunError;
use portcullis_compat::Date;
use portcullis_config::load_catalog;
use portcullis_control::gate::JudgedTable;
use portcullis_schema::judge_migrations;
use portcullis_vocabulary::{Catalog, SquadName};

/// Checks migrations, or runs a subcommand.
pub(crate) fn schema(
    args: &SchemaArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    if let Some(SchemaAction::Drift(args)) = &args.action {
        return drift_command::drift(args, out);
    }
    let catalog = load_catalog(&args.catalog).map_err(MigrationError::Catalog)?;
    let squad = squad(&catalog, args)?;
    let shared = shared_tables(&catalog, &args.catalog)?;
    let approvals = match &args.approvals {
        Some(path) => read_approvals(path)?,
        None => Vec::new(),
    };
    let directory = args.migrations.clone().unwrap_or_default();
    let tried = try_migrations(&directory, &args.target, &shared, &args.catalog)?;
    let today = Date::of(SystemTime::now());
    let found = judge_migrations(&tried.effects, &shared, &squad).into_iter();
    let judged: Vec<JudgedTable> = found
        .map(|finding| JudgedTable::of(finding, &approvals, today, |_| None))
        .collect();
    if args.print_approvals {
        print_templates(judged.iter().flat_map(templates), out);
        out.finish()?;
        return Ok(CommandOutcome::Success);
    }
    let report = report(&squad, tried, &judged);
    print_report(&report, args.format, out);
    out.finish()?;
    Ok(CommandOutcome::finding_unless(report.summary.errors == 0))
}

fn squad(catalog: &Catalog, args: &SchemaArgs) -> Result<SquadName, MigrationError> {
    let name = args.squad.as_deref().unwrap_or_default();
    let squad = catalog.find(name).and_then(|id| catalog.squad(id));
    let squad = squad.ok_or_else(|| MigrationError::UnknownSquad {
        catalog: args.catalog.display().to_string(),
        name: name.to_owned(),
        known: KnownNames::instead_of(
            name,
            catalog.squads().iter().map(|squad| squad.name.as_str()),
        ),
    })?;
    Ok(squad.name.clone())
}

fn report(squad: &SquadName, tried: TriedMigrations, judged: &[JudgedTable]) -> SchemaReport {
    let findings = judged.iter();
    let findings: Vec<MigrationFinding> = findings
        .map(|judged| MigrationFinding::of(judged, &tried.directory))
        .collect();
    let count = |level| {
        findings
            .iter()
            .filter(|one| one.finding_level == level)
            .count()
    };
    let errors = count(FindingLevel::Error);
    let statements = tried.effects.iter().map(|effect| effect.statements.len());
    SchemaReport {
        verdict: if errors == 0 { "passes" } else { "blocked" },
        squad: squad.to_string(),
        migrations: tried.directory.display().to_string(),
        target: tried.target,
        session: tried.session.map(SessionReport::of),
        skipped: tried.skipped,
        effects: EffectReport::all(&tried.effects),
        summary: SchemaSummary {
            migrations: tried.effects.len(),
            statements: statements.sum(),
            errors,
            warnings: count(FindingLevel::Warning),
            approved: count(FindingLevel::Info),
        },
        findings,
    }
}

/// The approval tables that are missing.
fn templates(judged: &JudgedTable) -> impl Iterator<Item = ApprovalTemplate> {
    judged.missing.iter().map(|owner| ApprovalTemplate {
        fingerprint: judged.fingerprint.clone(),
        contract: None,
        service: None,
        change: judged.sentence(),
        owner: owner.clone(),
    })
}
