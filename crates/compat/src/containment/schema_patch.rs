//! One edit of a schema, in a form that can be applied to the older schema alone.

use serde_json::Value;

use portcullis_contract::NodeRef;

/// A schema of both revisions: references and elements of `allOf` count as its parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct SchemaParts {
    /// Where the schema begins.
    pub(crate) roots: Vec<NodeRef>,
    /// The schema objects.
    pub(crate) parts: Vec<NodeRef>,
    /// The alternative that is not null, if the schema is `anyOf` or `oneOf` of a schema and null.
    pub(crate) non_null: Option<NodeRef>,
    /// The schema objects whose `anyOf` or `oneOf` is only that.
    pub(crate) null_wrappers: Vec<NodeRef>,
}

impl SchemaParts {
    /// The parts in which a keyword can be edited: not those whose alternatives are a schema and
    /// null.
    pub(super) fn with_keyword(&self, keyword: &str) -> Self {
        let is_alternative = matches!(keyword, "anyOf" | "oneOf");
        let is_wrapper = |part: &NodeRef| is_alternative && self.null_wrappers.contains(part);
        let parts = self.parts.iter().copied();
        Self {
            parts: parts.filter(|part| !is_wrapper(part)).collect(),
            ..self.clone()
        }
    }
}

/// A schema of the older revision that one edit changes, with its counterpart.
#[derive(Clone, Debug)]
pub(crate) struct EditedSchema {
    pub(crate) old: SchemaParts,
    pub(crate) new: SchemaParts,
    /// The schemas from the root to the edited one, in the older and in the newer revision.
    pub(crate) paths: [Vec<NodeRef>; 2],
    pub(crate) patch: SchemaPatch,
}

impl EditedSchema {
    /// The edit that takes this one back in the newer revision.
    pub(super) fn reversed(&self) -> Self {
        let Self {
            old, new, paths, ..
        } = self.clone();
        let [older, newer] = paths;
        Self {
            old: new,
            new: old,
            paths: [newer, older],
            patch: self.patch.reversed(),
        }
    }
}

/// What an edit takes from the newer schema.
#[derive(Clone, Debug)]
pub(crate) enum SchemaPatch {
    /// The value of a keyword.
    Keyword(&'static str),
    /// The value of a bound in both of its forms.
    Bound([&'static str; 2]),
    /// One entry of a keyword that maps names to schemas or to lists of names.
    Entry { keyword: &'static str, name: String },
    /// The declaration of a property, and whether it is required.
    Property(String),
    /// Whether a property is required.
    Required(String),
    /// Whether `enum` lists a value.
    EnumValue(Value),
    /// The types except null. Null as well if one of the schemas has no type.
    Types,
    /// Whether null is allowed.
    Null,
    /// A branch of `anyOf`, `oneOf` or `allOf` that only one of the schemas has.
    Branch {
        keyword: &'static str,
        old: Option<NodeRef>,
        new: Option<NodeRef>,
    },
    /// `readOnly` or `writeOnly` of a property, and so whether the holders require the property.
    Access {
        keyword: &'static str,
        holders: Vec<PropertyHolder>,
    },
    /// The whole schema.
    Whole,
}

impl SchemaPatch {
    fn reversed(&self) -> Self {
        match self {
            Self::Branch { keyword, old, new } => Self::Branch {
                keyword,
                old: *new,
                new: *old,
            },
            Self::Access { keyword, holders } => Self::Access {
                keyword,
                holders: holders.iter().map(PropertyHolder::reversed).collect(),
            },
            other => other.clone(),
        }
    }

    /// The branch of the older schema that the edit removes, if it does.
    pub(super) const fn removed_branch(&self) -> Option<NodeRef> {
        match self {
            Self::Branch { old, .. } => *old,
            _ => None,
        }
    }
}

/// A schema that declares the edited property.
#[derive(Clone, Debug)]
pub(crate) struct PropertyHolder {
    pub(crate) name: String,
    pub(crate) old: SchemaParts,
    pub(crate) new: SchemaParts,
}

impl PropertyHolder {
    fn reversed(&self) -> Self {
        Self {
            name: self.name.clone(),
            old: self.new.clone(),
            new: self.old.clone(),
        }
    }
}
