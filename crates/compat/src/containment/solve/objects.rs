//! Solves objects: assigns demands to properties and solves each value as a goal.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::formula::StringId;
use super::goal_state::GoalState;
use super::object_goal::ObjectGoal;
use super::search_goal::{AnswerTally, Literal, SearchAnswer};
use super::solver::Solver;

/// The maximum number of properties that are invented to reach `minProperties`.
const FILLED_MAX: u64 = 500;

/// Literals for property values, in addition to those that depend on the name.
type PropertyLiterals = BTreeMap<StringId, Vec<Literal>>;

impl Solver<'_> {
    pub(super) fn object(&mut self, state: &GoalState) -> SearchAnswer {
        let object_goal = ObjectGoal::of(self.arena, state);
        if object_goal.is_contradiction() {
            return SearchAnswer::Empty;
        }
        let assigned: PropertyLiterals = object_goal
            .has
            .iter()
            .map(|name| (*name, Vec::new()))
            .collect();
        let mut is_unsure = false;
        for name in &object_goal.has {
            match self.can_be(&object_goal, *name, &[]) {
                Some(true) => {}
                Some(false) => return SearchAnswer::Empty,
                None => is_unsure = true,
            }
        }
        match self.assign(&object_goal, 0, &assigned) {
            SearchAnswer::Empty if is_unsure => SearchAnswer::Unsure,
            answer => answer,
        }
    }

    /// Whether a property can be present; `None` if that is unknown.
    fn can_be(
        &mut self,
        object_goal: &ObjectGoal,
        name: StringId,
        more: &[Literal],
    ) -> Option<bool> {
        let Some(goal) = self.property_goal(object_goal, name, more) else {
            return Some(false);
        };
        match self.solve(&goal) {
            SearchAnswer::Found(..) => Some(true),
            SearchAnswer::Empty => Some(false),
            SearchAnswer::Unsure => None,
        }
    }

    /// Assigns the demands from `next` on to properties.
    fn assign(
        &mut self,
        object_goal: &ObjectGoal,
        next: usize,
        assigned: &PropertyLiterals,
    ) -> SearchAnswer {
        if !self.spend(1) {
            return SearchAnswer::Unsure;
        }
        if object_goal
            .max
            .is_some_and(|max| (assigned.len() as u64) > max)
        {
            return SearchAnswer::Empty;
        }
        let Some(demand) = object_goal.demands.get(next) else {
            return self.finish(object_goal, assigned);
        };
        let mut tally = AnswerTally::default();
        let (mut candidates, is_complete) = self.candidates(object_goal, demand, assigned);
        if !is_complete {
            tally.mark_unsure();
            self.give_up("property names that match several patterns at once");
        }
        // Reusing required properties keeps objects small.
        candidates.sort_by_key(|(name, _)| !assigned.contains_key(name));
        for (name, literal) in candidates {
            let mut with = assigned.clone();
            let literals = with.entry(name).or_default();
            literals.extend(literal);
            let literals = literals.clone();
            match self.can_be(object_goal, name, &literals) {
                Some(false) => continue,
                Some(true) => {}
                None => {
                    tally.mark_unsure();
                    continue;
                }
            }
            let answer = self.assign(object_goal, next + 1, &with);
            if let Some(done) = tally.take(answer) {
                return done;
            }
        }
        tally.end()
    }

    /// Builds the object and adds properties up to the minimum number.
    fn finish(&mut self, object_goal: &ObjectGoal, assigned: &PropertyLiterals) -> SearchAnswer {
        let mut members = Map::new();
        let mut is_certain = true;
        for (name, literals) in assigned {
            let Some(goal) = self.property_goal(object_goal, *name, literals) else {
                return SearchAnswer::Empty;
            };
            match self.solve(&goal) {
                SearchAnswer::Found(value, sure) => {
                    is_certain &= sure;
                    members.insert(self.arena.string(*name).to_owned(), value);
                }
                other => return other,
            }
        }
        if (members.len() as u64) < object_goal.min {
            return self.fill(object_goal, members, is_certain);
        }
        SearchAnswer::Found(Value::Object(members), is_certain)
    }

    fn fill(
        &mut self,
        object_goal: &ObjectGoal,
        mut members: Map<String, Value>,
        mut is_certain: bool,
    ) -> SearchAnswer {
        if object_goal.max.is_some_and(|max| max < object_goal.min) {
            return SearchAnswer::Empty;
        }
        if object_goal.min > FILLED_MAX {
            return self.give_up("an object with very many properties");
        }
        let mut is_unsure = false;
        for name in &object_goal.listed {
            if members.len() as u64 >= object_goal.min {
                break;
            }
            let text = self.arena.string(*name).to_owned();
            let goal = if members.contains_key(&text) {
                None
            } else {
                self.property_goal(object_goal, *name, &[])
            };
            let Some(goal) = goal else { continue };
            match self.solve(&goal) {
                SearchAnswer::Found(value, sure) => {
                    is_certain &= sure;
                    members.insert(text, value);
                }
                SearchAnswer::Empty => {}
                SearchAnswer::Unsure => is_unsure = true,
            }
        }
        let (cells, is_all) = Self::name_cells(object_goal);
        is_unsure |= !is_all;
        for cell in cells {
            while (members.len() as u64) < object_goal.min {
                let avoided: BTreeSet<StringId> = members
                    .keys()
                    .map(|name| self.arena.intern(name))
                    .chain(object_goal.listed.iter().copied())
                    .collect();
                let name = match self.unlisted_property(object_goal, cell, &avoided, Vec::new()) {
                    SearchAnswer::Found(Value::String(name), _) => name,
                    SearchAnswer::Empty => break,
                    _ => {
                        is_unsure = true;
                        break;
                    }
                };
                let word = self.arena.intern(&name);
                let Some(goal) = self.property_goal(object_goal, word, &[]) else {
                    break;
                };
                match self.solve(&goal) {
                    SearchAnswer::Found(value, sure) => {
                        is_certain &= sure;
                        members.insert(name, value);
                    }
                    SearchAnswer::Empty => break,
                    SearchAnswer::Unsure => {
                        is_unsure = true;
                        break;
                    }
                }
            }
        }
        if members.len() as u64 >= object_goal.min {
            return SearchAnswer::Found(Value::Object(members), is_certain);
        }
        if is_unsure {
            self.give_up("an object with more properties than the search found")
        } else {
            SearchAnswer::Empty
        }
    }
}
