//! What changes in the catalog, and what people must decide there.

use super::transfer_report::{StepState, TransferStep};
use portcullis_config::CatalogTextEdit;
use portcullis_control::ownership::TransferPlan;
use portcullis_vocabulary::{CatalogFile, ConfigLocation, ServiceTransfer, Squad, SquadName};

/// The edits of the catalog's text that a plan needs.
pub(super) fn catalog_edits(
    plan: &TransferPlan,
    transfer: &ServiceTransfer,
) -> Vec<CatalogTextEdit> {
    let (from, to) = (&transfer.from, &transfer.to);
    let moved = |key: &'static str| {
        move |pattern: &_| CatalogTextEdit::MovePattern {
            key,
            pattern: Clone::clone(pattern),
            from: from.clone(),
            to: to.clone(),
        }
    };
    let mut edits = vec![CatalogTextEdit::MoveService {
        service: transfer.service.clone(),
        from: from.clone(),
        to: to.clone(),
    }];
    edits.extend(plan.paths.iter().map(moved("paths")));
    edits.extend(plan.public.iter().map(moved("public")));
    edits.extend(plan.added.iter().map(|pattern| CatalogTextEdit::AddPath {
        pattern: pattern.clone(),
        to: to.clone(),
    }));
    let resources = plan.resources.iter();
    edits.extend(resources.map(|resource| CatalogTextEdit::SetResourceOwner {
        resource: resource.clone(),
        to: to.clone(),
    }));
    edits.push(CatalogTextEdit::AddTransfer(transfer.clone()));
    edits
}

/// The changes of the catalog as steps.
pub(super) fn edit_steps(
    edits: &[CatalogTextEdit],
    file: &CatalogFile,
    state: StepState,
) -> Vec<TransferStep> {
    let places = &file.places;
    let step = |edit: &CatalogTextEdit| match edit {
        CatalogTextEdit::MoveService { service, from, to } => {
            let message =
                format!("`services` of {from} loses {service}, and `services` of {to} gets it");
            TransferStep::new("service", state, message).at(places.services.get(service))
        }
        CatalogTextEdit::MovePattern {
            key,
            pattern,
            from,
            to,
        } => {
            let message = format!("`{key}` of {from} loses {pattern}, and `{key}` of {to} gets it");
            let place = places
                .paths
                .get(pattern)
                .or_else(|| places.squads.get(from));
            TransferStep::new("path", state, message).at(place)
        }
        CatalogTextEdit::AddPath { pattern, to } => {
            let message = format!(
                "`paths` of {to} gets {pattern}, which is within a folder of the old squad"
            );
            TransferStep::new("path", state, message).at(places.squads.get(to))
        }
        CatalogTextEdit::SetResourceOwner { resource, to } => {
            let message = format!("`owner` of {resource} becomes {to}");
            TransferStep::new("resource", state, message).at(places.resource_owners.get(resource))
        }
        CatalogTextEdit::AddTransfer(transfer) => {
            let ServiceTransfer {
                from, to, until, ..
            } = transfer;
            let message = format!(
                "[[transfers]] gets an entry, so until {until} both {from} and {to} can deploy and approve"
            );
            let place = places.squads.values().next().map(whole_file);
            TransferStep::new("transfer", state, message).at(place.as_ref())
        }
    };
    edits.iter().map(step).collect()
}

fn whole_file(location: &ConfigLocation) -> ConfigLocation {
    match location {
        ConfigLocation::Line(path, _) => ConfigLocation::File(path.clone()),
        other => other.clone(),
    }
}

/// What people must decide or arrange that only the catalog shows.
pub(super) fn people_steps(
    plan: &TransferPlan,
    file: &CatalogFile,
    transfer: &ServiceTransfer,
) -> Vec<TransferStep> {
    let questions = plan.questions.iter().map(|(place, message)| {
        TransferStep::new("question", StepState::Open, message).at(place.as_ref())
    });
    let mut steps: Vec<TransferStep> = questions.collect();
    steps.extend(oncall_step(file, transfer));
    steps
}

/// Who is called for the service from now on.
fn oncall_step(file: &CatalogFile, transfer: &ServiceTransfer) -> Option<TransferStep> {
    let squad = |name: &SquadName| -> Option<&Squad> {
        let mut squads = file.catalog.squads().iter();
        squads.find(|squad| squad.name == *name)
    };
    let oncall = |name: &SquadName| squad(name).and_then(|squad| squad.oncall.as_deref());
    let (before, after) = (oncall(&transfer.from), oncall(&transfer.to)?);
    let service = &transfer.service;
    let before = before.map(|before| format!(", no longer {before}"));
    let message = format!(
        "{after} is called for {service}{}: hand the runbook over and move its schedules",
        before.unwrap_or_default()
    );
    let place = file.places.oncall.get(&transfer.from);
    Some(TransferStep::new("on-call", StepState::Open, message).at(place))
}
