//! What containment means for the level of a rule.

use super::change_level::ChangeLevel;
use super::diff_rule::{ChangeAction, ChangeCategory, DiffRule};

/// Whether containment decides the effect of this rule.
pub(super) fn is_decided(rule: &DiffRule) -> bool {
    let is_of_schema = rule.id.starts_with("schema.");
    let is_informational = [
        "schema.default.",
        "schema.discriminator.",
        "schema.extensible-enum.",
        "schema.format.unasserted",
        "schema.xml.",
    ];
    is_of_schema
        && rule.kind != ChangeCategory::Lifecycle
        && !rule.id.starts_with("schema.content-")
        && !is_informational
            .iter()
            .any(|family| rule.id.starts_with(family))
}

/// The level that remains of a rule if no message is affected. A removed property is still a
/// warning, because consumers may have used it; so is one that is no longer sent.
pub(super) const fn harmless(rule: &DiffRule, classical: ChangeLevel) -> ChangeLevel {
    match (rule.kind, rule.action, classical) {
        (
            ChangeCategory::Existence,
            ChangeAction::Remove,
            ChangeLevel::Breaking | ChangeLevel::Warning,
        )
        | (ChangeCategory::Mutability, _, ChangeLevel::Breaking | ChangeLevel::Warning) => {
            ChangeLevel::Warning
        }
        _ => ChangeLevel::Info,
    }
}
