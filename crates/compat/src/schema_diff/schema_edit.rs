//! An edit: one changed keyword.

use std::fmt;
use std::sync::Arc;

use portcullis_contract::NodeRef;
use portcullis_json::pointer;

/// One changed keyword.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaEdit {
    /// The id of the rule.
    pub(crate) rule: &'static str,
    /// The keyword, as validators name it.
    pub(crate) keyword: &'static str,
    /// The property that the edit affects, if it affects one.
    pub(crate) property: Option<String>,
    /// The old value, as JSON text or a name.
    pub(crate) before: Option<String>,
    /// The new value.
    pub(crate) after: Option<String>,
    /// The old location.
    pub(crate) old: Option<NodeRef>,
    /// The new location.
    pub(crate) new: Option<NodeRef>,
    /// Whether edits inside of it say what it means for values.
    pub(crate) has_inner_edits: bool,
}

impl SchemaEdit {
    pub(super) fn of(rule: &'static str, keyword: &'static str) -> Self {
        Self {
            rule,
            keyword,
            property: None,
            before: None,
            after: None,
            old: None,
            new: None,
            has_inner_edits: false,
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
            property: Some(name.to_owned()),
            ..self
        }
    }

    pub(super) fn between(self, old: Option<NodeRef>, new: Option<NodeRef>) -> Self {
        Self { old, new, ..self }
    }
}

/// A step from a schema to a subschema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SchemaStep {
    /// To a property.
    Property(Arc<str>),
    /// To any item, or to any property that is not declared.
    Any,
    /// To the item at an index.
    Position(usize),
    /// To a subschema for the same value, such as an alternative.
    SameValue,
    /// To a subschema under a keyword that gives its keywords another meaning, such as `not`.
    Applied(&'static str),
}

impl fmt::Display for SchemaStep {
    /// Writes the step as a reference token of a JSON pointer (RFC 6901 section 3).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(name) => write!(f, "/{}", pointer::escape(name)),
            Self::Any => f.write_str("/*"),
            Self::Position(position) => write!(f, "/{position}"),
            Self::SameValue | Self::Applied(_) => Ok(()),
        }
    }
}

/// An edit with its places relative to the root schema of a site.
#[derive(Clone, Debug)]
pub(crate) struct LocatedEdit {
    /// The pair of schemas, and the number of the edit in it.
    pub(crate) id: (usize, usize),
    /// JSON pointers to the affected values, where `*` matches any item; the nearest first. A
    /// schema that is used in many places of one value is listed for some of them.
    pub(crate) pointers: Vec<Arc<str>>,
    /// The keywords on the way that give the keywords below another meaning; empty if one way has
    /// none.
    pub(crate) applied: Vec<&'static str>,
    /// The edit.
    pub(crate) edit: SchemaEdit,
}
