//! What names the old squad elsewhere in the repository: CODEOWNERS, manifests, alert rules, routes.

use std::path::{Path, PathBuf};

use super::super::changed_manifests;
use super::super::code_files::code_files;
use super::super::owners_error::OwnersError;
use super::super::owners_input::ManifestSource;
use super::transfer_report::{StepState, TransferStep};
use crate::cli::output::counted;
use crate::cli::run_error::RunError;
use crate::source;
use portcullis_control::ownership::{
    ClaimKind, ManifestClaim, PathChange, PathChangeKind, SquadBoundaries, TransferPlan,
    codeowners_handles, codeowners_lines,
};
use portcullis_vocabulary::limits::MANIFEST_BYTES_MAX;
use portcullis_vocabulary::{Catalog, ServiceTransfer, Squad};

/// Where code hosts look for the file.
const CODEOWNERS: [&str; 4] = [
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitlab/CODEOWNERS",
];

/// The lines of CODEOWNERS that must change.
pub(super) fn codeowners_steps(
    plan: &TransferPlan,
    transfer: &ServiceTransfer,
) -> Result<Vec<TransferStep>, OwnersError> {
    let mut steps = Vec::new();
    let squads = plan.catalog.squads().iter();
    let new = squads.filter(|squad| squad.name == transfer.to);
    let handles: Vec<String> = new.map(codeowners_handles).collect();
    let handles = handles.join(" ");
    for name in CODEOWNERS
        .into_iter()
        .filter(|name| Path::new(name).is_file())
    {
        let text = read_text(Path::new(name))?;
        let last = text.lines().count() as u64;
        for pattern in plan.paths.iter().chain(&plan.added) {
            let step = match codeowners_lines(&text, pattern).first() {
                Some((line, written)) => {
                    let message = format!("{written} gets the owner {handles}");
                    TransferStep::open("codeowners", name, *line, message)
                }
                None => {
                    let message = format!("{pattern} of {} gets a line", transfer.to);
                    TransferStep::open("codeowners", name, last, message)
                }
            };
            steps.push(step);
        }
    }
    if !steps.is_empty() {
        let message =
            "all lines at once: portcullis owners codeowners, after the catalog is written";
        steps.push(TransferStep::new("codeowners", StepState::Open, message));
    }
    Ok(steps)
}

/// What manifests, alert rules and routes must change.
pub(super) fn manifest_steps(
    before: &Catalog,
    after: &SquadBoundaries,
    transfer: &ServiceTransfer,
) -> Result<Vec<TransferStep>, RunError> {
    let mut paths = code_files(Path::new("."), ".yaml")?;
    paths.extend(code_files(Path::new("."), ".yml")?);
    let changes: Vec<PathChange> = paths
        .iter()
        .map(|path| PathChange {
            path: path.clone(),
            kind: PathChangeKind::Modified,
        })
        .collect();
    let root = ManifestSource::Directory(PathBuf::new());
    let claims = changed_manifests::manifests(&root, &changes)?.claims;
    let mut steps = namespace_steps(&claims, before, after, transfer);
    for path in &paths {
        let text = read_text(Path::new(path))?;
        steps.extend(item_step(path, &text, transfer));
        steps.extend(route_step(path, &text, transfer));
    }
    Ok(steps)
}

/// Objects of the service in a namespace of the old squad.
fn namespace_steps(
    claims: &[ManifestClaim],
    before: &Catalog,
    after: &SquadBoundaries,
    transfer: &ServiceTransfer,
) -> Vec<TransferStep> {
    let is_release =
        |claim: &ManifestClaim| claim.kind == ClaimKind::Release && claim.name == transfer.service;
    let of_service = |claim: &&ManifestClaim| {
        let owner = after.owner_of(&claim.path);
        owner.is_some_and(|owner| owner.squad.name == transfer.to)
            || claims.iter().any(|other| {
                is_release(other) && other.path == claim.path && other.object == claim.object
            })
    };
    let is_old = |claim: &&ManifestClaim| {
        let squad = before.squad_of_namespace(&claim.name);
        claim.kind == ClaimKind::Namespace && squad.is_some_and(|squad| squad.name == transfer.from)
    };
    let target = namespaces_of(after.catalog(), transfer);
    let found = claims.iter().filter(is_old).filter(of_service);
    let step = |claim: &ManifestClaim| {
        let message = format!(
            "{} is in the namespace {} of {}; {target}",
            claim.object, claim.name, transfer.from
        );
        TransferStep::open("namespace", &claim.path, claim.line.into(), message)
    };
    found.map(step).collect()
}

