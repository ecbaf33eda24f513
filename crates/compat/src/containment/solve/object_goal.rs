//! What must hold of an object: of each member by its name, and that some member be unlike.

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

/// Names are told apart by so many patterns; by more, only by one at a time.
const PATTERNS_MAX: usize = 5;

/// Some member must be unlike.
#[derive(Clone, Debug)]
pub(super) enum PropertyDemand {
    /// Not what these say of it.
    Member(Arc<PropertyFormulas>),
    /// Its name fails a schema.
    Name(FormulaId),
}

/// Some member's name, and what must hold of its value beside all else.
pub(super) type PropertyCandidate = (StringId, Option<Literal>);

#[derive(Debug, Default)]
pub(super) struct ObjectGoal {
    pub(super) open: Vec<(Arc<PropertyFormulas>, LiteralMode)>,
    pub(super) demands: Vec<PropertyDemand>,
    pub(super) has: BTreeSet<StringId>,
    /// Those that the producer itself demands, and sends whether they are declared or not.
    demanded: BTreeSet<StringId>,
    lacks: BTreeSet<StringId>,
    pub(super) min: u64,
    pub(super) max: Option<u64>,
    names: Vec<FormulaId>,
    is_closed: bool,
    /// All names that a schema speaks of.
    pub(super) listed: BTreeSet<StringId>,
    /// All patterns of names.
    patterns: Vec<StringId>,
}

/// What a name allows.
pub(super) enum PropertyAllowance {
    No,
    /// The literals of its value, and whether these are all.
    Yes(Vec<Literal>, bool),
}

