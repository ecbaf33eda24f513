//! Solves objects: assigns demands to properties and solves each value as a goal.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::formula::StringId;
use super::goal_state::GoalState;
use super::literal_conflicts::surely_holds;
use super::object_goal::ObjectGoal;
use super::property_demands::{ObjectSearch, PropertyCandidate};
use super::search_goal::{AnswerTally, Literal, SearchAnswer};
use super::solver::Solver;

/// The maximum number of properties that are invented to reach `minProperties`.
const FILLED_MAX: u64 = 500;

/// What is decided about the properties.
#[derive(Clone, Default)]
struct PropertyAssignment {
    /// The present properties, with literals for their values in addition to those that depend on
    /// the name.
    present: BTreeMap<StringId, Vec<Literal>>,
    /// Literals for the value of a property if it is present, because the opposite was refuted.
    learnt: Vec<(StringId, Literal)>,
    /// The numbers of the demands that are left.
    demands: Vec<usize>,
}

impl PropertyAssignment {
    /// The literals for a property, without those that depend on its name.
    fn literals(&self, name: StringId) -> Vec<Literal> {
        let present = self.present.get(&name).into_iter().flatten().copied();
        let learnt = self.learnt.iter().filter(|(known, _)| *known == name);
        present.chain(learnt.map(|(_, literal)| *literal)).collect()
    }
}

