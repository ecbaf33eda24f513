//! Objects: demands are given to members, each member's value is a goal of its own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::formula::Word;
use super::fields::Fields;
use super::goal::{Answer, Literal, Tally};
use super::search::Solver;
use super::state::State;

/// Members that are made up to reach a least number.
const FILLED_MAX: u64 = 500;

/// What members must fulfil beside what their names ask.
type Assigned = BTreeMap<Word, Vec<Literal>>;

impl Solver<'_> {
    pub(super) fn object(&mut self, state: &State) -> Answer {
        let fields = Fields::of(self.arena, state);
        if fields.is_contradiction() {
            return Answer::Empty;
        }
        let assigned: Assigned = fields.has.iter().map(|name| (*name, Vec::new())).collect();
        let mut is_unsure = false;
        for name in &fields.has {
            match self.can_be(&fields, *name, &[]) {
                Some(true) => {}
                Some(false) => return Answer::Empty,
                None => is_unsure = true,
            }
        }
        match self.assign(&fields, 0, &assigned) {
            Answer::Empty if is_unsure => Answer::Unsure,
            answer => answer,
        }
    }

    /// Whether a member can be there; `None` where that was not found out.
    fn can_be(&mut self, fields: &Fields, name: Word, more: &[Literal]) -> Option<bool> {
        let Some(goal) = self.member_goal(fields, name, more) else {
            return Some(false);
        };
        match self.solve(&goal) {
            Answer::Found(..) => Some(true),
            Answer::Empty => Some(false),
            Answer::Unsure => None,
        }
    }

    /// Gives the demands from `next` on to members, one by one.
    fn assign(&mut self, fields: &Fields, next: usize, assigned: &Assigned) -> Answer {
        if !self.spend(1) {
            return Answer::Unsure;
        }
        if fields.max.is_some_and(|max| (assigned.len() as u64) > max) {
            return Answer::Empty;
        }
        let Some(demand) = fields.demands.get(next) else {
            return self.finish(fields, assigned);
        };
        let mut tally = Tally::default();
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
    fn finish(&mut self, fields: &Fields, assigned: &Assigned) -> Answer {
        let mut members = Map::new();
        let mut is_sure = true;
        for (name, literals) in assigned {
            let Some(goal) = self.member_goal(fields, *name, literals) else {
                return Answer::Empty;
            };
            match self.solve(&goal) {
                Answer::Found(value, sure) => {
                    is_sure &= sure;
                    members.insert(self.arena.word(*name).to_owned(), value);
                }
                other => return other,
            }
        }
        if (members.len() as u64) < fields.min {
            return self.fill(fields, members, is_sure);
        }
        Answer::Found(Value::Object(members), is_sure)
    }

    fn fill(
        &mut self,
        fields: &Fields,
        mut members: Map<String, Value>,
        mut is_sure: bool,
    ) -> Answer {
        if fields.max.is_some_and(|max| max < fields.min) {
            return Answer::Empty;
        }
        if fields.min > FILLED_MAX {
            return self.give_up("an object of very many members");
        }
        let mut doubt = false;
        for name in &fields.listed {
            if members.len() as u64 >= fields.min {
                break;
            }
            let text = self.arena.word(*name).to_owned();
            let goal = match members.contains_key(&text) {
                true => None,
                false => self.member_goal(fields, *name, &[]),
            };
            let Some(goal) = goal else { continue };
            match self.solve(&goal) {
                Answer::Found(value, sure) => {
                    is_sure &= sure;
                    members.insert(text, value);
                }
                Answer::Empty => {}
                Answer::Unsure => doubt = true,
            }
        }
        let (cells, is_all) = Self::name_cells(fields);
        doubt |= !is_all;
        for cell in cells {
            while (members.len() as u64) < fields.min {
                let avoided: BTreeSet<Word> = members
                    .keys()
                    .map(|name| self.arena.intern(name))
                    .chain(fields.listed.iter().copied())
                    .collect();
                let name = match self.fresh(fields, cell, &avoided, Vec::new()) {
                    Answer::Found(Value::String(name), _) => name,
                    Answer::Empty => break,
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
                    Answer::Found(value, sure) => {
                        is_sure &= sure;
                        members.insert(name, value);
                    }
                    Answer::Empty => break,
                    Answer::Unsure => {
                        doubt = true;
                        break;
                    }
                }
            }
        }
        match (members.len() as u64) < fields.min {
            true if doubt => self.give_up("an object of more members than were found"),
            true => Answer::Empty,
            false => Answer::Found(Value::Object(members), is_sure),
        }
    }
}
