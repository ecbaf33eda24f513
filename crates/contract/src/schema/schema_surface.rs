//! The types that a schema declares, which decide how to parse a parameter's text.
//!
//! A parameter arrives as text, and its schema decides whether `10` is a number or a string. This
//! module reads only `type`, composition, `enum`, `const` and the declared properties; the
//! validator still validates the value. A schema that declares no type admits all types.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::{BitAnd, BitOr};

use portcullis_json::{JsonKind, JsonNode};

use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::{follow, resolve};

/// The maximum depth of composition that is examined.
const DEPTH_MAX: u8 = 16;

/// A set of JSON types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypeSet(u8);

impl TypeSet {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const NULL: Self = Self(1);
    pub(crate) const BOOLEAN: Self = Self(2);
    pub(crate) const NUMBER: Self = Self(4);
    pub(crate) const STRING: Self = Self(8);
    pub(crate) const ARRAY: Self = Self(16);
    pub(crate) const OBJECT: Self = Self(32);
    pub(crate) const ALL: Self = Self(63);
    pub(crate) const SCALAR: Self = Self(15);
    /// The types that a text can have.
    pub(crate) const TEXTUAL: Self = Self(14);

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether only this type is allowed, and perhaps null.
    pub(crate) fn is_only(self, one: Self) -> bool {
        self.has(one) && self.0 & !(one.0 | Self::NULL.0) == 0
    }

    /// Whether text can be a string or another scalar.
    pub(crate) fn is_mixed(self) -> bool {
        self.has(Self::STRING) && self.has(Self::NUMBER | Self::BOOLEAN)
    }

    /// The types that two schemas of the same value name. One that names none adds nothing.
    pub(crate) fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::ALL, types) | (types, Self::ALL) => types,
            (one, two) => one | two,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" | "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => Self::NONE,
        }
    }

    fn of(value: JsonNode<'_>) -> Self {
        match value.kind() {
            JsonKind::Null => Self::NULL,
            JsonKind::Boolean => Self::BOOLEAN,
            JsonKind::Number => Self::NUMBER,
            JsonKind::String => Self::STRING,
            JsonKind::Array => Self::ARRAY,
            JsonKind::Object => Self::OBJECT,
        }
    }
}

impl BitOr for TypeSet {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for TypeSet {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// Reads what schemas declare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SchemaSurface<'d> {
    pub(crate) documents: &'d DocumentSet,
    pub(crate) dialect: Dialect,
}

impl<'d> SchemaSurface<'d> {
    /// The types that the schema at `node_ref` admits.
    pub(crate) fn types(self, node_ref: NodeRef) -> TypeSet {
        self.types_at(node_ref, 0, &mut HashMap::new())
    }

    /// The schemas of each property by name, through references and composition. Alternatives may
    /// declare the same property differently.
    pub(crate) fn members(self, node_ref: NodeRef) -> BTreeMap<String, Vec<NodeRef>> {
        let mut members: BTreeMap<String, Vec<NodeRef>> = BTreeMap::new();
        self.visit(node_ref, &mut |_, at, node| {
            let properties = node.get("properties");
            for (name, schema) in properties.into_iter().flat_map(|map| map.members()) {
                let node_refs = members.entry(name.to_owned()).or_default();
                node_refs.push(DocumentSet::node_ref(at, schema));
            }
        });
        members
    }

    /// The schemas in a keyword of the schema at `node_ref`, through references and composition.
    pub(crate) fn keyword_schemas(self, node_ref: NodeRef, keyword: &str) -> Vec<NodeRef> {
        let mut node_refs = Vec::new();
        self.visit(node_ref, &mut |_, at, node| {
            let schema = node.get(keyword);
            node_refs.extend(schema.map(|schema| DocumentSet::node_ref(at, schema)));
        });
        node_refs
    }

    /// The schema at `node_ref` and every schema that it is composed of.
    pub(crate) fn parts(self, node_ref: NodeRef) -> Vec<NodeRef> {
        let mut parts = Vec::new();
        self.visit(node_ref, &mut |_, at, _| parts.push(at));
        parts
    }

    /// The first reference in the schema at `node_ref`, or in a schema that it is composed of, that
    /// leads nowhere.
    pub(crate) fn dangling_reference(self, node_ref: NodeRef) -> Option<NodeRef> {
        let parts = self.parts(node_ref).into_iter();
        let mut dangling = parts.filter_map(|part| follow(self.documents, part).err());
        dangling.find_map(|(at, _)| self.documents.member(at, "$ref"))
    }

    /// The same, if it may decide how a serialized value is read: not if the rest of the schema admits
    /// scalars only, which have one form.
    pub(crate) fn dangling_reading(self, node_ref: NodeRef) -> Option<NodeRef> {
        let types = self.types(node_ref);
        let is_scalar = !types.has(TypeSet::ARRAY) && !types.has(TypeSet::OBJECT);
        self.dangling_reference(node_ref).filter(|_| !is_scalar)
    }

