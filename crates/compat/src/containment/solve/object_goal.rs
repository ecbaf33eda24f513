//! The constraints on an object: for each property by name, and for some property of any name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::super::formula::{ANY, FormulaId, FormulaNode, PropertyFormulas, StringId};
use super::super::formula_arena::FormulaArena;
use super::super::formula_evaluator::FormulaEvaluator;
use super::super::type_mask::TypeMask;
use super::goal_state::GoalState;
use super::search_goal::{Literal, LiteralMode, SearchAnswer, SearchGoal};
use super::solver::Solver;

/// The maximum number of patterns for which all combinations are tried; beyond it, each pattern is
/// tried alone.
const PATTERNS_MAX: usize = 5;

/// A constraint that some property must violate.
#[derive(Clone, Debug)]
pub(super) enum PropertyDemand {
    /// The property violates these schemas.
    Member(Arc<PropertyFormulas>),
    /// The name violates a schema.
    Name(FormulaId),
}

/// A property name, and an additional literal for its value.
pub(super) type PropertyCandidate = (StringId, Option<Literal>);

#[derive(Debug, Default)]
pub(super) struct ObjectGoal {
    pub(super) open: Vec<(Arc<PropertyFormulas>, LiteralMode)>,
    pub(super) demands: Vec<PropertyDemand>,
    pub(super) has: BTreeSet<StringId>,
    /// Properties that the producer requires, and so sends even if they are not declared.
    demanded: BTreeSet<StringId>,
    lacks: BTreeSet<StringId>,
    pub(super) min: u64,
    pub(super) max: Option<u64>,
    names: Vec<FormulaId>,
    is_closed: bool,
    /// All names that the schemas list.
    pub(super) listed: BTreeSet<StringId>,
    /// All name patterns.
    patterns: Vec<StringId>,
}

/// Whether a property may be present.
pub(super) enum PropertyAllowance {
    No,
    /// Yes: the literals for its value, and whether they are complete.
    Yes(Vec<Literal>, bool),
}

impl ObjectGoal {
    pub(super) fn of(arena: &FormulaArena, state: &GoalState) -> Self {
        let mut object_goal = Self {
            is_closed: state.is_closed,
            ..Self::default()
        };
        for unit in &state.units {
            object_goal.add(arena, *unit);
        }
        let mut patterns: Vec<StringId> = Vec::new();
        let demanded = object_goal
            .demands
            .iter()
            .filter_map(|demand| match demand {
                PropertyDemand::Member(members) => Some(members),
                PropertyDemand::Name(_) => None,
            });
        for members in object_goal
            .open
            .iter()
            .map(|(members, _)| members)
            .chain(demanded)
        {
            object_goal
                .listed
                .extend(members.named.iter().map(|(name, _)| *name));
            patterns.extend(members.patterned.iter().map(|(pattern, _)| *pattern));
        }
        patterns.sort_unstable();
        patterns.dedup();
        object_goal.patterns = patterns;
        object_goal
            .listed
            .extend(object_goal.has.iter().chain(&object_goal.lacks));
        object_goal
    }

    fn add(&mut self, arena: &FormulaArena, unit: Literal) {
        let holds = unit.is_positive();
        match arena.node(unit.id) {
            FormulaNode::Properties(members) if holds => {
                self.open.push((Arc::clone(members), unit.mode))
            }
            FormulaNode::Properties(members) => self
                .demands
                .push(PropertyDemand::Member(Arc::clone(members))),
            FormulaNode::PropertyNames(schema) if holds => self.names.push(*schema),
            FormulaNode::PropertyNames(schema) => self.demands.push(PropertyDemand::Name(*schema)),
            FormulaNode::RequiredProperty(name) if holds => {
                self.has.insert(*name);
                if unit.mode == LiteralMode::Sent {
                    self.demanded.insert(*name);
                }
            }
            FormulaNode::RequiredProperty(name) => {
                self.lacks.insert(*name);
            }
            FormulaNode::PropertiesMin(min) if holds => self.min = self.min.max(*min),
            FormulaNode::PropertiesMin(min) => self.at_most(min.saturating_sub(1)),
            FormulaNode::PropertiesMax(max) if holds => self.at_most(*max),
            FormulaNode::PropertiesMax(max) => self.min = self.min.max(max.saturating_add(1)),
            _ => {}
        }
    }

