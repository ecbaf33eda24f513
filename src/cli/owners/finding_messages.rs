//! The messages of findings about paths and manifests.

use super::owners_report::{FileLine, FileReport, MissingApproval, OwnersReport};
use portcullis_control::ownership::{ClaimCollision, CollisionKind};

/// The rule id of a finding about a file.
pub(super) const fn file_kind(file: &FileReport) -> &'static str {
    match file.owner {
        Some(_) => "foreign-path",
        None => "unowned-path",
    }
}

/// The message about a file that the squad does not own.
pub(super) fn file_message(file: &FileReport, report: &OwnersReport) -> String {
    let (Some(owner), Some(pattern)) = (&file.owner, &file.pattern) else {
        let catalog = &report.catalog;
        return format!("no squad owns this path; add it to the `paths` of a squad in {catalog}");
    };
    let declared = file
        .declared
        .as_ref()
        .map(|FileLine { file, line }| format!(" ({file}:{line})"));
    let declared = declared.unwrap_or_default();
    let missing = report.ask.iter().find(|ask| ask.squad == *owner);
    let contact = missing.map(contact).unwrap_or_default();
    format!(
        "{owner} owns `{pattern}`{declared}; ask for its approval{contact}, or remove the file \
         from the change"
    )
}

/// How to contact a squad, in parentheses.
pub(super) fn contact(ask: &MissingApproval) -> String {
    let details = contact_details(ask);
    if details.is_empty() {
        details
    } else {
        format!(" ({details})")
    }
}

/// How to contact a squad.
pub(super) fn contact_details(ask: &MissingApproval) -> String {
    let MissingApproval {
        chat,
        oncall,
        email,
        ..
    } = ask;
    let contacts = [
        chat.clone(),
        oncall.as_ref().map(|oncall| format!("on call {oncall}")),
        email.clone(),
    ];
    let contacts: Vec<String> = contacts.into_iter().flatten().collect();
    contacts.join(", ")
}

/// The message about a name in a manifest.
pub(super) fn collision_message(collision: &ClaimCollision<'_>) -> String {
    let ClaimCollision {
        kind, claim, squad, ..
    } = collision;
    let name = &claim.name;
    let owner = collision
        .owner
        .map_or("no squad", |owner| owner.name.as_str());
    let other = collision.other.as_ref();
    let other = other.map_or_else(String::new, |other| {
        format!(" ({}:{})", other.path, other.line)
    });
    match kind {
        CollisionKind::ForeignNamespace => {
            let own = match squad.namespaces.as_slice() {
                [] => format!("{} has no namespace in the catalog", squad.name),
                own => format!("{} has {}", squad.name, own.join(", ")),
            };
            format!(
                "the namespace `{name}` belongs to {owner}, and {own}; use one of those, or ask {owner}"
            )
        }
        CollisionKind::UnownedNamespace => {
            format!("no squad lists the namespace `{name}`; add it to the `namespaces` of a squad")
        }
        CollisionKind::SharedNamespace => format!(
            "{} and {owner}{other} both use the namespace `{name}`, which no squad lists; add it \
             to the `namespaces` of one of them, and use another one for the other",
            squad.name
        ),
        CollisionKind::ForeignRelease => format!(
            "the release `{name}` has the name of a service of {owner}; rename it, or ask {owner}"
        ),
        CollisionKind::SharedRelease => format!(
            "{} and {owner}{other} both have a release `{name}` in the namespace `{}`; rename one",
            squad.name,
            claim.namespace.as_deref().unwrap_or_default()
        ),
    }
}
