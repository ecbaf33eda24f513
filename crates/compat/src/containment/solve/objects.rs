//! Objects: demands are given to members, each member's value is a goal of its own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::formula::StringId;
use super::goal_state::GoalState;
use super::object_goal::ObjectGoal;
use super::search_goal::{AnswerTally, Literal, SearchAnswer};
use super::solver::Solver;

/// Members that are made up to reach a least number.
const FILLED_MAX: u64 = 500;

/// What members must fulfil beside what their names ask.
type PropertyLiterals = BTreeMap<StringId, Vec<Literal>>;

impl Solver<'_> {
    pub(super) fn object(&mut self, state: &GoalState) -> SearchAnswer {
        let fields = ObjectGoal::of(self.arena, state);
        if fields.is_contradiction() {
            return SearchAnswer::Empty;
        }
        let assigned: PropertyLiterals =
            fields.has.iter().map(|name| (*name, Vec::new())).collect();
        let mut is_unsure = false;
        for name in &fields.has {
            match self.can_be(&fields, *name, &[]) {
                Some(true) => {}
                Some(false) => return SearchAnswer::Empty,
                None => is_unsure = true,
            }
        }
        match self.assign(&fields, 0, &assigned) {
            SearchAnswer::Empty if is_unsure => SearchAnswer::Unsure,
            answer => answer,
        }
    }

    /// Whether a member can be there; `None` where that was not found out.
    fn can_be(&mut self, fields: &ObjectGoal, name: StringId, more: &[Literal]) -> Option<bool> {
        let Some(goal) = self.member_goal(fields, name, more) else {
            return Some(false);
        };
        match self.solve(&goal) {
            SearchAnswer::Found(..) => Some(true),
            SearchAnswer::Empty => Some(false),
            SearchAnswer::Unsure => None,
        }
    }

    /// Gives the demands from `next` on to members, one by one.
    fn assign(
        &mut self,
        fields: &ObjectGoal,
        next: usize,
        assigned: &PropertyLiterals,
    ) -> SearchAnswer {
        if !self.spend(1) {
            return SearchAnswer::Unsure;
        }
        if fields.max.is_some_and(|max| (assigned.len() as u64) > max) {
            return SearchAnswer::Empty;
        }
        let Some(demand) = fields.demands.get(next) else {
            return self.finish(fields, assigned);
        };
        let mut tally = AnswerTally::default();
        let (mut candidates, is_complete) = self.candidates(fields, demand, assigned);
        if !is_complete {
            tally.doubt();
            self.give_up("member names of several patterns at once");
        }
        // Members that are there anyway make the smallest objects.
        candidates.sort_by_key(|(name, _)| !assigned.contains_key(name));
        for (name, literal) in candidates {
            let mut with = assigned.clone();
            let literals = with.entry(name).or_default();
            literals.extend(literal);
            let literals = literals.clone();
            match self.can_be(fields, name, &literals) {
                Some(false) => continue,
                Some(true) => {}
                None => {
                    tally.doubt();
                    continue;
                }
            }
            let answer = self.assign(fields, next + 1, &with);
            if let Some(done) = tally.take(answer) {
                return done;
            }
        }
        tally.end()
    }

    /// Puts the object together, and fills it up to the least number of members.
    fn finish(&mut self, fields: &ObjectGoal, assigned: &PropertyLiterals) -> SearchAnswer {
        let mut members = Map::new();
        let mut is_sure = true;
        for (name, literals) in assigned {
            let Some(goal) = self.member_goal(fields, *name, literals) else {
                return SearchAnswer::Empty;
            };
            match self.solve(&goal) {
                SearchAnswer::Found(value, sure) => {
                    is_sure &= sure;
                    members.insert(self.arena.string(*name).to_owned(), value);
                }
                other => return other,
            }
        }
        if (members.len() as u64) < fields.min {
            return self.fill(fields, members, is_sure);
        }
        SearchAnswer::Found(Value::Object(members), is_sure)
    }

    fn fill(
        &mut self,
        fields: &ObjectGoal,
        mut members: Map<String, Value>,
        mut is_sure: bool,
    ) -> SearchAnswer {
        if fields.max.is_some_and(|max| max < fields.min) {
            return SearchAnswer::Empty;
        }
        if fields.min > FILLED_MAX {
            return self.give_up("an object of very many members");
        }
        let mut doubt = false;
        for name in &fields.listed {
            if members.len() as u64 >= fields.min {
                break;
            }
            let text = self.arena.string(*name).to_owned();
            let goal = match members.contains_key(&text) {
                true => None,
                false => self.member_goal(fields, *name, &[]),
            };
            let Some(goal) = goal else { continue };
            match self.solve(&goal) {
                SearchAnswer::Found(value, sure) => {
                    is_sure &= sure;
                    members.insert(text, value);
                }
                SearchAnswer::Empty => {}
                SearchAnswer::Unsure => doubt = true,
            }
        }
        let (cells, is_all) = Self::name_cells(fields);
        doubt |= !is_all;
        for cell in cells {
            while (members.len() as u64) < fields.min {
                let avoided: BTreeSet<StringId> = members
                    .keys()
                    .map(|name| self.arena.intern(name))
                    .chain(fields.listed.iter().copied())
                    .collect();
                let name = match self.unlisted_property(fields, cell, &avoided, Vec::new()) {
                    SearchAnswer::Found(Value::String(name), _) => name,
                    SearchAnswer::Empty => break,
                    _ => {
                        doubt = true;
                        break;
                    }
                };
                let word = self.arena.intern(&name);
                let Some(goal) = self.member_goal(fields, word, &[]) else {
                    break;
                };
                match self.solve(&goal) {
                    SearchAnswer::Found(value, sure) => {
                        is_sure &= sure;
                        members.insert(name, value);
                    }
                    SearchAnswer::Empty => break,
                    SearchAnswer::Unsure => {
                        doubt = true;
                        break;
                    }
                }
            }
        }
        match (members.len() as u64) < fields.min {
            true if doubt => self.give_up("an object of more members than were found"),
            true => SearchAnswer::Empty,
            false => SearchAnswer::Found(Value::Object(members), is_sure),
        }
    }
}
