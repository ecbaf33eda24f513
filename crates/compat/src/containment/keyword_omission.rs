//! Removes one keyword from an acceptor at one location. This lets the search look beyond a cause
//! that the producer cannot avoid, such as a newly required property.

use std::borrow::Cow;

use super::formula::{
    ANY, FormulaId, FormulaNode, ItemFormulas, NEVER, PropertyFormulas, StringId,
};
use super::formula_arena::FormulaArena;
use portcullis_json::pointer;

/// The maximum number of nested formulas to follow at one location.
const DEPTH_MAX: u32 = 64;

/// The keyword to remove.
#[derive(Clone, Debug)]
pub(super) struct KeywordOmission {
    /// The formula of the keyword.
    pub(super) formula: FormulaId,
    /// The property that it forbids, if any.
    pub(super) property: Option<StringId>,
}

/// The formula without the keyword at a pointer. An array index in the pointer stands for all
/// items.
pub(super) fn without(
    arena: &mut FormulaArena,
    id: FormulaId,
    pointer: &str,
    omission: &KeywordOmission,
) -> FormulaId {
    let tokens: Vec<String> = pointer::tokens(pointer).map(Cow::into_owned).collect();
    weakened(arena, id, &tokens, omission, 0)
}

fn weakened(
    arena: &mut FormulaArena,
    id: FormulaId,
    tokens: &[String],
    omission: &KeywordOmission,
    depth: u32,
) -> FormulaId {
    if depth > DEPTH_MAX {
        return id;
    }
    if tokens.is_empty() && id == omission.formula && omission.formula != NEVER {
        return ANY;
    }
    let below = |arena: &mut FormulaArena, part: FormulaId| {
        weakened(arena, part, tokens, omission, depth + 1)
    };
    match arena.node(id).clone() {
        FormulaNode::AllOf(parts) => {
            let parts: Vec<FormulaId> = parts.iter().map(|part| below(arena, *part)).collect();
            arena.all_of(parts)
        }
        FormulaNode::AnyOf(parts) => {
            let parts: Vec<FormulaId> = parts.iter().map(|part| below(arena, *part)).collect();
            arena.any_of(parts)
        }
        FormulaNode::OneOf(parts) => {
            let parts: Vec<FormulaId> = parts.iter().map(|part| below(arena, *part)).collect();
            arena.one_of(parts)
        }
        FormulaNode::Reference(number) => below(arena, arena.definitions[number as usize]),
        FormulaNode::Properties(members) => {
            without_in_properties(arena, id, &members, tokens, omission, depth)
        }
        FormulaNode::Items(items) => match tokens {
            [_, rest @ ..] => {
                let mut each = |part: FormulaId| weakened(arena, part, rest, omission, depth + 1);
                let prefix = items.prefix.iter().map(|part| each(*part)).collect();
                let rest = each(items.rest);
                arena.items(ItemFormulas { prefix, rest })
            }
            [] => id,
        },
        _ => id,
    }
}

fn without_in_properties(
    arena: &mut FormulaArena,
    id: FormulaId,
    members: &PropertyFormulas,
    tokens: &[String],
    omission: &KeywordOmission,
    depth: u32,
) -> FormulaId {
    let mut changed = members.clone();
    match (tokens, omission.property) {
        ([], Some(name)) if omission.formula == NEVER && members.of_name(name).is_none() => {
            let mut named = members.named.to_vec();
            named.push((name, ANY));
            named.sort_unstable();
            changed.named = named.into();
        }
        ([name, rest @ ..], _) => {
            let known = arena
                .find_string(name)
                .filter(|name| members.of_name(*name).is_some());
            let mut each = |part: FormulaId| weakened(arena, part, rest, omission, depth + 1);
            match known {
                Some(known) => {
                    let change = |(name, part): &(StringId, FormulaId)| {
                        if *name == known {
                            (*name, each(*part))
                        } else {
                            (*name, *part)
                        }
                    };
                    changed.named = members.named.iter().map(change).collect();
                }
                None => {
                    let change = |(name, part): &(StringId, FormulaId)| (*name, each(*part));
                    changed.patterned = members.patterned.iter().map(change).collect();
                    changed.rest = each(members.rest);
                }
            }
        }
        _ => return id,
    }
    arena.members(changed)
}
