//! A rule: what it is about, how much it matters on each side, and what others call it.

use std::fmt;

use portcullis_contract::MessageDirection;

use super::change_level::ChangeLevel;
use super::rules::RULES;

/// What a change is a change of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the parts of an OpenAPI document by their own names"
)]
pub enum ChangeArea {
    Document,
    Server,
    Operation,
    Security,
    Parameter,
    Body,
    Status,
    Header,
    Schema,
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeCategory {
    /// Something is there or not.
    Existence,
    /// Something must be there or not.
    Requiredness,
    /// What type of value is allowed.
    Type,
    /// Which values are allowed.
    Values,
    /// A bound of a value.
    Constraint,
    /// How schemas are composed.
    Structure,
    /// Who sends a member.
    Mutability,
    /// How long something stays, and how stable it is.
    Lifecycle,
    /// Who may call.
    Security,
    /// How values are written.
    Wire,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the verbs say it")]
pub enum ChangeAction {
    Add,
    Remove,
    Change,
    Increase,
    Decrease,
    Set,
    Unset,
    Generalize,
    Specialize,
    Invalid,
}

/// Which rule tells of the opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorRule {
    /// The same rule, on the other side of an exchange.
    Itself,
    /// Another rule.
    Of(&'static str),
    /// None, for this reason.
    Waived(&'static str),
}

/// One rule. Its id is stable.
#[derive(Debug, PartialEq, Eq)]
pub struct DiffRule {
    /// The stable id: area, what, action.
    pub id: &'static str,
    /// What it is a change of.
    pub area: ChangeArea,
    /// What kind of change it is.
    pub kind: ChangeCategory,
    /// What was done.
    pub action: ChangeAction,
    /// The level in a request, in a response, and in what is neither; `None` where the rule does
    /// not occur.
    pub levels: [Option<ChangeLevel>; 3],
    /// What happened, in words that need a place.
    pub title: &'static str,
    /// The rule of the opposite.
    pub mirror: MirrorRule,
    aliases: &'static str,
}

#[expect(clippy::too_many_arguments, reason = "the columns of the table")]
pub(super) const fn rule(
    id: &'static str,
    area: ChangeArea,
    kind: ChangeCategory,
    action: ChangeAction,
    levels: [Option<ChangeLevel>; 3],
    title: &'static str,
    aliases: &'static str,
    mirror: MirrorRule,
) -> DiffRule {
    DiffRule {
        id,
        area,
        kind,
        action,
        levels,
        title,
        mirror,
        aliases,
    }
}

/// All rules, in the order of their areas.
pub fn rules() -> &'static [DiffRule] {
    RULES
}

impl DiffRule {
    /// The rule with an id.
    pub fn find(id: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.id == id)
    }

    /// The rule that the engine itself names.
    pub(super) fn named(id: &str) -> &'static Self {
        Self::find(id).expect("the engine names rules of the table only")
    }

    /// The classical level on a side.
    pub fn level(&self, direction: Option<MessageDirection>) -> ChangeLevel {
        let [request, response, neither] = self.levels;
        let own = match direction {
            Some(MessageDirection::Request) => request,
            Some(MessageDirection::Response) => response,
            None => neither,
        };
        let any = || self.levels.iter().flatten().max().copied();
        own.or_else(any).unwrap_or(ChangeLevel::Info)
    }

    /// The level where it is the service that calls and its consumers that answer: what they
    /// receive may grow, what they answer must stay enough.
    pub(super) fn outbound_level(&self, direction: Option<MessageDirection>) -> ChangeLevel {
        let other = match direction {
            Some(MessageDirection::Request) => self.levels[1],
            Some(MessageDirection::Response) => self.levels[0],
            None => return self.level(None),
        };
        let is_answer = direction == Some(MessageDirection::Response);
        let is_header = self.area == ChangeArea::Header;
        match (other, self.action) {
            (Some(level), _) => level,
            // A header that consumers must answer with is the only thing here that they owe.
            (None, ChangeAction::Add) if is_header && self.kind == ChangeCategory::Requiredness => {
                ChangeLevel::Breaking
            }
            (None, ChangeAction::Remove) if is_answer && is_header => ChangeLevel::Info,
            (None, ChangeAction::Add) => ChangeLevel::Info,
            (None, ChangeAction::Remove) => ChangeLevel::Breaking,
            (None, _) => self.level(direction),
        }
    }

    /// What oasdiff calls it, in all places.
    pub fn aliases(&self) -> Vec<String> {
        self.aliases.split_whitespace().flat_map(expand).collect()
    }
}

impl fmt::Display for DiffRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// Every text that `a{b,c}d` stands for.
fn expand(text: &str) -> Vec<String> {
    let Some((before, rest)) = text.split_once('{') else {
        return vec![text.to_owned()];
    };
    let Some((choices, after)) = rest.split_once('}') else {
        return vec![text.to_owned()];
    };
    choices
        .split(',')
        .flat_map(|choice| expand(&format!("{before}{choice}{after}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_mirrors_exist() {
        let mut seen = HashSet::new();
        for rule in rules() {
            assert!(seen.insert(rule.id), "{rule} stands twice");
            let [request, response, neither] = rule.levels;
            match rule.mirror {
                MirrorRule::Of(other) => {
                    assert!(DiffRule::find(other).is_some(), "{rule}: no {other}")
                }
                MirrorRule::Waived(reason) => assert!(reason.ends_with('.'), "{rule}: {reason}"),
                MirrorRule::Itself => {
                    let both = request.is_some() && response.is_some();
                    assert!(both || neither.is_some(), "{rule} is on one side only");
                }
            }
            assert!(
                rule.levels.iter().any(Option::is_some),
                "{rule} has no level"
            );
        }
    }

    #[test]
    fn aliases_are_written_short() {
        let check = |text: &str, expected: &[&str]| assert_eq!(expand(text), expected);
        check("a", &["a"]);
        check("a-{b,c}-{d,}e", &["a-b-de", "a-b-e", "a-c-de", "a-c-e"]);
    }
}
