//! The schema of an array, as a schema of the only item of an array.

use serde_json::Value;

use super::formula::{ANY, FormulaId, FormulaNode, NEVER};
use super::formula_arena::FormulaArena;
use super::type_mask::TypeMask;

/// A formula that holds for a value if the array of only this value satisfies `id`. `None` if the
/// schema is recursive or cannot be interpreted.
pub(super) fn of_single_item(arena: &mut FormulaArena, id: FormulaId) -> Option<FormulaId> {
    let truth = |holds: bool| if holds { ANY } else { NEVER };
    Some(match arena.node(id).clone() {
        FormulaNode::Type(mask) => truth(mask.has(TypeMask::ARRAY)),
        FormulaNode::Values(constants) => {
            let constants = constants.iter().map(|one| arena.constant(*one));
            let items: Vec<Value> = constants.filter_map(only_item).collect();
            arena.values(&items)
        }
        FormulaNode::ItemsMin(min) => truth(min <= 1),
        FormulaNode::ItemsMax(max) => truth(max >= 1),
        FormulaNode::Items(items) => items.at(0),
        FormulaNode::Contains { schema, min, max } => {
            let mut counts = Vec::new();
            if min <= 1 && max.is_none_or(|max| max >= 1) {
                counts.push(schema);
            }
            if min == 0 {
                counts.push(arena.not(schema));
            }
            arena.any_of(counts)
        }
        FormulaNode::AllOf(parts) => {
            let parts = each(arena, &parts)?;
            arena.all_of(parts)
        }
        FormulaNode::AnyOf(parts) => {
            let parts = each(arena, &parts)?;
            arena.any_of(parts)
        }
        FormulaNode::OneOf(parts) => {
            let parts = each(arena, &parts)?;
            arena.one_of(parts)
        }
        FormulaNode::Not(part) => {
            let part = of_single_item(arena, part)?;
            arena.not(part)
        }
        FormulaNode::Reference(_) | FormulaNode::Readable(_) => return None,
        FormulaNode::Opaque(_, mask) if mask.has(TypeMask::ARRAY) => return None,
        // Keywords for values of other types hold for arrays.
        _ => ANY,
    })
}

fn each(arena: &mut FormulaArena, parts: &[FormulaId]) -> Option<Vec<FormulaId>> {
    let mut found = Vec::new();
    for part in parts {
        found.push(of_single_item(arena, *part)?);
    }
    Some(found)
}

fn only_item(value: &Value) -> Option<Value> {
    match value.as_array()?.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}