impl Solver<'_> {
    pub(super) fn object(&mut self, state: &GoalState) -> SearchAnswer {
        let object_goal = ObjectGoal::of(self.arena, state);
        if object_goal.is_contradiction() {
            return SearchAnswer::Empty;
        }
        self.count_work(object_goal.demands.len() + object_goal.listed.len());
        let mut search = ObjectSearch::new(&object_goal);
        let assignment = PropertyAssignment {
            present: object_goal
                .has
                .iter()
                .map(|name| (*name, Vec::new()))
                .collect(),
            learnt: Vec::new(),
            demands: (0..object_goal.demands.len()).collect(),
        };
        let mut is_unsure = false;
        for name in &object_goal.has {
            match self.can_be(&mut search, *name, &[]) {
                Some(true) => {}
                Some(false) => return SearchAnswer::Empty,
                None => is_unsure = true,
            }
        }
        match self.assign(&mut search, assignment) {
            SearchAnswer::Empty if is_unsure => SearchAnswer::Unsure,
            answer => answer,
        }
    }

    /// Whether a property can be present; `None` if that is unknown.
    fn can_be(
        &mut self,
        search: &mut ObjectSearch<'_>,
        name: StringId,
        more: &[Literal],
    ) -> Option<bool> {
        let Some(goal) = self.property_goal(search, name, more) else {
            return Some(false);
        };
        self.has_value(&goal)
    }

    /// Assigns the remaining demands to properties, the one with the fewest candidates first.
    fn assign(
        &mut self,
        search: &mut ObjectSearch<'_>,
        mut assignment: PropertyAssignment,
    ) -> SearchAnswer {
        if !self.spend(1) {
            return SearchAnswer::Unsure;
        }
        let max = search.goal.max;
        if max.is_some_and(|max| (assignment.present.len() as u64) > max) {
            return SearchAnswer::Empty;
        }
        self.drop_met_demands(search, &mut assignment);
        let Some(at) = self.narrowest_demand(search, &assignment) else {
            return self.finish(search, &assignment);
        };
        let number = assignment.demands.swap_remove(at);
        let mut tally = AnswerTally::default();
        let (candidates, is_complete) = self.candidates(search, &assignment, number);
        if !is_complete {
            tally.mark_unsure();
            self.give_up("property names that match several patterns at once");
        }
        for (name, literal) in candidates {
            let mut next = assignment.clone();
            next.present.entry(name).or_default().extend(literal);
            let literals = next.literals(name);
            let answer = match self.can_be(search, name, &literals) {
                Some(true) => self.assign(search, next),
                Some(false) => SearchAnswer::Empty,
                None => SearchAnswer::Unsure,
            };
            let is_empty = answer == SearchAnswer::Empty;
            if let Some(done) = tally.take(answer) {
                return done;
            }
            if self.is_spent() {
                tally.mark_unsure();
                break;
            }
            if let Some(literal) = literal.filter(|_| is_empty) {
                assignment.learnt.push((name, Literal::holds(literal.id)));
            }
        }
        tally.end()
    }

    /// Drops the demands that present properties satisfy whatever their values are.
    fn drop_met_demands(
        &mut self,
        search: &mut ObjectSearch<'_>,
        assignment: &mut PropertyAssignment,
    ) {
        let present: Vec<(StringId, Vec<Literal>)> = assignment
            .present
            .keys()
            .map(|name| (*name, assignment.literals(*name)))
            .collect();
        let literals: usize = present.iter().map(|(_, literals)| literals.len() + 1).sum();
        self.count_work(assignment.demands.len() * literals);
        self.count_work(present.len() * assignment.learnt.len());
        assignment.demands.retain(|number| {
            !present
                .iter()
                .any(|(name, literals)| self.is_met(search, *number, *name, literals))
        });
    }

    /// The position of the demand with the fewest candidates; `None` if no demand is left.
    fn narrowest_demand(
        &mut self,
        search: &mut ObjectSearch<'_>,
        assignment: &PropertyAssignment,
    ) -> Option<usize> {
        let mut narrowest = None;
        for (at, number) in assignment.demands.iter().enumerate() {
            let listed = self.listed_candidates(search, *number);
            let demand = &search.goal.demands[*number];
            let mut width = usize::from(self.may_be_unlisted(search.goal, demand));
            for candidate in listed.iter() {
                width += usize::from(self.is_possible(assignment, *candidate));
            }
            self.count_work(listed.len());
            if narrowest.is_none_or(|(least, _)| width < least) {
                narrowest = Some((width, at));
            }
            if width == 0 {
                break;
            }
        }
        narrowest.map(|(_, at)| at)
    }

    /// Whether a candidate agrees with what is decided, judged without search.
    fn is_possible(
        &self,
        assignment: &PropertyAssignment,
        (name, literal): PropertyCandidate,
    ) -> bool {
        literal.is_none_or(|literal| {
            let literals = assignment.literals(name);
            literals.is_empty() || !surely_holds(self.arena, &literals, literal.id)
        })
    }

    /// The properties that could satisfy a demand, those that are present first, which keeps objects
    /// small; and whether the list is complete.
    fn candidates(
        &mut self,
        search: &mut ObjectSearch<'_>,
        assignment: &PropertyAssignment,
        number: usize,
    ) -> (Vec<PropertyCandidate>, bool) {
        let listed = self.listed_candidates(search, number);
        let demand = &search.goal.demands[number];
        let present: Vec<StringId> = assignment.present.keys().copied().collect();
        let (unlisted, is_complete) = self.unlisted_candidates(search, demand, &present);
        let mut candidates: Vec<PropertyCandidate> = listed.to_vec();
        candidates.retain(|candidate| self.is_possible(assignment, *candidate));
        candidates.extend(unlisted);
        candidates.sort_by_key(|(name, _)| !assignment.present.contains_key(name));
        (candidates, is_complete)
    }

    /// Builds the object and adds properties up to the minimum number.
    fn finish(
        &mut self,
        search: &mut ObjectSearch<'_>,
        assignment: &PropertyAssignment,
    ) -> SearchAnswer {
        let mut members = Map::new();
        let mut is_certain = true;
        for name in assignment.present.keys() {
            let literals = assignment.literals(*name);
            let Some(goal) = self.property_goal(search, *name, &literals) else {
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
        if (members.len() as u64) < search.goal.min {
            return self.fill(search, members, is_certain);
        }
        SearchAnswer::Found(Value::Object(members), is_certain)
    }

    fn fill(
        &mut self,
        search: &mut ObjectSearch<'_>,
        mut members: Map<String, Value>,
        mut is_certain: bool,
    ) -> SearchAnswer {
        let object_goal = search.goal;
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
                self.property_goal(search, *name, &[])
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
                let Some(goal) = self.property_goal(search, word, &[]) else {
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
