//! An acceptor without one keyword at one place: for looking beyond a cause that no value of the
//! producer avoids, such as a member that is newly required.

use std::borrow::Cow;

use portcullis_json::pointer;

use super::formula::{
    ANY, FormulaId, FormulaNode, ItemFormulas, NEVER, PropertyFormulas, StringId,
};
use super::formula_arena::FormulaArena;

/// In-place references are followed so often.
const DEPTH_MAX: u32 = 64;

/// What is left out.
#[derive(Clone, Debug)]
pub(super) struct KeywordOmission {
    /// What the keyword says.
    pub(super) formula: FormulaId,
    /// The member that it rules out, where it is about one.
    pub(super) member: Option<StringId>,
}

/// The formula without what is left out, at a pointer; list indices stand for all items.
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
            of_members(arena, id, &members, tokens, omission, depth)
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

fn of_members(
    arena: &mut FormulaArena,
    id: FormulaId,
    members: &PropertyFormulas,
    tokens: &[String],
    omission: &KeywordOmission,
    depth: u32,
) -> FormulaId {
    let mut changed = members.clone();
    match (tokens, omission.member) {
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
                    let change = |(name, part): &(StringId, FormulaId)| match *name == known {
                        true => (*name, each(*part)),
                        false => (*name, *part),
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
