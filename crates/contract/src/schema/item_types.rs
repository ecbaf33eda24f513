//! The types of the items of an array schema, by position.
//!
//! A list arrives as texts, and the schema of its position decides whether `10` is a number or a
//! string.

use portcullis_json::JsonNode;

use super::schema_surface::{SchemaSurface, TypeSet};
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};

/// The most positions with their own types. Later items have the types of all that follow.
const POSITIONS_MAX: usize = 16;

/// The types of the items of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ItemTypes {
    /// The types of the first items, as many as `count`.
    first: [TypeSet; POSITIONS_MAX],
    count: u8,
    /// The types of the other items.
    rest: TypeSet,
}

impl ItemTypes {
    /// Items of every type.
    pub(crate) const ANY: Self = Self {
        first: [TypeSet::ALL; POSITIONS_MAX],
        count: 0,
        rest: TypeSet::ALL,
    };

    /// The types of the item at a position.
    pub(crate) fn at(&self, position: usize) -> TypeSet {
        self.own().get(position).copied().unwrap_or(self.rest)
    }

    /// The types of all items, if they do not depend on the position.
    pub(crate) fn alike(&self) -> Option<TypeSet> {
        (self.count == 0).then_some(self.rest)
    }

    /// The types of each position with its own, and those of the other items.
    pub(crate) fn iter(&self) -> impl Iterator<Item = TypeSet> + '_ {
        self.own().iter().copied().chain([self.rest])
    }

    /// The types that any item has.
    pub(crate) fn all(&self) -> TypeSet {
        self.iter().fold(TypeSet::NONE, |all, types| all | types)
    }

    /// Whether the text of an item can be a string or another scalar.
    pub(crate) fn is_mixed(&self) -> bool {
        self.iter().any(TypeSet::is_mixed)
    }

    /// The types of items that two schemas describe.
    pub(crate) fn joined(self, other: Self) -> Self {
        let count = self.count.max(other.count);
        let mut joined = Self {
            count,
            rest: self.rest.joined(other.rest),
            ..Self::ANY
        };
        for (position, types) in joined.first.iter_mut().enumerate().take(count.into()) {
            *types = self.at(position).joined(other.at(position));
        }
        joined
    }

    fn own(&self) -> &[TypeSet] {
        &self.first[..usize::from(self.count)]
    }

    /// Items whose first ones have these types.
    fn of(positions: impl Iterator<Item = TypeSet>, rest: TypeSet) -> Self {
        let mut items = Self { rest, ..Self::ANY };
        for types in positions {
            match items.first.get_mut(usize::from(items.count)) {
                Some(first) => {
                    *first = types;
                    items.count += 1;
                }
                None => items.rest = items.rest | types,
            }
        }
        items
    }
}

impl SchemaSurface<'_> {
    /// The types of the items of the array schema at `node_ref`.
    pub(crate) fn item_types(self, node_ref: NodeRef) -> ItemTypes {
        let mut found: Option<ItemTypes> = None;
        self.visit(node_ref, &mut |_, owner, node| {
            let types_of = |schema| self.types(DocumentSet::node_ref(owner, schema));
            // OpenAPI 3.0 does not have the keyword.
            let first = node.get("prefixItems");
            let first = first.filter(|_| self.dialect != Dialect::V30);
            let items = node.get("items");
            if first.is_none() && items.is_none() {
                return;
            }
            let positions = first.into_iter().flat_map(JsonNode::elements);
            let rest = items.map_or(TypeSet::ALL, types_of);
            let own = ItemTypes::of(positions.map(types_of), rest);
            found = Some(found.map_or(own, |known| known.joined(own)));
        });
        found.unwrap_or(ItemTypes::ANY)
    }
}
