//! What is said of a path or a collision, and what to do about it.

use super::owners_report::{FileLine, FileReport, MissingApproval, OwnersReport};
use portcullis_control::ownership::{ClaimCollision, CollisionKind};

/// The stable name of what is told of a file.
pub(super) const fn file_kind(file: &FileReport) -> &'static str {
    match file.owner {
        Some(_) => "foreign-path",
        None => "unowned-path",
    }
}

/// One sentence about a file that is not the squad's own.
pub(super) fn file_message(file: &FileReport, report: &OwnersReport) -> String {
    let (Some(owner), Some(pattern)) = (&file.owner, &file.pattern) else {
        let catalog = &report.catalog;
        return format!("no squad owns this path; add it to `paths` of one in {catalog}");
    };
    let declared = file
        .declared
        .as_ref()
        .map(|FileLine { file, line }| format!(" ({file}:{line})"));
    let declared = declared.unwrap_or_default();
    let asked = report.ask.iter().find(|ask| ask.squad == *owner);
    let contact = asked.map(contact).unwrap_or_default();
    format!(
        "{owner} owns `{pattern}`{declared}; ask for its approval{contact}, or take the file out \
         of the change"
    )
}

/// How a squad is reached, in brackets.
pub(super) fn contact(ask: &MissingApproval) -> String {
    let ways = contact_details(ask);
    match ways.is_empty() {
        true => String::new(),
        false => format!(" ({ways})"),
    }
}

/// How a squad is reached.
pub(super) fn contact_details(ask: &MissingApproval) -> String {
    let MissingApproval {
        chat,
        oncall,
        email,
        ..
    } = ask;
    let ways = [
        chat.clone(),
        oncall.as_ref().map(|oncall| format!("on call {oncall}")),
        email.clone(),
    ];
    let ways: Vec<String> = ways.into_iter().flatten().collect();
    ways.join(", ")
}

/// One sentence about a name in a manifest.
pub(super) fn collision_message(collision: &ClaimCollision<'_>) -> String {
    let ClaimCollision {
        kind, claim, squad, ..
    } = collision;
    let name = &claim.name;
    let owner = collision
        .owner
        .map_or("nobody", |owner| owner.name.as_str());
    let other = collision.other.as_ref();
    let other = other.map_or_else(String::new, |other| {
        format!(" ({}:{})", other.path, other.line)
    });
    match kind {
        CollisionKind::ForeignNamespace => {
            let own = match squad.namespaces.as_slice() {
                [] => format!("{} has none in the catalog", squad.name),
                own => format!("{} has {}", squad.name, own.join(", ")),
            };
            format!(
                "the namespace `{name}` belongs to {owner}, and {own}; use one of those, or ask {owner}"
            )
        }
        CollisionKind::UnownedNamespace => {
            format!("no squad lists the namespace `{name}`; add it to `namespaces` of one")
        }
        CollisionKind::SharedNamespace => format!(
            "{} and {owner}{other} both use the namespace `{name}`, which no squad lists; add it \
             to `namespaces` of one, and let the other use another",
            squad.name
        ),
        CollisionKind::ForeignRelease => format!(
            "the release is called `{name}` like a service of {owner}; call it otherwise, or ask \
             {owner}"
        ),
        CollisionKind::SharedRelease => format!(
            "{} and {owner}{other} both have a release `{name}` in the namespace `{}`; rename one",
            squad.name,
            claim.namespace.as_deref().unwrap_or_default()
        ),
    }
}
