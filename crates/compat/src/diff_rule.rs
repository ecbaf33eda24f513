//! A rule: what changed, how severe the change is on each side, and what other tools call it.

use std::fmt;

use portcullis_contract::MessageDirection;

use super::change_level::ChangeLevel;

/// The part of the contract that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the parts of an OpenAPI document by their own names"
)]
pub enum ChangeArea {
    Document,
    Server,
    Operation,
    Objective,
    Security,
    Parameter,
    Body,
    Status,
    Header,
    Event,
    Schema,
}

/// The aspect that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeCategory {
    /// Something was added or removed.
    Existence,
    /// Something became required or optional.
    Requiredness,
    /// The allowed types.
    Type,
    /// The allowed values.
    Values,
    /// A bound on a value.
    Constraint,
    /// The composition of schemas.
    Structure,
    /// Which side sends a property.
    Mutability,
    /// Deprecation, sunset and stability.
    Lifecycle,
    /// Objectives and tiers.
    Promise,
    /// Security requirements.
    Security,
    /// Serialization.
    Wire,
}

/// The kind of edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants explain themselves")]
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

/// The rule for the opposite change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorRule {
    /// The same rule, on the other side of the exchange.
    Itself,
    /// Another rule.
    Of(&'static str),
    /// There is no opposite rule, for this reason.
    Waived(&'static str),
}

/// A rule of the comparison. Its id is stable.
#[derive(Debug, PartialEq, Eq)]
pub struct DiffRule {
    /// The stable id: area, element, action.
    pub id: &'static str,
    /// The part of the contract that changed.
    pub area: ChangeArea,
    /// The aspect that changed.
    pub kind: ChangeCategory,
    /// The kind of edit.
    pub action: ChangeAction,
    /// The level for a change in a request, in a response, and in neither; `None` if the rule does
    /// not apply there.
    pub levels: [Option<ChangeLevel>; 3],
    /// What happened, as a phrase without a location.
    pub title: &'static str,
    /// The rule for the opposite change.
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

impl DiffRule {
    /// The default level on one side of the exchange.
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

    /// The level for an operation that the service calls and its consumers serve. The roles are
    /// swapped: consumers accept the requests and send the responses.
    pub(super) fn outbound_level(&self, direction: Option<MessageDirection>) -> ChangeLevel {
        let other = match direction {
            // Consumers do not choose among the media types of what the service sends.
            Some(MessageDirection::Request) if self.id == "media-type.removed" => {
                Some(ChangeLevel::Info)
            }
            Some(MessageDirection::Request) => self.levels[1],
            Some(MessageDirection::Response) => self.levels[0],
            // The service sends the credentials, so less of them breaks.
            None => match self.mirror {
                MirrorRule::Of(id) if self.kind == ChangeCategory::Security => {
                    return Self::named(id).level(None);
                }
                _ => return self.level(None),
            },
        };
        let is_answer = direction == Some(MessageDirection::Response);
        let is_header = self.area == ChangeArea::Header;
        match (other, self.action) {
            (Some(level), _) => level,
            // A new required header is the only addition here that consumers must provide.
            (None, ChangeAction::Add) if is_header && self.kind == ChangeCategory::Requiredness => {
                ChangeLevel::Breaking
            }
            (None, ChangeAction::Remove) if is_answer && is_header => ChangeLevel::Info,
            (None, ChangeAction::Add) => ChangeLevel::Info,
            (None, ChangeAction::Remove) => ChangeLevel::Breaking,
            (None, _) => self.level(direction),
        }
    }

    /// The ids that oasdiff uses for this change at any location.
    pub fn aliases(&self) -> Vec<String> {
        self.aliases.split_whitespace().flat_map(expand).collect()
    }
}

impl fmt::Display for DiffRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// Expands `a{b,c}d` into all texts that it stands for.
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

    use super::*;

    #[test]
    fn expands_braces_in_aliases() {
        let check = |text: &str, expected: &[&str]| assert_eq!(expand(text), expected);
        check("a", &["a"]);
        check("a-{b,c}-{d,}e", &["a-b-de", "a-b-e", "a-c-de", "a-c-e"]);
    }
}
