//! The alternatives of a formula.

use super::super::formula::{FormulaId, FormulaNode};
use super::super::formula_arena::FormulaArena;
use super::super::sent_values::declares_properties;
use super::super::type_mask::TypeMask;
use super::search_goal::{Literal, LiteralMode};

/// Literals that are assumed together.
pub(super) type AlternativeLiterals = Vec<Literal>;

/// With more alternatives than this, at most two are combined.
const COMBINED_MAX: usize = 3;

/// The alternatives of a choice.
pub(super) fn options(arena: &FormulaArena, choice: Literal) -> Vec<AlternativeLiterals> {
    let single = |part: &FormulaId| vec![choice.of(*part)];
    match (arena.node(choice.id), choice.mode) {
        (FormulaNode::AnyOf(parts) | FormulaNode::AllOf(parts), _) => {
            parts.iter().map(single).collect()
        }
        (FormulaNode::OneOf(parts), LiteralMode::Fails) => {
            let none = parts.iter().map(|part| Literal::fails(*part)).collect();
            let pairs = (0..parts.len()).flat_map(|one| {
                (one + 1..parts.len()).map(move |other| {
                    vec![Literal::holds(parts[one]), Literal::holds(parts[other])]
                })
            });
            std::iter::once(none).chain(pairs).collect()
        }
        (FormulaNode::OneOf(parts), mode) => {
            let only = |at: usize| {
                let each = parts.iter().enumerate();
                each.map(|(other, part)| {
                    if other == at {
                        Literal::new(*part, mode)
                    } else {
                        Literal::fails(*part)
                    }
                })
                .collect()
            };
            (0..parts.len()).map(only).collect()
        }
        _ => Vec::new(),
    }
}

/// Adds combinations of alternatives. A producer may satisfy several alternatives of `anyOf` at
/// once and send the properties that they declare together.
pub(super) fn combined(
    arena: &FormulaArena,
    choice: Literal,
    mut options: Vec<AlternativeLiterals>,
) -> Vec<AlternativeLiterals> {
    let FormulaNode::AnyOf(parts) = arena.node(choice.id) else {
        return options;
    };
    let declaring: Vec<FormulaId> = parts
        .iter()
        .copied()
        .filter(|part| {
            arena.holds(*part).has(TypeMask::OBJECT) && declares_properties(arena, *part)
        })
        .collect();
    let of = |parts: &[FormulaId]| {
        parts
            .iter()
            .map(|part| choice.of(*part))
            .collect::<Vec<_>>()
    };
    for (at, one) in declaring.iter().enumerate() {
        for other in &declaring[at + 1..] {
            options.push(of(&[*one, *other]));
        }
    }
    if declaring.len() == COMBINED_MAX {
        options.push(of(&declaring));
    }
    options
}