    fn at_most(&mut self, max: u64) {
        self.max = Some(self.max.map_or(max, |known| known.min(max)));
    }

    /// Whether the constraints contradict each other, judged without search.
    pub(super) fn is_contradiction(&self) -> bool {
        self.has.iter().any(|name| self.lacks.contains(name))
            || self
                .max
                .is_some_and(|max| max < self.min || max < self.has.len() as u64)
    }

    /// The literals for a property with this name.
    pub(super) fn allowed(
        &self,
        evaluator: &mut FormulaEvaluator<'_>,
        name: StringId,
    ) -> PropertyAllowance {
        if self.lacks.contains(&name) {
            return PropertyAllowance::No;
        }
        let text = evaluator.arena.string(name);
        let mut is_all = true;
        for schema in &self.names {
            match evaluator.holds(*schema, &Value::from(text)) {
                Some(true) => {}
                Some(false) => return PropertyAllowance::No,
                None => is_all = false,
            }
        }
        let is_declared = |evaluator: &mut FormulaEvaluator<'_>| {
            self.demanded.contains(&name)
                || self.open.iter().any(|(members, mode)| {
                    *mode == LiteralMode::Sent && evaluator.declares(members, text)
                })
        };
        if self.is_closed && !is_declared(evaluator) {
            return PropertyAllowance::No;
        }
        let mut literals = Vec::new();
        for (members, mode) in &self.open {
            let (schemas, is_known) = evaluator.of_name(members, text);
            is_all &= is_known;
            literals.extend(
                schemas
                    .into_iter()
                    .filter(|schema| *schema != ANY || *mode == LiteralMode::Sent)
                    .map(|schema| Literal::new(schema, *mode)),
            );
        }
        PropertyAllowance::Yes(literals, is_all)
    }
}

