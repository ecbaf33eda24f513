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
    ];
    is_of_schema
        && rule.kind != ChangeCategory::Lifecycle
        && !rule.id.starts_with("schema.content-")
        && !is_informational
            .iter()
            .any(|family| rule.id.starts_with(family))
}

/// Whether an edit under this rule is a mere rewording if both schemas accept the same values.
/// Added and removed properties are always reported, because producers that send only declared
/// properties now send something else.
pub(super) fn is_rewording(rule: &DiffRule) -> bool {
    is_decided(rule)
        && !matches!(
            rule.kind,
            ChangeCategory::Existence | ChangeCategory::Mutability
        )
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
