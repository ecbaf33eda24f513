//! Conflicts and consequences of literals that need no search: equal formulas, disjoint types, and
//! lists of values. They decide most alternatives of a `oneOf` with a discriminating property.

use super::super::formula::{ConstantId, FormulaId, FormulaNode};
use super::super::formula_arena::FormulaArena;
use super::super::type_mask::TypeMask;
use super::search_goal::{Literal, LiteralMode};

/// The formulas that hold together if a formula holds.
fn conjuncts<'a>(arena: &'a FormulaArena, id: &'a FormulaId) -> &'a [FormulaId] {
    match arena.node(*id) {
        FormulaNode::AllOf(parts) => parts,
        _ => std::slice::from_ref(id),
    }
}

fn listed(arena: &FormulaArena, id: FormulaId) -> Option<&[ConstantId]> {
    match arena.node(id) {
        FormulaNode::Values(values) => Some(values),
        _ => None,
    }
}

/// The types that the literals leave.
fn types(arena: &FormulaArena, literals: &[Literal]) -> TypeMask {
    literals.iter().fold(TypeMask::ALL, |mask, literal| {
        mask.and(literal.types(arena))
    })
}

/// All formulas that the literals require.
fn required<'a>(
    arena: &'a FormulaArena,
    literals: &'a [Literal],
) -> impl Iterator<Item = FormulaId> + Clone + 'a {
    literals
        .iter()
        .filter(|literal| literal.is_positive())
        .flat_map(|literal| conjuncts(arena, &literal.id).iter().copied())
}

/// Whether a formula certainly holds for all values that satisfy the literals.
pub(super) fn surely_holds(arena: &FormulaArena, literals: &[Literal], id: FormulaId) -> bool {
    if !types(arena, literals).has(arena.fails(id)) {
        return true;
    }
    let covers = |part: FormulaId| {
        required(arena, literals).any(|known| {
            known == part
                || match (listed(arena, known), listed(arena, part)) {
                    (Some(known), Some(all)) => {
                        known.iter().all(|value| all.binary_search(value).is_ok())
                    }
                    _ => false,
                }
        })
    };
    let mask = types(arena, literals);
    required(arena, literals).any(|known| known == id)
        || conjuncts(arena, &id)
            .iter()
            .all(|part| !mask.has(arena.fails(*part)) || covers(*part))
}

/// Whether a formula certainly fails for all values that satisfy the literals.
pub(super) fn surely_fails(arena: &FormulaArena, literals: &[Literal], id: FormulaId) -> bool {
    if !types(arena, literals).has(arena.holds(id)) {
        return true;
    }
    let is_refuted = |literal: &Literal| {
        literal.mode == LiteralMode::Fails
            && (literal.id == id || conjuncts(arena, &id).contains(&literal.id))
    };
    let disjoint = |part: FormulaId| {
        listed(arena, part).is_some_and(|allowed| {
            required(arena, literals)
                .filter_map(|known| listed(arena, known))
                .any(|known| {
                    known
                        .iter()
                        .all(|value| allowed.binary_search(value).is_err())
                })
        })
    };
    literals.iter().any(is_refuted) || conjuncts(arena, &id).iter().any(|part| disjoint(*part))
}
