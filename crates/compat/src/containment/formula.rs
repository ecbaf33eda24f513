//! The language that schemas of both contracts are read into: nodes of one arena.
//!
//! A node is what one keyword says, or a connection of others. As in JSON Schema, what a keyword
//! says concerns values of one type, and holds of all others. Equal nodes are one node, so
//! equality of schemas is equality of numbers, whichever contract they come from.

use std::sync::Arc;

use super::type_mask::TypeMask;

/// A node of an [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FormulaId(pub(super) u32);

/// A string of an [`Arena`]: a name, a pattern, a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct StringId(pub(super) u32);

/// A number of an [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NumberId(pub(super) u32);

/// A value of an [`Arena`], equal to others as JSON Schema sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ConstantId(pub(super) u32);

/// What `properties`, `patternProperties` and `additionalProperties` of one schema say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PropertyFormulas {
    /// By name, sorted.
    pub(super) named: Box<[(StringId, FormulaId)]>,
    /// By pattern, sorted.
    pub(super) patterned: Box<[(StringId, FormulaId)]>,
    /// All others.
    pub(super) rest: FormulaId,
    /// Whether all others are spoken of, so that they count as declared.
    pub(super) declares_rest: bool,
}

/// What `prefixItems` and `items` of one schema say.
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
    /// `required`, one name.
    RequiredProperty(StringId),
    PropertyNames(FormulaId),
    Properties(Arc<PropertyFormulas>),
    /// Every one holds.
    AllOf(Box<[FormulaId]>),
    /// At least one holds.
    AnyOf(Box<[FormulaId]>),
    /// Exactly one holds.
    OneOf(Box<[FormulaId]>),
    Not(FormulaId),
    /// A definition that refers to itself, by its number.
    Reference(u32),
    /// Holds of all values, and marks a member that is not sent in this direction.
    Unsent,
    /// Holds of a value where one of the readings of its text satisfies the schema.
    Readable(FormulaId),
    /// What cannot be read: unknown of every value of its types.
    Opaque(StringId, TypeMask),
}

/// Holds of every value.
pub(super) const ANY: FormulaId = FormulaId(0);
/// Holds of none.
pub(super) const NEVER: FormulaId = FormulaId(1);

impl ItemFormulas {
    /// The schema of an item.
    pub(super) fn at(&self, index: usize) -> FormulaId {
        self.prefix.get(index).copied().unwrap_or(self.rest)
    }
}

impl PropertyFormulas {
    /// The schemas of all members.
    pub(super) fn all(&self) -> impl Iterator<Item = FormulaId> {
        let listed = self.named.iter().chain(self.patterned.iter());
        listed.map(|(_, schema)| *schema).chain([self.rest])
    }

    /// The schema of the member with this name, where it is listed by name.
    pub(super) fn of_name(&self, name: StringId) -> Option<FormulaId> {
        let at = self
            .named
            .binary_search_by_key(&name, |(name, _)| *name)
            .ok()?;
        Some(self.named[at].1)
    }
}

/// What a node is made of.
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