    /// Whether any keyword of the schema at `node_ref`, through references and composition,
    /// satisfies `predicate`.
    pub(crate) fn any_keyword(
        self,
        node_ref: NodeRef,
        predicate: &dyn Fn(&str, JsonNode<'d>) -> bool,
    ) -> bool {
        let mut found = false;
        self.visit(node_ref, &mut |_, _, node| {
            found |= node
                .members()
                .any(|(keyword, value)| predicate(keyword, value));
        });
        found
    }

    /// `known` has the results by depth: a schema can occur in its composition any number of times.
    fn types_at(
        self,
        node_ref: NodeRef,
        depth: u8,
        known: &mut HashMap<(NodeRef, u8), TypeSet>,
    ) -> TypeSet {
        let node = self.documents.node(node_ref);
        if depth > DEPTH_MAX || node.kind() != JsonKind::Object {
            return if node.as_bool() == Some(false) {
                TypeSet::NONE
            } else {
                TypeSet::ALL
            };
        }
        if let Some(types) = known.get(&(node_ref, depth)) {
            return *types;
        }
        let mut types = match self.referred(node_ref, node) {
            Some(target) => self.types_at(target, depth + 1, known),
            None => TypeSet::ALL,
        };
        if !self.is_reference_only(node) {
            types = types & self.own_types(node);
            let at = |branch| DocumentSet::node_ref(node_ref, branch);
            for branch in branches(node, &["allOf"]) {
                types = types & self.types_at(at(branch), depth + 1, known);
            }
            for union in ["anyOf", "oneOf"] {
                let any = branches(node, &[union])
                    .map(|branch| self.types_at(at(branch), depth + 1, known))
                    .reduce(BitOr::bitor);
                types = types & any.unwrap_or(TypeSet::ALL);
            }
        }
        known.insert((node_ref, depth), types);
        types
    }

    /// The direct target of the `$ref` of a schema, if the chain of references ends.
    fn referred(self, node_ref: NodeRef, node: JsonNode<'d>) -> Option<NodeRef> {
        let reference = node.get("$ref")?.as_str()?;
        follow(self.documents, node_ref).ok()?;
        resolve(self.documents, node_ref, reference).ok()
    }

    /// Whether only the `$ref` of a schema counts. OpenAPI 3.0 ignores the other keywords.
    fn is_reference_only(self, node: JsonNode<'_>) -> bool {
        node.get("$ref").is_some() && (self.dialect == Dialect::V30 || node.len() == 1)
    }

    fn own_types(self, node: JsonNode<'_>) -> TypeSet {
        let mut types = match node.get("type") {
            None => TypeSet::ALL,
            Some(one) if one.kind() == JsonKind::String => {
                TypeSet::named(one.as_str().unwrap_or_default())
            }
            Some(many) => many
                .elements()
                .filter_map(|name| name.as_str().map(TypeSet::named))
                .fold(TypeSet::NONE, BitOr::bitor),
        };
        let nullable = node.get("nullable").and_then(|flag| flag.as_bool()) == Some(true);
        if self.dialect == Dialect::V30 && nullable && types != TypeSet::ALL {
            types = types | TypeSet::NULL;
        }
        if let Some(values) = node.get("enum") {
            types = types
                & values
                    .elements()
                    .map(TypeSet::of)
                    .fold(TypeSet::NONE, BitOr::bitor);
        }
        match node.get("const") {
            Some(value) if self.dialect != Dialect::V30 => types & TypeSet::of(value),
            _ => types,
        }
    }

    /// The schemas that apply to some values. OpenAPI 3.0 does not have the keywords.
    fn conditional(self, node: JsonNode<'d>) -> impl Iterator<Item = JsonNode<'d>> {
        let is_known = self.dialect != Dialect::V30;
        let conditions = ["if", "then", "else"].into_iter();
        let conditions = conditions.filter_map(move |keyword| node.get(keyword));
        let dependent = node.get("dependentSchemas").into_iter();
        let dependent = dependent.flat_map(JsonNode::members).map(|(_, one)| one);
        conditions.chain(dependent).filter(move |_| is_known)
    }

    /// Calls `see` for the schema at `node_ref` and every schema that it is composed of, once for
    /// each depth of composition.
    pub(super) fn visit(self, node_ref: NodeRef, see: &mut dyn FnMut(u8, NodeRef, JsonNode<'d>)) {
        enum Step {
            Enter,
            See,
        }
        let mut seen = HashSet::new();
        let mut open = vec![(Step::Enter, 0_u8, node_ref)];
        while let Some((step, depth, node_ref)) = open.pop() {
            let node = self.documents.node(node_ref);
            if matches!(step, Step::See) {
                see(depth, node_ref, node);
                continue;
            }
            let is_object = node.kind() == JsonKind::Object;
            if depth > DEPTH_MAX || !is_object || !seen.insert((depth, node_ref)) {
                continue;
            }
            // The last one is taken first: the target, then the schema, then its branches.
            let is_reference = self.is_reference_only(node);
            if !is_reference {
                let branches = branches(node, &["allOf", "anyOf", "oneOf"]);
                let mut below: Vec<NodeRef> = branches
                    .chain(self.conditional(node))
                    .map(|branch| DocumentSet::node_ref(node_ref, branch))
                    .collect();
                below.reverse();
                open.extend(
                    below
                        .into_iter()
                        .map(|branch| (Step::Enter, depth + 1, branch)),
                );
                open.push((Step::See, depth, node_ref));
            }
            match self.referred(node_ref, node) {
                // A schema that is only a reference does not add a level of composition.
                Some(target) => {
                    open.push((Step::Enter, depth + u8::from(!is_reference), target));
                }
                None if is_reference => open.push((Step::See, depth, node_ref)),
                None => {}
            }
        }
    }
}

fn branches<'d>(
    node: JsonNode<'d>,
    keywords: &[&'static str],
) -> impl Iterator<Item = JsonNode<'d>> {
    let lists: Vec<JsonNode<'d>> = keywords
        .iter()
        .filter_map(|keyword| node.get(keyword))
        .collect();
    lists.into_iter().flat_map(|list| list.elements())
}
