//! The constraints on an array: per position, and for items at any position.

use std::sync::Arc;

use super::super::formula::{ANY, FormulaId, FormulaNode, ItemFormulas};
use super::super::formula_arena::FormulaArena;
use super::goal_state::GoalState;
use super::search_goal::{Literal, LiteralMode};

/// If the range of allowed counts is at most this wide, each count is tried.
const COUNTS_MAX: u64 = 8;

/// How many items satisfy a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemCount {
    AtLeast(u64),
    Exactly(u64),
}

/// The constraints on an array.
#[derive(Debug, Default)]
pub(super) struct ArrayGoal {
    open: Vec<(Arc<ItemFormulas>, LiteralMode)>,
    pub(super) broken: Vec<Arc<ItemFormulas>>,
    pub(super) min: u64,
    pub(super) max: Option<u64>,
    /// Whether all items must differ (`true`), or two must be equal (`false`).
    pub(super) unique: Option<bool>,
    /// For each schema, the allowed counts.
    pub(super) counts: Vec<(FormulaId, Vec<ItemCount>)>,
    /// Whether the constraints contradict each other.
    pub(super) is_contradiction: bool,
}

impl ArrayGoal {
    pub(super) fn of(arena: &FormulaArena, state: &GoalState) -> Self {
        let mut array_goal = Self::default();
        for unit in &state.units {
            array_goal.add(arena, *unit);
        }
        array_goal.is_contradiction |= array_goal.max.is_some_and(|max| max < array_goal.min);
        array_goal
    }

    fn add(&mut self, arena: &FormulaArena, unit: Literal) {
        let holds = unit.is_positive();
        match arena.node(unit.id) {
            FormulaNode::Items(items) if holds => self.open.push((Arc::clone(items), unit.mode)),
            FormulaNode::Items(items) => self.broken.push(Arc::clone(items)),
            FormulaNode::ItemsMin(min) if holds => self.min = self.min.max(*min),
            FormulaNode::ItemsMin(min) => self.at_most(min.saturating_sub(1)),
            FormulaNode::ItemsMax(max) if holds => self.at_most(*max),
            FormulaNode::ItemsMax(max) => self.min = self.min.max(max.saturating_add(1)),
            FormulaNode::Unique => {
                self.is_contradiction |= self.unique == Some(!holds);
                self.unique = Some(holds);
            }
            FormulaNode::Contains { schema, min, max } if holds => self.count(*schema, *min, *max),
            FormulaNode::Contains { schema, min, max } => self.count_not(*schema, *min, *max),
            _ => {}
        }
    }

    fn at_most(&mut self, max: u64) {
        self.max = Some(self.max.map_or(max, |known| known.min(max)));
    }

    fn count(&mut self, schema: FormulaId, min: u64, max: Option<u64>) {
        let counts = match max {
            None => vec![ItemCount::AtLeast(min)],
            Some(max) if max < min => Vec::new(),
            Some(max) if max - min <= COUNTS_MAX => (min..=max).map(ItemCount::Exactly).collect(),
            // The upper bound is dropped. The evaluator detects a value that exceeds it.
            Some(_) => vec![ItemCount::AtLeast(min)],
        };
        self.counts.push((schema, counts));
    }

    fn count_not(&mut self, schema: FormulaId, min: u64, max: Option<u64>) {
        let mut counts = Vec::new();
        if min <= COUNTS_MAX {
            counts.extend((0..min).map(ItemCount::Exactly))
        } else {
            counts.push(ItemCount::AtLeast(0))
        }
        counts.extend(max.map(|max| ItemCount::AtLeast(max.saturating_add(1))));
        self.counts.push((schema, counts));
    }

    /// The number of positions that have a separate schema in any constraint.
    pub(super) fn prefix(&self) -> usize {
        let open = self.open.iter().map(|(items, _)| items);
        open.chain(&self.broken)
            .map(|items| items.prefix.len())
            .max()
            .unwrap_or(0)
    }

    /// The literals for the item at a position.
    pub(super) fn literals(&self, index: usize) -> Vec<Literal> {
        let open = self
            .open
            .iter()
            .map(|(items, mode)| Literal::new(items.at(index), *mode));
        open.filter(|literal| literal.id != ANY).collect()
    }

    /// All combinations that choose one count for each schema.
    pub(super) fn choices(&self) -> Vec<Vec<(FormulaId, ItemCount)>> {
        self.counts
            .iter()
            .fold(vec![Vec::new()], |choices, (schema, counts)| {
                let extend = |chosen: &Vec<(FormulaId, ItemCount)>| {
                    counts
                        .iter()
                        .map(|count| [&chosen[..], &[(*schema, *count)]].concat())
                        .collect::<Vec<_>>()
                };
                choices.iter().flat_map(extend).collect()
            })
    }
}