fn namespaces_of(catalog: &Catalog, transfer: &ServiceTransfer) -> String {
    let squads = catalog.squads().iter();
    let mut new = squads.filter(|squad: &&Squad| squad.name == transfer.to);
    match new.next().map(|squad| squad.namespaces.as_slice()) {
        Some([]) | None => format!(
            "give {} a namespace in the catalog and move it there",
            transfer.to
        ),
        Some(namespaces) => format!("move it to {}", namespaces.join(" or ")),
    }
}

/// Alert rules and generated manifests that name the old squad with the service, in one item of a list.
fn item_step(path: &str, text: &str, transfer: &ServiceTransfer) -> Option<TransferStep> {
    let ServiceTransfer {
        service, from, to, ..
    } = transfer;
    let lines = item_lines(text, service, from.as_str());
    let first = *lines.first()?;
    let count = counted(lines.len() as u64, "label");
    let (kind, message) = if text.lines().any(|line| line.trim() == "groups:") {
        let message = format!(
            "{count} of rules give the alerts of {service} to {from}; print them for {to}: portcullis \
             manifests slo"
        );
        ("alert-rules", message)
    } else {
        let message = format!(
            "{count} name {from} with {service}; print the file again with portcullis manifests, or \
             write {to}"
        );
        ("manifest", message)
    };
    Some(TransferStep::open(kind, path, first, message))
}

/// The lines `squad: …` of the list items that also name the service.
fn item_lines(text: &str, service: &str, squad: &str) -> Vec<u64> {
    let value = |line: &str, key: &str, value: &str| {
        let line = line.trim_start().trim_start_matches("- ");
        let found = line
            .strip_prefix(key)
            .and_then(|rest| rest.strip_prefix(':'));
        found.is_some_and(|rest| rest.trim().trim_matches(['"', '\'']) == value)
    };
    let (mut lines, mut of_item, mut is_of_service) = (Vec::new(), None, false);
    for (line, number) in text.lines().zip(1_u64..) {
        let item = line.trim_start();
        if item.starts_with("---") || item.starts_with("- ") && item.contains(':') {
            lines.extend(of_item.take().filter(|_| is_of_service));
            is_of_service = false;
        }
        is_of_service |= value(line, "service", service) || value(line, "sloth_service", service);
        if value(line, "squad", squad) {
            of_item = Some(number);
        }
    }
    lines.extend(of_item.filter(|_| is_of_service));
    lines
}

/// An Alertmanager configuration without a route for the new squad.
fn route_step(path: &str, text: &str, transfer: &ServiceTransfer) -> Option<TransferStep> {
    let routes = |squad: &str| {
        let matcher = format!("squad=\"{squad}\"");
        let label = format!("squad: {squad}");
        let mut lines = text.lines().zip(1_u64..);
        lines
            .find(|(line, _)| line.contains(&matcher) || line.trim() == label)
            .map(|(_, line)| line)
    };
    let is_alertmanager = text.lines().any(|line| line.trim_end() == "receivers:")
        && text.lines().any(|line| line.trim_end() == "route:");
    if !is_alertmanager || routes(transfer.to.as_str()).is_some() {
        return None;
    }
    let line = routes(transfer.from.as_str())?;
    let message = format!(
        "there is a route for the alerts of {}, and none for those of {}; add one",
        transfer.from, transfer.to
    );
    Some(TransferStep::open("alert-route", path, line, message))
}

/// Reads a text file; bytes that are not UTF-8 are replaced, because only lines with names matter.
fn read_text(path: &Path) -> Result<String, OwnersError> {
    let bytes = source::read(path, MANIFEST_BYTES_MAX as u64)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_items_that_name_the_squad_with_the_service() {
        let text = "groups:\n- rules:\n  - alert: a\n    labels:\n      service: orders\n      squad: \"payments\"\n\
                    \x20 - alert: b\n    labels:\n      service: ledger\n      squad: payments\n\
                    \x20 - squad: payments\n    service: 'orders'\n  - squad: checkout\n    service: orders\n";
        assert_eq!(item_lines(text, "orders", "payments"), [6, 11]);
        assert_eq!(item_lines(text, "ledger", "payments"), [10]);
    }
}
