//! Arrays: demands are given to positions, each item is a goal of its own.

use std::collections::HashMap;

use serde_json::Value;

use super::super::formula::Id;
use super::super::ratio::canonical;
use super::goal::{Answer, Goal, Literal, Tally};
use super::rows::{Count, Rows};
use super::search::Solver;
use super::state::State;

/// Longer arrays are not made.
const LENGTH_MAX: u64 = 2_000;
/// Items that must all differ, at most.
const UNIQUE_MAX: usize = 48;
const CHOICES_MAX: usize = 64;

/// Some position must fulfil something.
#[derive(Clone, Copy, Debug)]
enum Demand {
    /// What the broken items with this number say fails there.
    Broken(usize),
    /// A schema that so many positions must satisfy; its number among the counts.
    Counted(usize),
    /// Two positions hold the same value.
    Twin,
}

/// Which literals each position got.
type Slots = Vec<Vec<Literal>>;

struct Plan<'r> {
    rows: &'r Rows,
    counts: &'r [(Id, Count)],
    demands: Vec<Demand>,
    length: usize,
    /// Positions from here on are alike.
    prefix: usize,
}

impl Solver<'_> {
    pub(super) fn array(&mut self, state: &State) -> Answer {
        let rows = Rows::of(self.arena, state);
        if rows.is_contradiction {
            return Answer::Empty;
        }
        let mut tally = Tally::default();
        let choices = rows.choices();
        if choices.len() > CHOICES_MAX {
            return self.give_up("several `contains` with wide bounds");
        }
        for counts in &choices {
            let answer = self.counted(&rows, counts);
            if let Some(done) = tally.take(answer) {
                return done;
            }
        }
        tally.end()
    }

    /// Arrays with these counts, the shortest first.
    fn counted(&mut self, rows: &Rows, counts: &[(Id, Count)]) -> Answer {
        let mut demands: Vec<Demand> = (0..rows.broken.len()).map(Demand::Broken).collect();
        for (number, (_, count)) in counts.iter().enumerate() {
            let (Count::AtLeast(times) | Count::Exactly(times)) = count;
            if *times > 64 {
                return self.give_up("`contains` many times");
            }
            demands.extend((0..*times).map(|_| Demand::Counted(number)));
        }
        if rows.unique == Some(false) {
            demands.extend([Demand::Twin, Demand::Twin]);
        }
        let prefix = rows.prefix();
        let longest = rows.min.max((prefix + demands.len()) as u64);
        let longest = rows.max.map_or(longest, |max| max.min(longest));
        if rows.min > LENGTH_MAX {
            return self.give_up("a very long array");
        }
        let mut tally = Tally::default();
        for length in rows.min..=longest {
            let plan = Plan {
                rows,
                counts,
                demands: demands.clone(),
                length: usize::try_from(length).unwrap_or(usize::MAX),
                prefix,
            };
            let slots: Slots = (0..plan.length).map(|at| rows.literals(at)).collect();
            let answer = self.place(&plan, 0, &slots, &mut vec![Vec::new(); plan.length]);
            if let Some(done) = tally.take(answer) {
                return done;
            }
            if self.is_spent() {
                tally.doubt();
                break;
            }
        }
        tally.end()
    }

    /// Gives the demands from `next` on to positions; `marks` tells which each position got.
    fn place(
        &mut self,
        plan: &Plan<'_>,
        next: usize,
        slots: &Slots,
        marks: &mut Vec<Vec<Mark>>,
    ) -> Answer {
        if !self.spend(1) {
            return Answer::Unsure;
        }
        let Some(demand) = plan.demands.get(next).copied() else {
            return self.settled(plan, slots, marks);
        };
        let mut tally = Tally::default();
        let mut tried_blank = false;
        let reach = plan.length.min(plan.prefix + plan.demands.len());
        let least = plan.least(next, marks);
        for at in least..reach {
            // Positions that are alike and empty-handed are as good as one.
            let is_blank = at >= plan.prefix && marks[at].is_empty();
            if is_blank && std::mem::replace(&mut tried_blank, true) {
                continue;
            }
            let (mark, literal) = match demand {
                Demand::Broken(number) => (
                    Mark::Broken,
                    Some(Literal::fails(plan.rows.broken[number].at(at))),
                ),
                Demand::Counted(number) => (
                    Mark::Counted(number),
                    Some(Literal::holds(plan.counts[number].0)),
                ),
                Demand::Twin => (Mark::Twin, None),
            };
            if mark != Mark::Broken && marks[at].contains(&mark) {
                continue;
            }
            let mut with = slots.clone();
            with[at].extend(literal);
            if self.solve(&Goal::new(with[at].clone(), true)) == Answer::Empty {
                continue;
            }
            marks[at].push(mark);
            let answer = self.place(plan, next + 1, &with, marks);
            marks[at].pop();
            if let Some(done) = tally.take(answer) {
                return done;
            }
        }
        tally.end()
    }

    /// All demands are met: what is left out of exact counts, and then every value.
    fn settled(&mut self, plan: &Plan<'_>, slots: &Slots, marks: &[Vec<Mark>]) -> Answer {
        let mut slots = slots.clone();
        for (number, (schema, count)) in plan.counts.iter().enumerate() {
            if matches!(count, Count::AtLeast(_)) {
                continue;
            }
            for (slot, marks) in slots.iter_mut().zip(marks) {
                if !marks.contains(&Mark::Counted(number)) {
                    slot.push(Literal::fails(*schema));
                }
            }
        }
        let twins: Vec<usize> = (0..plan.length)
            .filter(|at| marks[*at].contains(&Mark::Twin))
            .collect();
        if let [one, other] = twins[..] {
            let both = [&slots[one][..], &slots[other]].concat();
            slots[one].clone_from(&both);
            slots[other] = both;
        }
        let goals: Vec<Goal> = slots
            .into_iter()
            .map(|literals| Goal::new(literals, true))
            .collect();
        match plan.rows.unique {
            Some(true) => self.all_different(&goals),
            _ => self.each(&goals),
        }
    }

    fn each(&mut self, goals: &[Goal]) -> Answer {
        let mut items = Vec::with_capacity(goals.len());
        let mut is_sure = true;
        let mut doubt = false;
        for goal in goals {
            match self.solve(goal) {
                Answer::Found(value, sure) => {
                    is_sure &= sure;
                    items.push(value);
                }
                Answer::Empty => return Answer::Empty,
                Answer::Unsure => doubt = true,
            }
        }
        match doubt {
            true => Answer::Unsure,
            false => Answer::Found(Value::Array(items), is_sure),
        }
    }

    /// Values for all goals, no two alike. As many values of each goal as there are positions
    /// suffice: whatever the others take, one is left (Hall's theorem).
    fn all_different(&mut self, goals: &[Goal]) -> Answer {
        if goals.len() > UNIQUE_MAX {
            return self.give_up("many items that must all differ");
        }
        let mut known: HashMap<&Goal, Vec<Value>> = HashMap::new();
        let (mut is_sure, mut doubt) = (true, false);
        for goal in goals {
            if known.contains_key(goal) {
                continue;
            }
            let mut values: Vec<Value> = Vec::new();
            while values.len() < goals.len() {
                let next = match values.is_empty() {
                    true => goal.clone(),
                    false => goal.with(Literal::fails(self.arena.values(&values))),
                };
                match self.solve(&next) {
                    Answer::Found(value, sure) => {
                        is_sure &= sure;
                        values.push(value);
                    }
                    Answer::Empty => break,
                    Answer::Unsure => {
                        doubt = true;
                        break;
                    }
                }
            }
            known.insert(goal, values);
        }
        let offers: Vec<&[Value]> = goals.iter().map(|goal| &known[goal][..]).collect();
        match (matched(&offers), doubt) {
            (Some(items), _) => Answer::Found(Value::Array(items), is_sure),
            (None, true) => self.give_up("items that must all differ"),
            (None, false) => Answer::Empty,
        }
    }
}

