//! The alternatives of a formula: what remains of them under the assumptions, and the branches to
//! try.
//!
//! `oneOf` of many alternatives is decided step by step, on one alternative after the other. A list
//! of all pairs that could hold at once would grow with the square of their number.

use super::super::formula::{FormulaId, FormulaNode};
use super::super::formula_arena::FormulaArena;
use super::super::sent_values::{declares_properties, names_properties};
use super::super::type_mask::TypeMask;
use super::goal_state::GoalState;
use super::search_goal::{Literal, LiteralMode};

/// Literals that are assumed together.
pub(super) type AlternativeLiterals = Vec<Literal>;

/// With more alternatives than this, at most two are combined.
const COMBINED_MAX: usize = 3;

/// What remains of a choice under the assumptions.
pub(super) enum RemainingChoice {
    /// No alternative can hold.
    None,
    /// These literals follow, and the choice is made.
    One(AlternativeLiterals),
    /// This literal follows, and the choice remains.
    Partly(Literal),
    Several,
    /// One alternative is already assumed.
    Satisfied,
}

/// A part of the values that are left: one alternative of a choice.
pub(super) struct ChoiceBranch {
    pub(super) literals: AlternativeLiterals,
    /// Whether the choice is still to be made.
    pub(super) is_open: bool,
    /// What holds for all other values if this branch has none.
    pub(super) otherwise: Option<Literal>,
}

impl ChoiceBranch {
    fn of(literals: AlternativeLiterals) -> Self {
        Self {
            literals,
            is_open: false,
            otherwise: None,
        }
    }
}

/// What remains of a choice.
pub(super) fn remaining_choice(
    arena: &FormulaArena,
    state: &GoalState,
    choice: Literal,
) -> RemainingChoice {
    match (arena.node(choice.id), choice.mode) {
        (FormulaNode::AnyOf(parts) | FormulaNode::AllOf(parts), _) => {
            remaining_of_any(arena, state, choice, parts)
        }
        (FormulaNode::OneOf(parts), LiteralMode::Fails) => {
            remaining_of_not_one(arena, state, parts)
        }
        (FormulaNode::OneOf(parts), _) => remaining_of_one(arena, state, choice, parts),
        _ => RemainingChoice::Several,
    }
}

fn remaining_of_any(
    arena: &FormulaArena,
    state: &GoalState,
    choice: Literal,
    parts: &[FormulaId],
) -> RemainingChoice {
    let (mut is_satisfied, mut declares_more) = (false, false);
    let (mut only, mut count) = (None, 0);
    for part in parts {
        let literal = choice.of(*part);
        if state.has(literal) {
            is_satisfied = true;
        } else if state.is_feasible(arena, literal) {
            count += 1;
            only = Some(literal);
            declares_more |= choice.mode == LiteralMode::Sent && names_properties(arena, *part);
        }
    }
    match (is_satisfied, only) {
        // The producer may satisfy a further alternative and send what that one declares.
        (true, Some(_)) if declares_more => RemainingChoice::Several,
        (true, _) => RemainingChoice::Satisfied,
        (false, None) => RemainingChoice::None,
        (false, Some(only)) if count == 1 => RemainingChoice::One(vec![only]),
        (false, Some(_)) => RemainingChoice::Several,
    }
}

/// Exactly one of the parts holds.
fn remaining_of_one(
    arena: &FormulaArena,
    state: &GoalState,
    choice: Literal,
    parts: &[FormulaId],
) -> RemainingChoice {
    let (mut held, mut feasible) = (Vec::new(), Vec::new());
    for (at, part) in parts.iter().enumerate() {
        if state.has(Literal::holds(*part)) {
            held.push(at);
        } else if state.is_feasible(arena, choice.of(*part)) {
            feasible.push(at);
        }
    }
    let only = match (&held[..], &feasible[..]) {
        ([only], _) | ([], [only]) => *only,
        ([], [_, _, ..]) => return RemainingChoice::Several,
        _ => return RemainingChoice::None,
    };
    let literals: AlternativeLiterals = exactly(parts, only, choice.mode)
        .filter(|literal| !state.has(*literal))
        .collect();
    if literals.is_empty() {
        RemainingChoice::Satisfied
    } else {
        RemainingChoice::One(literals)
    }
}

/// The parts are not such that exactly one holds.
fn remaining_of_not_one(
    arena: &FormulaArena,
    state: &GoalState,
    parts: &[FormulaId],
) -> RemainingChoice {
    let (held, open) = sorted_parts(arena, state, parts);
    let forced = open
        .iter()
        .find(|part| !state.is_feasible(arena, Literal::fails(**part)));
    match (held, &open[..], forced) {
        (2.., _, _) | (0, [], _) => RemainingChoice::Satisfied,
        (1, [], _) => RemainingChoice::None,
        (1, [only], _) => RemainingChoice::One(vec![Literal::holds(*only)]),
        (_, _, Some(part)) => RemainingChoice::Partly(Literal::holds(*part)),
        (0, [only], _) => RemainingChoice::One(vec![Literal::fails(*only)]),
        _ => RemainingChoice::Several,
    }
}

