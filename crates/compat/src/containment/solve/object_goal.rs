//! The constraints on an object: for each property by name, and for some property of any name.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::super::formula::{ANY, FormulaId, FormulaNode, NEVER, PropertyFormulas, StringId};
use super::super::formula_arena::FormulaArena;
use super::super::formula_evaluator::FormulaEvaluator;
use super::goal_state::GoalState;
use super::search_goal::{Literal, LiteralMode};

/// A constraint that some property must violate.
#[derive(Clone, Debug)]
pub(super) enum PropertyDemand {
    /// The property violates these schemas.
    Member(Arc<PropertyFormulas>),
    /// The name violates a schema.
    Name(FormulaId),
}

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
    pub(super) names: Vec<FormulaId>,
    is_closed: bool,
    /// All names that the schemas list, sorted; if other names are not allowed, the allowed ones.
    pub(super) listed: Vec<StringId>,
    /// Whether only listed names are allowed.
    pub(super) is_confined: bool,
    /// All name patterns.
    pub(super) patterns: Vec<StringId>,
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
        let members: Vec<Arc<PropertyFormulas>> = object_goal.members().cloned().collect();
        let patterned = members.iter().flat_map(|members| members.patterned.iter());
        object_goal.patterns = patterned.map(|(pattern, _)| *pattern).collect();
        object_goal.patterns.sort_unstable();
        object_goal.patterns.dedup();
        let confining = object_goal.confining_names();
        object_goal.is_confined = confining.is_some();
        object_goal.listed = confining.unwrap_or_else(|| {
            let named = members.iter().flat_map(|members| members.named.iter());
            let lacking = object_goal.lacks.iter().copied();
            named.map(|(name, _)| *name).chain(lacking).collect()
        });
        object_goal.listed.extend(&object_goal.has);
        object_goal.listed.sort_unstable();
        object_goal.listed.dedup();
        object_goal
    }

    /// The properties of all schemas.
    fn members(&self) -> impl Iterator<Item = &Arc<PropertyFormulas>> {
        let demanded = self.demands.iter().filter_map(|demand| match demand {
            PropertyDemand::Member(members) => Some(members),
            PropertyDemand::Name(_) => None,
        });
        let open = self.open.iter().map(|(members, _)| members);
        open.chain(demanded)
    }

    /// Names that include all allowed ones; `None` if a name that no schema lists may be allowed.
    fn confining_names(&self) -> Option<Vec<StringId>> {
        let names = |members: &PropertyFormulas| {
            let named = members.named.iter();
            named.map(|(name, _)| *name).collect::<Vec<_>>()
        };
        let is_closed =
            |members: &PropertyFormulas| members.patterned.is_empty() && members.rest == NEVER;
        let open = self.open.iter().map(|(members, _)| members);
        let closed = open
            .filter(|members| is_closed(members))
            .min_by_key(|members| members.named.len());
        if let Some(members) = closed {
            return Some(names(members));
        }
        let sent = self
            .open
            .iter()
            .filter(|(_, mode)| *mode == LiteralMode::Sent);
        let declares_others =
            |members: &PropertyFormulas| members.declares_rest || !members.patterned.is_empty();
        if !self.is_closed || sent.clone().any(|(members, _)| declares_others(members)) {
            return None;
        }
        let declared = sent.flat_map(|(members, _)| names(members));
        Some(declared.chain(self.demanded.iter().copied()).collect())
    }

    pub(super) fn is_demanded(&self, name: StringId) -> bool {
        self.demanded.contains(&name)
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
                    *mode == LiteralMode::Sent
                        && (members.of_name(name).is_some() || evaluator.declares(members, text))
                })
        };
        if self.is_closed && !is_declared(evaluator) {
            return PropertyAllowance::No;
        }
        let mut literals = Vec::new();
        for (members, mode) in &self.open {
            let (schemas, is_known) = evaluator.of_interned_name(members, name);
            is_all &= is_known;
            literals.extend(
                schemas
                    .into_iter()
                    .filter(|schema| *schema != ANY || *mode == LiteralMode::Sent)
                    .map(|schema| Literal::new(schema, *mode)),
            );
        }
        literals.sort_unstable();
        literals.dedup();
        PropertyAllowance::Yes(literals, is_all)
    }
}
