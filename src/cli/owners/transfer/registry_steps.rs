//! Open approvals, and the deployments and leases of the registry.

use std::path::Path;

use super::transfer_report::{StepState, TransferStep};
use crate::cli::gate::moving_registry;
use crate::cli::inputs::read_approvals;
use crate::cli::run_error::RunError;
use portcullis_vocabulary::{Catalog, Date, ServiceTransfer};

/// What the registry keeps for the service, and who holds its tables now.
pub(super) fn registry_steps(
    registry: &str,
    catalog: &Catalog,
    transfer: &ServiceTransfer,
) -> Result<Vec<TransferStep>, RunError> {
    let ServiceTransfer {
        service, from, to, ..
    } = transfer;
    let resources = catalog.resources().iter();
    let used = resources.filter(|resource| resource.used_by.contains(service));
    let tables: Vec<String> = used
        .flat_map(|one| &one.tables)
        .map(ToString::to_string)
        .collect();
    let found = moving_registry(registry, (from.as_str(), to.as_str()), service, &tables)?;
    let mut steps = Vec::new();
    if let Some(place) = &found.conflicting {
        let message = format!(
            "{to} has deployments of {service} already, in {place}; the gate would continue those and not \
             the ones of {from}"
        );
        steps.push(TransferStep::new("registry", StepState::Obstacle, message));
    }
    if let Some((place, deployments)) = &found.continued {
        let message = format!(
            "{place} has {}; the gate continues it, and writes it for {to} with the next deployment, so \
             keep the entry of [[transfers]] until then, and give pipelines --squad {to}",
            crate::cli::output::counted(*deployments as u64, "deployment")
        );
        steps.push(TransferStep::new("registry", StepState::Open, message));
    }
    steps.extend(found.leases.iter().map(|lease| {
        let message =
            format!("{lease}; it stays with the deployment until it is released or expires");
        TransferStep::new("lease", StepState::Open, message)
    }));
    Ok(steps)
}

/// The approvals of the old squad that count until the end of the transfer.
pub(super) fn approval_steps(
    path: &Path,
    catalog: &Catalog,
    transfer: &ServiceTransfer,
    today: Date,
) -> Result<Vec<TransferStep>, RunError> {
    let ServiceTransfer {
        service,
        from,
        to,
        until,
    } = transfer;
    let uses = |other: &str| {
        let mut dependencies = catalog.dependencies().iter();
        dependencies
            .any(|each| each.service == *service && each.uses.iter().any(|used| used == other))
    };
    let is_concerned = |name: &Option<String>| {
        let other = name.as_deref();
        other.is_none_or(|other| other == service || uses(other))
    };
    let approvals = read_approvals(path)?.into_iter();
    let open = approvals.filter(|approval| {
        approval.owner == from.as_str()
            && approval.expires.is_none_or(|last| last >= today)
            && is_concerned(&approval.service)
    });
    let steps = open.map(|approval| {
        let message = format!(
            "the approval {} of {from} counts for {to} until {until}; {to} approves by itself if the \
             change is deployed later",
            approval.fingerprint
        );
        let file = path.display().to_string();
        TransferStep::open("approval", file, approval.line.into(), message)
    });
    Ok(steps.collect())
}