/// What a position was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Broken,
    Counted(usize),
    Twin,
}

impl Plan<'_> {
    /// Demands that are alike go to positions in order.
    fn least(&self, next: usize, marks: &[Vec<Mark>]) -> usize {
        let mark = match self.demands[next] {
            Demand::Broken(_) => return 0,
            Demand::Counted(number) => Mark::Counted(number),
            Demand::Twin => Mark::Twin,
        };
        marks
            .iter()
            .rposition(|marks| marks.contains(&mark))
            .map_or(0, |at| at + 1)
    }
}

/// Gives each position one of its values so that none is given twice.
fn matched(offers: &[&[Value]]) -> Option<Vec<Value>> {
    let texts: Vec<Vec<String>> = offers
        .iter()
        .map(|values| values.iter().map(canonical).collect())
        .collect();
    let mut holder: HashMap<&str, (usize, usize)> = HashMap::new();
    for at in 0..offers.len() {
        let mut tried = Vec::new();
        if !augment(&texts, at, &mut holder, &mut tried) {
            return None;
        }
    }
    let mut items = vec![Value::Null; offers.len()];
    for at in 0..offers.len() {
        let held = holder.values().find(|(position, _)| *position == at)?;
        items[at] = offers[at][held.1].clone();
    }
    Some(items)
}

fn augment<'t>(
    texts: &'t [Vec<String>],
    at: usize,
    holder: &mut HashMap<&'t str, (usize, usize)>,
    tried: &mut Vec<&'t str>,
) -> bool {
    let free = texts[at]
        .iter()
        .position(|text| !holder.contains_key(text.as_str()));
    if let Some(number) = free {
        holder.insert(&texts[at][number], (at, number));
        return true;
    }
    for (number, text) in texts[at].iter().enumerate() {
        if tried.contains(&text.as_str()) {
            continue;
        }
        tried.push(text);
        let other = holder.get(text.as_str()).map(|(position, _)| *position);
        if other.is_none_or(|other| augment(texts, other, holder, tried)) {
            holder.insert(text, (at, number));
            return true;
        }
    }
    false
}
