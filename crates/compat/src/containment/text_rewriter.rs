//! Rewrites a schema for values that are carried as text, where each scalar has several readings.

use std::collections::HashMap;

use super::formula::{ANY, FormulaId, FormulaNode, ItemFormulas, NEVER, PropertyFormulas};
use super::formula_arena::FormulaArena;

/// A formula that holds for a value if one of the readings of its text satisfies `id`.
pub(super) fn readable_as_text(arena: &mut FormulaArena, id: FormulaId) -> FormulaId {
    TextRewriter::default().whole(arena, id)
}

#[derive(Default)]
struct TextRewriter {
    wholes: HashMap<FormulaId, FormulaId>,
}

impl TextRewriter {
    /// Rewrites the schema of a whole value.
    fn whole(&mut self, arena: &mut FormulaArena, id: FormulaId) -> FormulaId {
        if id == ANY || id == NEVER {
            return id;
        }
        if let Some(known) = self.wholes.get(&id) {
            return *known;
        }
        let part = self.part(arena, id);
        let whole = arena.add(FormulaNode::Readable(part));
        self.wholes.insert(id, whole);
        whole
    }

    /// Rewrites a part of a schema that applies to the same value.
    fn part(&mut self, arena: &mut FormulaArena, id: FormulaId) -> FormulaId {
        let node = arena.node(id).clone();
        match node {
            FormulaNode::AllOf(parts) => {
                let parts: Vec<FormulaId> =
                    parts.iter().map(|part| self.part(arena, *part)).collect();
                arena.all_of(parts)
            }
            FormulaNode::AnyOf(parts) => {
                let parts: Vec<FormulaId> =
                    parts.iter().map(|part| self.part(arena, *part)).collect();
                arena.any_of(parts)
            }
            FormulaNode::OneOf(parts) => {
                let parts: Vec<FormulaId> =
                    parts.iter().map(|part| self.part(arena, *part)).collect();
                arena.one_of(parts)
            }
            FormulaNode::Not(part) => {
                let part = self.part(arena, part);
                arena.not(part)
            }
            FormulaNode::Items(items) => {
                let prefix = items
                    .prefix
                    .iter()
                    .map(|part| self.whole(arena, *part))
                    .collect();
                let rest = self.whole(arena, items.rest);
                arena.items(ItemFormulas { prefix, rest })
            }
            FormulaNode::Properties(members) => {
                let mut list =
                    |arena: &mut FormulaArena, list: &[(super::formula::StringId, FormulaId)]| {
                        list.iter()
                            .map(|(word, part)| (*word, self.whole(arena, *part)))
                            .collect()
                    };
                let named = list(arena, &members.named);
                let patterned = list(arena, &members.patterned);
                let rest = self.whole(arena, members.rest);
                let declares_rest = members.declares_rest;
                arena.members(PropertyFormulas {
                    named,
                    patterned,
                    rest,
                    declares_rest,
                })
            }
            _ => id,
        }
    }
}