/// The number of parts that hold, and the parts that may hold or fail.
fn sorted_parts(
    arena: &FormulaArena,
    state: &GoalState,
    parts: &[FormulaId],
) -> (usize, Vec<FormulaId>) {
    let (mut held, mut open) = (0, Vec::new());
    for part in parts {
        if state.has(Literal::holds(*part)) {
            held += 1;
        } else if state.is_feasible(arena, Literal::holds(*part)) {
            open.push(*part);
        }
    }
    (held, open)
}

fn exactly(
    parts: &[FormulaId],
    only: usize,
    mode: LiteralMode,
) -> impl Iterator<Item = Literal> + '_ {
    parts.iter().enumerate().map(move |(at, part)| {
        if at == only {
            Literal::new(*part, mode)
        } else {
            Literal::fails(*part)
        }
    })
}

/// The number of alternatives that can hold.
pub(super) fn width(arena: &FormulaArena, state: &GoalState, choice: Literal) -> usize {
    match arena.node(choice.id) {
        FormulaNode::AnyOf(parts) | FormulaNode::AllOf(parts) | FormulaNode::OneOf(parts) => parts
            .iter()
            .filter(|part| state.is_feasible(arena, choice.of(**part)))
            .count(),
        _ => usize::MAX,
    }
}

/// The branches of a choice that is made now. `pivot` is true for the alternatives of `oneOf` that hold for
/// the value that was found; the choice is split there.
pub(super) fn branches(
    arena: &FormulaArena,
    state: &GoalState,
    choice: Literal,
    mut pivot: impl FnMut(FormulaId) -> bool,
) -> Vec<ChoiceBranch> {
    match (arena.node(choice.id), choice.mode) {
        (FormulaNode::AnyOf(parts) | FormulaNode::AllOf(parts), mode) => parts
            .iter()
            .map(|part| ChoiceBranch {
                otherwise: opposite(arena, *part, mode),
                ..ChoiceBranch::of(vec![choice.of(*part)])
            })
            .collect(),
        (FormulaNode::OneOf(parts), LiteralMode::Fails) => {
            let (held, open) = sorted_parts(arena, state, parts);
            if held > 0 {
                let second = |part: &FormulaId| ChoiceBranch::of(vec![Literal::holds(*part)]);
                return open.iter().map(second).collect();
            }
            let at = open.iter().position(|part| pivot(*part)).unwrap_or(0);
            let split = |literal| ChoiceBranch {
                is_open: true,
                ..ChoiceBranch::of(vec![literal])
            };
            let part = open.get(at).copied();
            part.into_iter()
                .flat_map(|part| [Literal::fails(part), Literal::holds(part)])
                .map(split)
                .collect()
        }
        (FormulaNode::OneOf(parts), mode) => (0..parts.len())
            .map(|only| ChoiceBranch::of(exactly(parts, only, mode).collect()))
            .collect(),
        _ => Vec::new(),
    }
}

/// The opposite of a literal, for keywords that decide other alternatives, too.
fn opposite(arena: &FormulaArena, part: FormulaId, mode: LiteralMode) -> Option<Literal> {
    let is_plain = matches!(
        arena.node(part),
        FormulaNode::RequiredProperty(_) | FormulaNode::Type(_)
    );
    match mode {
        _ if !is_plain => None,
        LiteralMode::Holds => Some(Literal::fails(part)),
        LiteralMode::Fails => Some(Literal::holds(part)),
        LiteralMode::Sent => None,
    }
}

fn declares(arena: &FormulaArena, part: FormulaId) -> bool {
    arena.holds(part).has(TypeMask::OBJECT) && declares_properties(arena, part)
}

/// Adds combinations of alternatives. A producer may satisfy several alternatives of `anyOf` at
/// once and send the properties that they declare together.
pub(super) fn combined(
    arena: &FormulaArena,
    choice: Literal,
    mut branches: Vec<ChoiceBranch>,
) -> Vec<ChoiceBranch> {
    let FormulaNode::AnyOf(parts) = arena.node(choice.id) else {
        return branches;
    };
    let declaring: Vec<FormulaId> = parts
        .iter()
        .copied()
        .filter(|part| declares(arena, *part))
        .collect();
    let of = |parts: &[FormulaId]| {
        ChoiceBranch::of(
            parts
                .iter()
                .map(|part| choice.of(*part))
                .collect::<Vec<_>>(),
        )
    };
    for (at, one) in declaring.iter().enumerate() {
        for other in &declaring[at + 1..] {
            branches.push(of(&[*one, *other]));
        }
    }
    if declaring.len() == COMBINED_MAX {
        branches.push(of(&declaring));
    }
    branches
}
