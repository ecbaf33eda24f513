//! `portcullis gate history`: shows the deployments of a service.

use std::collections::BTreeSet;

use portcullis_control::gate::{Deployment, UtcTimestamp};

use super::gate_args::HistoryArgs;
use super::gate_context::now;
use super::gate_registry::GateRegistry;
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::{DataFormat, ReportWriter, TextStyle};
use crate::cli::run_error::RunError;

/// Prints a registry, the newest deployment first.
pub(super) fn history(
    args: &HistoryArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let registry = GateRegistry::of(&args.registry)?;
    let record = registry.read_existing()?.record;
    if args.verify {
        let mut seen = BTreeSet::new();
        for deployment in &record.deployments {
            let revisions: Vec<&str> = deployment.revisions().collect();
            if seen.insert(revisions) {
                registry.verify(deployment)?;
            }
        }
    }
    match args.format {
        DataFormat::Json => out.write(&record.text()),
        DataFormat::Text => {
            let now = now();
            record
                .deployments
                .iter()
                .rev()
                .for_each(|deployment| print(deployment, now, out));
            print_leases(&registry, &record.deployments, now, out)?;
        }
    }
    Ok(CommandOutcome::Success)
}

fn print(deployment: &Deployment, now: UtcTimestamp, out: &mut ReportWriter) {
    let Deployment {
        number,
        version,
        deployed_at,
        by,
        ..
    } = deployment;
    let version = out.paint(TextStyle::Bold, version).to_string();
    out.line(format_args!(
        "{number:>4}  {version}  {}  {deployed_at} by {by}",
        deployment.state(now)
    ));
    let mut detail = |text: String| out.line(format_args!("      {text}"));
    detail(deployment.revision.clone());
    for further in &deployment.further {
        detail(format!(
            "{} {} {}",
            further.name, further.version, further.revision
        ));
    }
    detail(format!(
        "risk score {}, affects {}",
        deployment.verdict.risk_score,
        match deployment.verdict.squads.as_slice() {
            [] => "no squad".to_owned(),
            squads => squads.join(", "),
        }
    ));
    if let Some(number) = deployment.rollback_of {
        detail(format!("rolls back deployment {number}"));
    }
    if let Some(overridden) = &deployment.overridden {
        detail(format!(
            "{} overridden by {}: {}",
            overridden.rules.join(", "),
            overridden.name,
            overridden.reason
        ));
    }
    for approved in &deployment.approvals {
        detail(format!(
            "{} approved by {}: {}",
            approved.fingerprint, approved.owner, approved.reason
        ));
    }
    if !deployment.tables.is_empty() {
        detail(format!("migrates {}", deployment.tables.join(", ")));
    }
    if let Some(until) = deployment.kept_until {
        detail(format!("kept until {until}"));
    }
    if let Some(ended) = &deployment.ended {
        let reason = ended
            .reason
            .as_ref()
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        detail(format!("ended at {} by {}{reason}", ended.at, ended.by));
    }
}

/// The leases that are held on the tables of the deployments, by whichever service.
fn print_leases(
    registry: &GateRegistry,
    deployments: &[Deployment],
    now: UtcTimestamp,
    out: &mut ReportWriter,
) -> Result<(), RunError> {
    let tables = deployments.iter().flat_map(|deployment| &deployment.tables);
    for table in tables.collect::<BTreeSet<_>>() {
        let found = registry.leases(table)?;
        let Some(lease) = found.leases.held(now) else {
            continue;
        };
        let text = format!(
            "{table} is held by {} of {} ({}) until {}",
            lease.service, lease.squad, lease.by, lease.expires_at
        );
        out.line(out.paint(TextStyle::Yellow, text).to_string());
        if let Some(reason) = &lease.taken_over {
            out.line(format_args!("      taken over by {reason}"));
        }
    }
    Ok(())
}
