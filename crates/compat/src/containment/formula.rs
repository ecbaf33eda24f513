//! The formulas that the schemas of both contracts are translated to.
//!
//! A node is one keyword or a combination of other nodes. As in JSON Schema, a keyword constrains
//! values of one type and holds for all others. Equal nodes share one id, so comparing schemas for
//! equality compares ids, even across contracts.

use std::sync::Arc;

use super::type_mask::TypeMask;

/// A node of a [`FormulaArena`](super::formula_arena::FormulaArena).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FormulaId(pub(super) u32);

/// A string of the arena: a name, a pattern or a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct StringId(pub(super) u32);

/// A number of the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NumberId(pub(super) u32);

/// A value of the arena, unique by JSON Schema equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ConstantId(pub(super) u32);

/// `properties`, `patternProperties` and `additionalProperties` of one schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PropertyFormulas {
    /// By name, sorted.
    pub(super) named: Box<[(StringId, FormulaId)]>,
    /// By pattern, sorted.
    pub(super) patterned: Box<[(StringId, FormulaId)]>,
    /// All other properties.
    pub(super) rest: FormulaId,
    /// Whether all other properties count as declared.
    pub(super) declares_rest: bool,
}

/// `prefixItems` and `items` of one schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ItemFormulas {
    pub(super) prefix: Box<[FormulaId]>,
    pub(super) rest: FormulaId,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum FormulaNode {
    Type(TypeMask),
    /// `enum` and `const`, sorted.
    Values(Box<[ConstantId]>),
    AtLeast(NumberId),
    Above(NumberId),
    AtMost(NumberId),
    Below(NumberId),
    MultipleOf(NumberId),
    LengthMin(u64),
    LengthMax(u64),
    Pattern(StringId),
    Format(StringId),
    ItemsMin(u64),
    ItemsMax(u64),
    Unique,
    Contains {
        schema: FormulaId,
        min: u64,
        max: Option<u64>,
    },
    Items(Arc<ItemFormulas>),
    PropertiesMin(u64),
    PropertiesMax(u64),
    /// One name of `required`.
    RequiredProperty(StringId),
    PropertyNames(FormulaId),
    Properties(Arc<PropertyFormulas>),
    /// All hold.
    AllOf(Box<[FormulaId]>),
    /// At least one holds.
    AnyOf(Box<[FormulaId]>),
    /// Exactly one holds.
    OneOf(Box<[FormulaId]>),
    Not(FormulaId),
    /// A recursive definition, by its number.
    Reference(u32),
    /// Holds for all values and marks a property that is not sent in this direction.
    Unsent,
    /// Holds if one of the readings of the value's text satisfies the schema.
    Readable(FormulaId),
    /// A keyword that cannot be interpreted: its result is unknown for every value of these types.
    Opaque(StringId, TypeMask),
}

/// Holds for every value.
pub(super) const ANY: FormulaId = FormulaId(0);
/// Holds for no value.
pub(super) const NEVER: FormulaId = FormulaId(1);

impl ItemFormulas {
    /// The schema of an item.
    pub(super) fn at(&self, index: usize) -> FormulaId {
        self.prefix.get(index).copied().unwrap_or(self.rest)
    }
}

impl PropertyFormulas {
    /// The schemas of all properties.
    pub(super) fn all(&self) -> impl Iterator<Item = FormulaId> {
        let listed = self.named.iter().chain(self.patterned.iter());
        listed.map(|(_, schema)| *schema).chain([self.rest])
    }

    /// The schema of a property that is listed by name.
    pub(super) fn of_name(&self, name: StringId) -> Option<FormulaId> {
        let at = self
            .named
            .binary_search_by_key(&name, |(name, _)| *name)
            .ok()?;
        Some(self.named[at].1)
    }
}

/// The direct children of a node.
pub(super) fn children(node: &FormulaNode) -> Box<dyn Iterator<Item = FormulaId> + '_> {
    match node {
        FormulaNode::AllOf(parts) | FormulaNode::AnyOf(parts) | FormulaNode::OneOf(parts) => {
            Box::new(parts.iter().copied())
        }
        FormulaNode::Not(part) | FormulaNode::PropertyNames(part) | FormulaNode::Readable(part) => {
            Box::new(std::iter::once(*part))
        }
        FormulaNode::Contains { schema, .. } => Box::new(std::iter::once(*schema)),
        FormulaNode::Items(items) => Box::new(items.prefix.iter().copied().chain([items.rest])),
        FormulaNode::Properties(members) => Box::new(members.all()),
        _ => Box::new(std::iter::empty()),
    }
}
