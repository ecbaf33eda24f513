//! An edit: one keyword that says something else than before.

use std::fmt;
use std::rc::Rc;

use portcullis_contract::NodeRef;
use portcullis_json::pointer;

/// One keyword that says something else than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaEdit {
    /// The id of the rule.
    pub(crate) rule: &'static str,
    /// The keyword, as validators name it.
    pub(crate) keyword: &'static str,
    /// The member that the edit is about, where it is about one.
    pub(crate) member: Option<String>,
    /// What it said, as JSON text or a name.
    pub(crate) before: Option<String>,
    /// What it says.
    pub(crate) after: Option<String>,
    /// Where it stood.
    pub(crate) old: Option<NodeRef>,
    /// Where it stands.
    pub(crate) new: Option<NodeRef>,
}

impl SchemaEdit {
    pub(super) fn of(rule: &'static str, keyword: &'static str) -> Self {
        Self {
            rule,
            keyword,
            member: None,
            before: None,
            after: None,
            old: None,
            new: None,
        }
    }

    pub(super) fn from(self, before: impl Into<Option<String>>) -> Self {
        Self {
            before: before.into(),
            ..self
        }
    }

    pub(super) fn to(self, after: impl Into<Option<String>>) -> Self {
        Self {
            after: after.into(),
            ..self
        }
    }

    pub(super) fn with_property(self, name: &str) -> Self {
        Self {
            member: Some(name.to_owned()),
            ..self
        }
    }

    pub(super) fn between(self, old: Option<NodeRef>, new: Option<NodeRef>) -> Self {
        Self { old, new, ..self }
    }
}

/// One step from a schema to one of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SchemaStep {
    /// To a member.
    Property(Rc<str>),
    /// To any item, or any member that is not declared.
    Any,
    /// To the item at a position.
    Position(usize),
    /// To a schema for the same value: an alternative, a condition.
    SameValue,
}

impl fmt::Display for SchemaStep {
    /// As a token of a JSON pointer (RFC 6901 section 3).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(name) => write!(f, "/{}", pointer::escape(name)),
            Self::Any => f.write_str("/*"),
            Self::Position(position) => write!(f, "/{position}"),
            Self::SameValue => Ok(()),
        }
    }
}

/// An edit, seen from the schema that a place of a contract begins with.
#[derive(Clone, Debug)]
pub(crate) struct LocatedEdit {
    /// The way to the value that it is about, as a JSON pointer in which `*` is any item.
    pub(crate) pointer: String,
    /// The edit.
    pub(crate) edit: SchemaEdit,
}
