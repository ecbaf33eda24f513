//! The properties that could satisfy a demand on an object.
//!
//! Most candidates are ruled out without a search: the property is not allowed, or the constraints on
//! its value imply that it does not violate the schema.

use std::collections::BTreeSet;
use std::rc::Rc;

use hashbrown::HashMap;
use serde_json::Value;

use super::super::formula::{FormulaId, FormulaNode, StringId};
use super::super::type_mask::TypeMask;
use super::literal_conflicts::{surely_fails, surely_holds};
use super::object_goal::{ObjectGoal, PropertyAllowance, PropertyDemand};
use super::search_goal::{Literal, SearchAnswer, SearchGoal};
use super::solver::Solver;

/// The units of work that it takes to judge a candidate for a demand.
const CANDIDATE_WORK: usize = 8;

/// The maximum number of patterns for which all combinations are tried; beyond it, each pattern is
/// tried alone.
const PATTERNS_MAX: usize = 5;

/// A property name, and an additional literal for its value.
pub(super) type PropertyCandidate = (StringId, Option<Literal>);

/// The literals for the value of a property; `None` if the property is not allowed.
pub(super) type PropertyRule = Option<Rc<[Literal]>>;

/// An object goal with what is known about its properties.
pub(super) struct ObjectSearch<'g> {
    pub(super) goal: &'g ObjectGoal,
    rules: HashMap<StringId, PropertyRule>,
    /// For each demand, the listed properties that could satisfy it.
    listed: Vec<Option<Rc<[PropertyCandidate]>>>,
}

impl<'g> ObjectSearch<'g> {
    pub(super) fn new(goal: &'g ObjectGoal) -> Self {
        Self {
            goal,
            rules: HashMap::new(),
            listed: vec![None; goal.demands.len()],
        }
    }
}

impl Solver<'_> {
    /// The literals for the value of a property.
    pub(super) fn property_rule(
        &mut self,
        search: &mut ObjectSearch<'_>,
        name: StringId,
    ) -> PropertyRule {
        if let Some(known) = search.rules.get(&name) {
            return known.clone();
        }
        let mut evaluator = self.evaluator();
        let rule = match search.goal.allowed(&mut evaluator, name) {
            PropertyAllowance::No => None,
            PropertyAllowance::Yes(literals, is_all) => {
                if !is_all {
                    self.give_up("a pattern for property names that cannot be evaluated");
                }
                Some(Rc::from(literals))
            }
        };
        search.rules.insert(name, rule.clone());
        rule
    }

    /// The goal for the value of a property; `None` if the property is not allowed.
    pub(super) fn property_goal(
        &mut self,
        search: &mut ObjectSearch<'_>,
        name: StringId,
        more: &[Literal],
    ) -> Option<SearchGoal> {
        let rule = self.property_rule(search, name)?;
        let literals = [&rule[..], more].concat();
        Some(SearchGoal::new(literals, search.goal.is_demanded(name)))
    }

    /// The listed properties that could satisfy a demand.
    pub(super) fn listed_candidates(
        &mut self,
        search: &mut ObjectSearch<'_>,
        number: usize,
    ) -> Rc<[PropertyCandidate]> {
        if let Some(known) = &search.listed[number] {
            return Rc::clone(known);
        }
        let demand = &search.goal.demands[number];
        let mut found = Vec::new();
        self.count_work(search.goal.listed.len() * CANDIDATE_WORK);
        for name in &search.goal.listed {
            let Some(rule) = self.property_rule(search, *name) else {
                continue;
            };
            if let Some(literal) = self.violating_literal(demand, *name)
                && literal.is_none_or(|literal| !surely_holds(self.arena, &rule, literal.id))
            {
                found.push((*name, literal));
            }
        }
        let found: Rc<[PropertyCandidate]> = found.into();
        search.listed[number] = Some(Rc::clone(&found));
        found
    }

    /// Whether a present property certainly satisfies a demand.
    pub(super) fn is_met(
        &mut self,
        search: &mut ObjectSearch<'_>,
        number: usize,
        name: StringId,
        literals: &[Literal],
    ) -> bool {
        let candidates = self.listed_candidates(search, number);
        let Ok(at) = candidates.binary_search_by_key(&name, |(name, _)| *name) else {
            return false;
        };
        let Some(literal) = candidates[at].1 else {
            return false;
        };
        let Some(rule) = self.property_rule(search, name) else {
            return false;
        };
        surely_fails(self.arena, &rule, literal.id)
            || surely_fails(self.arena, literals, literal.id)
    }

    /// Properties with names that no schema lists and that could satisfy a demand, and whether the
    /// list is complete.
    pub(super) fn unlisted_candidates(
        &mut self,
        search: &ObjectSearch<'_>,
        demand: &PropertyDemand,
        present: &[StringId],
    ) -> (Vec<PropertyCandidate>, bool) {
        let object_goal = search.goal;
        let mut found = Vec::new();
        if object_goal.is_confined {
            return (found, true);
        }
        for name in present {
            if object_goal.listed.binary_search(name).is_err()
                && let Some(literal) = self.violating_literal(demand, *name)
            {
                found.push((*name, literal));
            }
        }
        let (cells, mut is_complete) = cells(&object_goal.patterns);
        for cell in cells {
            if !self.can_violate(object_goal, demand, cell) {
                continue;
            }
            let listed = object_goal.listed.iter().chain(present);
            let avoided: BTreeSet<StringId> = listed.copied().collect();
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

    /// Whether a property with an unlisted name could satisfy a demand.
    pub(super) fn may_be_unlisted(
        &self,
        object_goal: &ObjectGoal,
        demand: &PropertyDemand,
    ) -> bool {
        !object_goal.is_confined
            && cells(&object_goal.patterns)
                .0
                .into_iter()
                .any(|cell| self.can_violate(object_goal, demand, cell))
    }

    /// The literal that makes a property of this name violate the schemas; `None` if it cannot.
    fn violating_literal(
        &mut self,
        demand: &PropertyDemand,
        name: StringId,
    ) -> Option<Option<Literal>> {
        match demand {
            PropertyDemand::Name(schema) => {
                let text = Value::from(self.arena.string(name));
                match self.evaluator().holds(*schema, &text) {
                    Some(true) => None,
                    _ => Some(None),
                }
            }
            PropertyDemand::Member(members) => {
                let (mut schemas, is_known) = self.evaluator().of_interned_name(members, name);
                if !is_known {
                    // Any of the pattern schemas may apply.
                    schemas.extend(members.patterned.iter().map(|(_, schema)| *schema));
                    schemas.push(members.rest);
                }
                let all = match schemas[..] {
                    [only] => only,
                    _ => self.arena.all_of(schemas),
                };
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
