//! The language that schemas of both contracts are read into: nodes of one arena.
//!
//! A node is what one keyword says, or a connection of others. As in JSON Schema, what a keyword
//! says concerns values of one type, and holds of all others. Equal nodes are one node, so
//! equality of schemas is equality of numbers, whichever contract they come from.

use std::sync::Arc;

use super::mask::Mask;

/// A node of an [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id(pub(super) u32);

/// A string of an [`Arena`]: a name, a pattern, a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Word(pub(super) u32);

/// A number of an [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Figure(pub(super) u32);

/// A value of an [`Arena`], equal to others as JSON Schema sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Constant(pub(super) u32);

/// What `properties`, `patternProperties` and `additionalProperties` of one schema say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Members {
    /// By name, sorted.
    pub(super) named: Box<[(Word, Id)]>,
    /// By pattern, sorted.
    pub(super) patterned: Box<[(Word, Id)]>,
    /// All others.
    pub(super) rest: Id,
    /// Whether all others are spoken of, so that they count as declared.
    pub(super) declares_rest: bool,
}

/// What `prefixItems` and `items` of one schema say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Items {
    pub(super) prefix: Box<[Id]>,
    pub(super) rest: Id,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    Type(Mask),
    /// `enum` and `const`, sorted.
    Values(Box<[Constant]>),
    AtLeast(Figure),
    Above(Figure),
    AtMost(Figure),
    Below(Figure),
    MultipleOf(Figure),
    LengthMin(u64),
    LengthMax(u64),
    Pattern(Word),
    Format(Word),
    ItemsMin(u64),
    ItemsMax(u64),
    Unique,
    Contains {
        schema: Id,
        min: u64,
        max: Option<u64>,
    },
    Items(Arc<Items>),
    MembersMin(u64),
    MembersMax(u64),
    /// `required`, one name.
    Has(Word),
    Names(Id),
    Members(Arc<Members>),
    /// Every one holds.
    All(Box<[Id]>),
    /// At least one holds.
    Some(Box<[Id]>),
    /// Exactly one holds.
    One(Box<[Id]>),
    Not(Id),
    /// A definition that refers to itself, by its number.
    Refer(u32),
    /// Holds of all values, and marks a member that is not sent in this direction.
    Unsent,
    /// Holds of a value where one of the readings of its text satisfies the schema.
    Readable(Id),
    /// What cannot be read: unknown of every value of its types.
    Opaque(Word, Mask),
}

/// Holds of every value.
pub(super) const ANY: Id = Id(0);
/// Holds of none.
pub(super) const NEVER: Id = Id(1);

impl Items {
    /// The schema of an item.
    pub(super) fn at(&self, index: usize) -> Id {
        self.prefix.get(index).copied().unwrap_or(self.rest)
    }
}

impl Members {
    /// The schemas of all members.
    pub(super) fn all(&self) -> impl Iterator<Item = Id> {
        let listed = self.named.iter().chain(self.patterned.iter());
        listed.map(|(_, schema)| *schema).chain([self.rest])
    }

    /// The schema of the member with this name, where it is listed by name.
    pub(super) fn of_name(&self, name: Word) -> Option<Id> {
        let at = self
            .named
            .binary_search_by_key(&name, |(name, _)| *name)
            .ok()?;
        Some(self.named[at].1)
    }
}

/// What a node is made of.
pub(super) fn children(node: &Node) -> Box<dyn Iterator<Item = Id> + '_> {
    match node {
        Node::All(parts) | Node::Some(parts) | Node::One(parts) => Box::new(parts.iter().copied()),
        Node::Not(part) | Node::Names(part) | Node::Readable(part) => {
            Box::new(std::iter::once(*part))
        }
        Node::Contains { schema, .. } => Box::new(std::iter::once(*schema)),
        Node::Items(items) => Box::new(items.prefix.iter().copied().chain([items.rest])),
        Node::Members(members) => Box::new(members.all()),
        _ => Box::new(std::iter::empty()),
    }
}
