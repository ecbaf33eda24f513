//! The properties that an object schema declares, which decide which names of a query belong to the
//! object and how their texts are read.

use std::sync::Arc;

use portcullis_json::{JsonKind, JsonNode};
use portcullis_pattern::{EcmaPattern, MatchEngine};

use super::item_types::ItemTypes;
use super::schema_surface::{SchemaSurface, TypeSet};
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};

/// The types of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PropertyTypes {
    pub(crate) types: TypeSet,
    /// The types of its items, if it is an array.
    pub(crate) items: ItemTypes,
}

impl PropertyTypes {
    /// A property of any type.
    pub(crate) const ANY: Self = Self {
        types: TypeSet::ALL,
        items: ItemTypes::ANY,
    };

    /// Whether the property is declared to be an array, or may be one.
    pub(crate) fn is_list(&self) -> bool {
        self.types.has(TypeSet::ARRAY) && self.types != TypeSet::ALL
    }

    /// Whether one text is either a scalar or the only item of an array.
    fn is_list_or_scalar(&self) -> bool {
        self.is_list() && self.types.has(TypeSet::TEXTUAL)
    }

    /// Whether a text can be a string or another scalar.
    fn is_mixed(&self) -> bool {
        self.types.is_mixed() || (self.is_list() && self.items.is_mixed())
    }

    fn joined(self, other: Self) -> Self {
        Self {
            types: self.types.joined(other.types),
            items: self.items.joined(other.items),
        }
    }
}

/// A key of `patternProperties`.
#[derive(Clone, Debug)]
pub(crate) struct PropertyPattern {
    text: String,
    pattern: Arc<EcmaPattern>,
}

impl PartialEq for PropertyPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PropertyPattern {}

impl PropertyPattern {
    fn is_match(&self, name: &str) -> bool {
        self.pattern.is_match(name, &|_| {}) != Some(false)
    }
}

/// The declared properties of an object schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectShape {
    pub(crate) members: Vec<(String, PropertyTypes)>,
    /// The properties that `patternProperties` declares.
    patterns: Vec<(PropertyPattern, PropertyTypes)>,
    /// The types of undeclared properties. `None` if they are forbidden.
    pub(crate) undeclared: Option<PropertyTypes>,
    /// Whether undeclared properties are expected: the schema has `additionalProperties` or
    /// declares no property. Only then does an exploded object take every name of a query.
    pub(crate) is_open: bool,
    /// Whether a property that may be a scalar or an array is an array if it occurs once.
    pub(crate) prefers_lists: bool,
}

impl ObjectShape {
    /// The types of a property. `None` if it is forbidden.
    pub(crate) fn types_of(&self, name: &str) -> Option<PropertyTypes> {
        self.member(name)
            .or_else(|| self.matching(name))
            .or(self.undeclared)
    }

    /// Whether `properties` declares the property.
    pub(crate) fn has_member(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    /// Whether the object takes the name if nothing else declares it.
    pub(crate) fn takes_other(&self, name: &str) -> bool {
        self.is_open || self.matching(name).is_some()
    }

    /// Whether the object takes names that `properties` does not declare.
    pub(crate) fn takes_others(&self) -> bool {
        self.is_open || !self.patterns.is_empty()
    }

    /// Whether a text may be a string or another type.
    pub(crate) fn is_mixed(&self) -> bool {
        self.all_types().any(|types| types.is_mixed())
    }

    /// The same shape that prefers arrays, if a property may be a scalar or an array.
    pub(crate) fn preferring_lists(&self) -> Option<Self> {
        let mut all = self.all_types();
        all.any(|types| types.is_list_or_scalar()).then(|| Self {
            prefers_lists: true,
            ..self.clone()
        })
    }

    fn all_types(&self) -> impl Iterator<Item = PropertyTypes> + '_ {
        let members = self.members.iter().map(|(_, types)| *types);
        let patterns = self.patterns.iter().map(|(_, types)| *types);
        members.chain(patterns).chain(self.undeclared)
    }

    fn member(&self, name: &str) -> Option<PropertyTypes> {
        let declared = self.members.iter().find(|(known, _)| known == name);
        declared.map(|(_, types)| *types)
    }

    fn matching(&self, name: &str) -> Option<PropertyTypes> {
        let mut patterns = self.patterns.iter();
        let declared = patterns.find(|(pattern, _)| pattern.is_match(name));
        declared.map(|(_, types)| *types)
    }

    fn add_member(&mut self, name: &str, types: PropertyTypes) {
        match self.members.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = known.joined(types),
            None => self.members.push((name.to_owned(), types)),
        }
    }

    /// Adds a property of `patternProperties`. Returns whether names can be compared with the pattern
    /// without a limit of work.
    fn add_pattern(&mut self, text: &str, types: PropertyTypes) -> bool {
        // The compiler of schemas reports an invalid pattern.
        let Ok(pattern) = EcmaPattern::new(text) else {
            return true;
        };
        let is_cheap = matches!(
            pattern.engine(),
            MatchEngine::WordList | MatchEngine::ClassRun | MatchEngine::Linear
        );
        if is_cheap {
            let pattern = PropertyPattern {
                text: text.to_owned(),
                pattern: Arc::new(pattern),
            };
            self.patterns.push((pattern, types));
        }
        is_cheap
    }
}

impl<'d> SchemaSurface<'d> {
    /// The properties of the object schema at `node_ref`, through references and composition.
    pub(crate) fn object(self, node_ref: NodeRef) -> ObjectShape {
        let mut shape = ObjectShape {
            members: Vec::new(),
            patterns: Vec::new(),
            undeclared: Some(PropertyTypes::ANY),
            is_open: false,
            prefers_lists: false,
        };
        let (mut forbids, mut is_open) = (false, false);
        self.visit(node_ref, &mut |depth, at, node| {
            for (name, types) in self.properties(at, node, "properties") {
                shape.add_member(name, types);
            }
            if self.dialect != Dialect::V30 {
                for (pattern, types) in self.properties(at, node, "patternProperties") {
                    // The validator compares the names.
                    is_open |= !shape.add_pattern(pattern, types);
                }
            }
            let rest = ["additionalProperties", "unevaluatedProperties"];
            let rest = &rest[..if self.dialect == Dialect::V30 { 1 } else { 2 }];
            for rest in rest.iter().filter_map(|keyword| node.get(keyword)) {
                match rest.kind() {
                    JsonKind::Boolean if rest.as_bool() == Some(false) => forbids |= depth == 0,
                    JsonKind::Boolean => is_open = true,
                    JsonKind::Object => {
                        shape.undeclared = Some(self.property_types(at, rest));
                        is_open = true;
                    }
                    JsonKind::Null | JsonKind::Number | JsonKind::String | JsonKind::Array => {}
                }
            }
        });
        if forbids {
            shape.undeclared = None;
        }
        let declares_none = shape.members.is_empty() && shape.patterns.is_empty();
        shape.is_open = is_open || (declares_none && !forbids);
        shape
    }

    fn properties(
        self,
        near: NodeRef,
        node: JsonNode<'d>,
        keyword: &str,
    ) -> impl Iterator<Item = (&'d str, PropertyTypes)> {
        let properties = node.get(keyword).into_iter().flat_map(JsonNode::members);
        properties.map(move |(name, schema)| (name, self.property_types(near, schema)))
    }

    fn property_types(self, near: NodeRef, schema: JsonNode<'d>) -> PropertyTypes {
        let schema = DocumentSet::node_ref(near, schema);
        PropertyTypes {
            types: self.types(schema),
            items: self.item_types(schema),
        }
    }
}