impl Solver<'_> {
    /// The goal for the value of a property; `None` if the property is not allowed.
    pub(super) fn property_goal(
        &mut self,
        object_goal: &ObjectGoal,
        name: StringId,
        more: &[Literal],
    ) -> Option<SearchGoal> {
        let mut evaluator = self.evaluator();
        match object_goal.allowed(&mut evaluator, name) {
            PropertyAllowance::No => None,
            PropertyAllowance::Yes(mut literals, is_all) => {
                if !is_all {
                    self.give_up("a pattern for property names that cannot be evaluated");
                }
                literals.extend_from_slice(more);
                Some(SearchGoal::new(
                    literals,
                    object_goal.demanded.contains(&name),
                ))
            }
        }
    }

    /// The properties that could satisfy a demand, and whether the list is complete.
    pub(super) fn candidates(
        &mut self,
        object_goal: &ObjectGoal,
        demand: &PropertyDemand,
        assigned: &BTreeMap<StringId, Vec<Literal>>,
    ) -> (Vec<PropertyCandidate>, bool) {
        let mut found = Vec::new();
        let known: Vec<StringId> = assigned
            .keys()
            .filter(|name| !object_goal.listed.contains(name))
            .copied()
            .collect();
        for name in known.iter().chain(&object_goal.listed) {
            if let Some(literal) = self.violating_literal(demand, *name) {
                found.push((*name, literal));
            }
        }
        let (cells, is_all) = cells(&object_goal.patterns);
        let mut is_complete = is_all;
        for cell in cells {
            if !self.can_violate(object_goal, demand, cell) {
                continue;
            }
            let avoided: BTreeSet<StringId> = object_goal
                .listed
                .iter()
                .chain(assigned.keys())
                .copied()
                .collect();
            let extra = match demand {
                PropertyDemand::Name(schema) => vec![Literal::fails(*schema)],
                PropertyDemand::Member(_) => Vec::new(),
            };
            match self.unlisted_property(object_goal, cell, &avoided, extra) {
                SearchAnswer::Found(Value::String(name), is_certain) => {
                    is_complete &= is_certain;
                    let name = self.arena.intern(&name);
                    if let Some(literal) = self.violating_literal(demand, name) {
                        found.push((name, literal));
                    }
                }
                SearchAnswer::Empty => {}
                _ => is_complete = false,
            }
        }
        (found, is_complete)
    }

    /// The literal that makes a property of this name violate the schemas; `None` if it cannot.
    fn violating_literal(
        &mut self,
        demand: &PropertyDemand,
        name: StringId,
    ) -> Option<Option<Literal>> {
        let text = self.arena.string(name).to_owned();
        let mut evaluator = self.evaluator();
        match demand {
            PropertyDemand::Name(schema) => match evaluator.holds(*schema, &Value::from(text)) {
                Some(true) => None,
                _ => Some(None),
            },
            PropertyDemand::Member(members) => {
                let (mut schemas, is_known) = evaluator.of_name(members, &text);
                if !is_known {
                    // Any of the pattern schemas may apply.
                    schemas.extend(members.patterned.iter().map(|(_, schema)| *schema));
                    schemas.push(members.rest);
                }
                let all = self.arena.all_of(schemas);
                (!self.arena.fails(all).is_empty()).then_some(Some(Literal::fails(all)))
            }
        }
    }

    /// Whether a property whose name matches exactly these patterns could violate the schemas.
    fn can_violate(&self, object_goal: &ObjectGoal, demand: &PropertyDemand, cell: u32) -> bool {
        let PropertyDemand::Member(members) = demand else {
            return true;
        };
        let is_in = |pattern: &StringId| {
            let at = object_goal
                .patterns
                .iter()
                .position(|known| known == pattern);
            at.is_some_and(|at| cell & 1 << at != 0)
        };
        let mut matched = members
            .patterned
            .iter()
            .filter(|(pattern, _)| is_in(pattern))
            .peekable();
        let can_fail = |schema: FormulaId| !self.arena.fails(schema).is_empty();
        match matched.peek() {
            None => can_fail(members.rest),
            Some(_) => matched.any(|(_, schema)| can_fail(*schema)),
        }
    }

    /// Finds a name that no schema lists and that matches exactly the patterns of a cell.
    pub(super) fn unlisted_property(
        &mut self,
        object_goal: &ObjectGoal,
        cell: u32,
        avoided: &BTreeSet<StringId>,
        mut literals: Vec<Literal>,
    ) -> SearchAnswer {
        literals.push(Literal::holds(self.arena.types(TypeMask::STRING)));
        for (at, pattern) in object_goal.patterns.iter().enumerate() {
            let id = self.arena.add(FormulaNode::Pattern(*pattern));
            literals.push(match cell & 1 << at {
                0 => Literal::fails(id),
                _ => Literal::holds(id),
            });
        }
        literals.extend(
            object_goal
                .names
                .iter()
                .map(|schema| Literal::holds(*schema)),
        );
        let names: Vec<Value> = avoided
            .iter()
            .map(|name| Value::from(self.arena.string(*name)))
            .collect();
        if !names.is_empty() {
            let listing = self.arena.values(&names);
            literals.push(Literal::fails(listing));
        }
        // Prefer a name that is not empty, because it reads better in a message.
        let seen = Literal::holds(self.arena.add(FormulaNode::LengthMin(1)));
        let goal = SearchGoal::new(literals, false);
        match self.solve(&goal.with(seen)) {
            SearchAnswer::Empty => self.solve(&goal),
            answer => answer,
        }
    }

    /// The combinations of patterns that a name can match.
    pub(super) fn name_cells(object_goal: &ObjectGoal) -> (Vec<u32>, bool) {
        cells(&object_goal.patterns)
    }
}

/// All combinations of patterns, smallest first, and whether the list is complete.
fn cells(patterns: &[StringId]) -> (Vec<u32>, bool) {
    let count = patterns.len();
    if count > PATTERNS_MAX {
        let singles = (0..count.min(31)).map(|at| 1 << at);
        return (std::iter::once(0).chain(singles).collect(), false);
    }
    let mut cells: Vec<u32> = (0..1 << count).collect();
    cells.sort_by_key(|cell: &u32| cell.count_ones());
    (cells, true)
}
