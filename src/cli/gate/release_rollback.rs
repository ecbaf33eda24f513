//! `portcullis gate release` and `portcullis gate rollback`.

use crate::source::CommitOutcome;
use portcullis_compat::{self as compat, CompareOptions};
use portcullis_config::load_catalog;
use portcullis_control::gate::{
    Deployment, DeploymentRegistry, RollbackApproval, UtcTimestamp, rollback_approvals,
};
use portcullis_vocabulary::ContractReading;

use super::gate_args::{ReleaseArgs, RollbackArgs};
use super::gate_context::{actor_name, now};
use super::gate_error::GateError;
use super::gate_migrations::give_back_leases;
use super::gate_registry::{GateRegistry, VersionedRecord};
use crate::cli::exit_code::CommandOutcome;
use crate::cli::output::ReportWriter;
use crate::cli::run_error::RunError;

/// Records that the roll-out of the last deployment is complete.
pub(super) fn release(
    args: &ReleaseArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let registry = GateRegistry::of(&args.registry)?;
    let mut found = registry.read_existing()?;
    let now = now();
    found.record.check_clock(now).map_err(GateError::from)?;
    let released = found.record.release(now).map_err(GateError::from)?;
    let line = format!(
        "released: deployment {}, {} {}",
        released.number, args.registry.service, released.version
    );
    let (tables, revision) = (released.tables.clone(), released.revision.clone());
    write(&registry, &found)?;
    give_back_leases(&registry, &tables, (&args.registry.service, &revision), now)?;
    out.line(line);
    Ok(CommandOutcome::Success)
}

/// Records that the last deployment was rolled back.
pub(super) fn roll_back(
    args: &RollbackArgs,
    out: &mut ReportWriter,
) -> Result<CommandOutcome, RunError> {
    let catalog = load_catalog(&args.catalog).map_err(GateError::Catalog)?;
    let registry =
        GateRegistry::of(&args.registry)?.moved_by(catalog.transfer_of(&args.registry.service));
    let mut found = registry.read_existing()?;
    let now = now();
    found.record.check_clock(now).map_err(GateError::from)?;
    let by = actor_name(args.by.as_deref());
    let before = found.record.clone();
    let back = found
        .record
        .roll_back(&by, &args.reason, now)
        .map_err(GateError::from)?;
    let needs = rollback_approvals(&catalog, back, &args.registry.service);
    let needs: Vec<String> = needs
        .into_iter()
        .filter(|needed| !args.approved_by.contains(&needed.squad))
        .map(|RollbackApproval { squad, flag }| {
            format!("{squad} (the flag {flag} has another version now)")
        })
        .collect();
    if !needs.is_empty() {
        return Err(GateError::RollbackApproval {
            version: back.version.clone(),
            needs,
        }
        .into());
    }
    // The contract that will be deployed again must be intact.
    let back = back.clone();
    registry.verify(&back)?;
    let breaking = count_rollback_breaks(&registry, &before, &back, now);
    write(&registry, &found)?;
    if let Some(current) = before.current() {
        let holder = (&*args.registry.service, &*current.revision);
        give_back_leases(&registry, &current.tables, holder, now)?;
    }
    let removed = before
        .current()
        .map(|current| current.version.clone())
        .unwrap_or_default();
    out.line(format_args!(
        "rolled back: {} {removed} → {}, as deployment {}",
        args.registry.service, back.version, back.number
    ));
    if breaking > 0 {
        out.line(format_args!(
            "{breaking} changes break or may break clients that already rely on {removed}; portcullis diff shows them"
        ));
    }
    Ok(CommandOutcome::Success)
}

/// How many changes of the rollback break or may break clients of the current version. This is only a note: if
/// the contracts cannot be compared, the rollback still succeeds.
fn count_rollback_breaks(
    registry: &GateRegistry,
    before: &DeploymentRegistry,
    back: &Deployment,
    now: UtcTimestamp,
) -> usize {
    let current = before.current();
    // They were accepted with either reading.
    let reading = ContractReading::Tolerant;
    let current = current.and_then(|current| registry.contract(current, reading).ok());
    let back = registry.contract(back, reading).ok();
    let report = current.zip(back).map(|(current, back)| {
        compat::compare(&current, &back, &CompareOptions::for_day(now.date()))
    });
    report.map_or(0, |report| {
        let counts = report.counts();
        counts.breaking + counts.unknown
    })
}

fn write(registry: &GateRegistry, found: &VersionedRecord) -> Result<(), GateError> {
    match registry.write(found, &[], &[])? {
        CommitOutcome::Written => Ok(()),
        CommitOutcome::Conflict => Err(GateError::Overtaken {
            place: registry.place(),
        }),
    }
}