impl ObjectGoal {
    pub(super) fn of(arena: &FormulaArena, state: &GoalState) -> Self {
        let mut fields = Self {
            is_closed: state.is_closed,
            ..Self::default()
        };
        for unit in &state.units {
            fields.add(arena, *unit);
        }
        let mut patterns: Vec<StringId> = Vec::new();
        let demanded = fields.demands.iter().filter_map(|demand| match demand {
            PropertyDemand::Member(members) => Some(members),
            PropertyDemand::Name(_) => None,
        });
        for members in fields
            .open
            .iter()
            .map(|(members, _)| members)
            .chain(demanded)
        {
            fields
                .listed
                .extend(members.named.iter().map(|(name, _)| *name));
            patterns.extend(members.patterned.iter().map(|(pattern, _)| *pattern));
        }
        patterns.sort_unstable();
        patterns.dedup();
        fields.patterns = patterns;
        fields.listed.extend(fields.has.iter().chain(&fields.lacks));
        fields
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

    /// Whether no object can be like this, as far as can be seen at once.
    pub(super) fn is_contradiction(&self) -> bool {
        self.has.iter().any(|name| self.lacks.contains(name))
            || self
                .max
                .is_some_and(|max| max < self.min || max < self.has.len() as u64)
    }

    /// What a member of this name must fulfil.
    pub(super) fn allowed(
        &self,
        judge: &mut FormulaEvaluator<'_>,
        name: StringId,
    ) -> PropertyAllowance {
        if self.lacks.contains(&name) {
            return PropertyAllowance::No;
        }
        let text = judge.arena.string(name);
        let mut is_all = true;
        for schema in &self.names {
            match judge.holds(*schema, &Value::from(text)) {
                Some(true) => {}
                Some(false) => return PropertyAllowance::No,
                None => is_all = false,
            }
        }
        let is_declared = |judge: &mut FormulaEvaluator<'_>| {
            self.demanded.contains(&name)
                || self.open.iter().any(|(members, mode)| {
                    *mode == LiteralMode::Sent && judge.declares(members, text)
                })
        };
        if self.is_closed && !is_declared(judge) {
            return PropertyAllowance::No;
        }
        let mut literals = Vec::new();
        for (members, mode) in &self.open {
            let (schemas, is_known) = judge.of_name(members, text);
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
    /// The goal of a member's value; `None` where there can be no such member.
    pub(super) fn member_goal(
        &mut self,
        fields: &ObjectGoal,
        name: StringId,
        more: &[Literal],
    ) -> Option<SearchGoal> {
        let mut judge = self.judge();
        match fields.allowed(&mut judge, name) {
            PropertyAllowance::No => None,
            PropertyAllowance::Yes(mut literals, is_all) => {
                if !is_all {
                    self.give_up("a pattern of member names that cannot be judged");
                }
                literals.extend_from_slice(more);
                Some(SearchGoal::new(literals, fields.demanded.contains(&name)))
            }
        }
    }

    /// The members that could fulfil a demand. False beside them where there may be others.
    pub(super) fn candidates(
        &mut self,
        fields: &ObjectGoal,
        demand: &PropertyDemand,
        assigned: &BTreeMap<StringId, Vec<Literal>>,
    ) -> (Vec<PropertyCandidate>, bool) {
        let mut found = Vec::new();
        let known: Vec<StringId> = assigned
            .keys()
            .filter(|name| !fields.listed.contains(name))
            .copied()
            .collect();
        for name in known.iter().chain(&fields.listed) {
            if let Some(literal) = self.violating_literal(demand, *name) {
                found.push((*name, literal));
            }
        }
        let (cells, is_all) = cells(&fields.patterns);
        let mut is_complete = is_all;
        for cell in cells {
            if !self.can_be_unlike(fields, demand, cell) {
                continue;
            }
            let avoided: BTreeSet<StringId> = fields
                .listed
                .iter()
                .chain(assigned.keys())
                .copied()
                .collect();
            let extra = match demand {
                PropertyDemand::Name(schema) => vec![Literal::fails(*schema)],
                PropertyDemand::Member(_) => Vec::new(),
            };
            match self.unlisted_property(fields, cell, &avoided, extra) {
                SearchAnswer::Found(Value::String(name), is_sure) => {
                    is_complete &= is_sure;
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

    /// What a member of this name must fulfil to be unlike; `None` where it cannot be.
    fn violating_literal(
        &mut self,
        demand: &PropertyDemand,
        name: StringId,
    ) -> Option<Option<Literal>> {
        let text = self.arena.string(name).to_owned();
        let mut judge = self.judge();
        match demand {
            PropertyDemand::Name(schema) => match judge.holds(*schema, &Value::from(text)) {
                Some(true) => None,
                _ => Some(None),
            },
            PropertyDemand::Member(members) => {
                let (mut schemas, is_known) = judge.of_name(members, &text);
                if !is_known {
                    // Any of them might be what it is unlike.
                    schemas.extend(members.patterned.iter().map(|(_, schema)| *schema));
                    schemas.push(members.rest);
                }
                let all = self.arena.all_of(schemas);
                (!self.arena.fails(all).is_empty()).then_some(Some(Literal::fails(all)))
            }
        }
    }

    /// Whether a member whose name matches these patterns and no other could be unlike.
    fn can_be_unlike(&self, fields: &ObjectGoal, demand: &PropertyDemand, cell: u32) -> bool {
        let PropertyDemand::Member(members) = demand else {
            return true;
        };
        let is_in = |pattern: &StringId| {
            let at = fields.patterns.iter().position(|known| known == pattern);
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

    /// A name that no schema lists, matching the patterns of a cell and no others.
    pub(super) fn unlisted_property(
        &mut self,
        fields: &ObjectGoal,
        cell: u32,
        avoided: &BTreeSet<StringId>,
        mut literals: Vec<Literal>,
    ) -> SearchAnswer {
        literals.push(Literal::holds(self.arena.types(TypeMask::STRING)));
        for (at, pattern) in fields.patterns.iter().enumerate() {
            let id = self.arena.add(FormulaNode::Pattern(*pattern));
            literals.push(match cell & 1 << at {
                0 => Literal::fails(id),
                _ => Literal::holds(id),
            });
        }
        literals.extend(fields.names.iter().map(|schema| Literal::holds(*schema)));
        let names: Vec<Value> = avoided
            .iter()
            .map(|name| Value::from(self.arena.string(*name)))
            .collect();
        if !names.is_empty() {
            let listing = self.arena.values(&names);
            literals.push(Literal::fails(listing));
        }
        // A name that can be seen is easier to tell about.
        let seen = Literal::holds(self.arena.add(FormulaNode::LengthMin(1)));
        let goal = SearchGoal::new(literals, false);
        match self.solve(&goal.with(seen)) {
            SearchAnswer::Empty => self.solve(&goal),
            answer => answer,
        }
    }

    /// The cells that names fall into.
    pub(super) fn name_cells(fields: &ObjectGoal) -> (Vec<u32>, bool) {
        cells(&fields.patterns)
    }
}

/// All combinations of patterns, the fewest first; false beside them where there are others.
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
