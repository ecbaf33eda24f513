//! Solves arrays: assigns demands to positions and solves each item as a goal.

use hashbrown::HashMap;

use serde_json::Value;

use super::super::canonical_text::canonical;
use super::super::formula::FormulaId;
use super::array_goal::{ArrayGoal, ItemCount};
use super::goal_state::GoalState;
use super::search_goal::{AnswerTally, Literal, SearchAnswer, SearchGoal};
use super::solver::Solver;

/// Longer arrays are not built.
const LENGTH_MAX: u64 = 2_000;
/// The maximum number of items that must all differ.
const UNIQUE_MAX: usize = 48;
const CHOICES_MAX: usize = 64;

/// A constraint that some position must satisfy.
#[derive(Clone, Copy, Debug)]
enum ItemDemand {
    /// The item violates the broken `items` with this index.
    Violated(usize),
    /// The item satisfies the schema with this index in the counts.
    Counted(usize),
    /// Two positions hold the same value.
    Duplicate,
}

/// The literals of each position.
type PositionLiterals = Vec<Vec<Literal>>;

struct ArrayPlan<'r> {
    array_goal: &'r ArrayGoal,
    counts: &'r [(FormulaId, ItemCount)],
    demands: Vec<ItemDemand>,
    length: usize,
    /// From this position on, all positions have the same constraints.
    prefix: usize,
}

impl Solver<'_> {
    pub(super) fn array(&mut self, state: &GoalState) -> SearchAnswer {
        let array_goal = ArrayGoal::of(self.arena, state);
        if array_goal.is_contradiction {
            return SearchAnswer::Empty;
        }
        let mut tally = AnswerTally::default();
        let choices = array_goal.choices();
        if choices.len() > CHOICES_MAX {
            return self.give_up("several `contains` with wide bounds");
        }
        for counts in &choices {
            let answer = self.counted(&array_goal, counts);
            if let Some(done) = tally.take(answer) {
                return done;
            }
        }
        tally.end()
    }

    /// Arrays with these counts, the shortest first.
    fn counted(
        &mut self,
        array_goal: &ArrayGoal,
        counts: &[(FormulaId, ItemCount)],
    ) -> SearchAnswer {
        let mut demands: Vec<ItemDemand> = (0..array_goal.broken.len())
            .map(ItemDemand::Violated)
            .collect();
        for (number, (_, count)) in counts.iter().enumerate() {
            let (ItemCount::AtLeast(times) | ItemCount::Exactly(times)) = count;
            if *times > 64 {
                return self.give_up("`contains` many times");
            }
            demands.extend((0..*times).map(|_| ItemDemand::Counted(number)));
        }
        if array_goal.unique == Some(false) {
            demands.extend([ItemDemand::Duplicate, ItemDemand::Duplicate]);
        }
        let prefix = array_goal.prefix();
        let longest = array_goal.min.max((prefix + demands.len()) as u64);
        let longest = array_goal.max.map_or(longest, |max| max.min(longest));
        if array_goal.min > LENGTH_MAX {
            return self.give_up("a very long array");
        }
        let mut tally = AnswerTally::default();
        let Some(shortest) = self.shortest_broken(array_goal, prefix) else {
            return SearchAnswer::Empty;
        };
        for length in array_goal.min.max(shortest)..=longest {
            let plan = ArrayPlan {
                array_goal,
                counts,
                demands: demands.clone(),
                length: usize::try_from(length).unwrap_or(usize::MAX),
                prefix,
            };
            self.count_work(plan.length);
            let mut slots: PositionLiterals =
                (0..plan.length).map(|at| array_goal.literals(at)).collect();
            let mut marks = vec![Vec::new(); plan.length];
            let answer = self.assign_demands(&plan, 0, &mut slots, &mut marks);
            if let Some(done) = tally.take(answer) {
                return done;
            }
            if self.is_spent() {
                tally.mark_unsure();
                break;
            }
        }
        tally.end()
    }

    /// The least length with which each broken `items` can be violated; `None` if one never can.
    fn shortest_broken(&mut self, array_goal: &ArrayGoal, prefix: usize) -> Option<u64> {
        let mut shortest = 0;
        for broken in &array_goal.broken {
            // All positions from the prefix on have the same constraints.
            let first = (0..=prefix).find(|at| {
                let mut literals = array_goal.literals(*at);
                literals.push(Literal::fails(broken.at(*at)));
                self.solve(&SearchGoal::new(literals, true)) != SearchAnswer::Empty
            })?;
            shortest = shortest.max(first as u64 + 1);
        }
        Some(shortest)
    }

    /// Assigns the demands from `next` on to positions; `marks` records the assignments.
    fn assign_demands(
        &mut self,
        plan: &ArrayPlan<'_>,
        next: usize,
        slots: &mut PositionLiterals,
        marks: &mut Vec<Vec<PositionMark>>,
    ) -> SearchAnswer {
        if !self.spend(1) {
            return SearchAnswer::Unsure;
        }
        let Some(demand) = plan.demands.get(next).copied() else {
            return self.settled(plan, slots, marks);
        };
        let mut tally = AnswerTally::default();
        let mut tried_blank = false;
        let reach = plan.length.min(plan.prefix + plan.demands.len());
        let least = plan.least(next, marks);
        for at in least..reach {
            // Unassigned positions with the same constraints are interchangeable.
            let is_blank = at >= plan.prefix && marks[at].is_empty();
            if is_blank && std::mem::replace(&mut tried_blank, true) {
                continue;
            }
            let (mark, literal) = match demand {
                ItemDemand::Violated(number) => (
                    PositionMark::Violated,
                    Some(Literal::fails(plan.array_goal.broken[number].at(at))),
                ),
                ItemDemand::Counted(number) => (
                    PositionMark::Counted(number),
                    Some(Literal::holds(plan.counts[number].0)),
                ),
                ItemDemand::Duplicate => (PositionMark::Duplicate, None),
            };
            if mark != PositionMark::Violated && marks[at].contains(&mark) {
                continue;
            }
            let known = slots[at].len();
            slots[at].extend(literal);
            if self.solve(&SearchGoal::new(slots[at].clone(), true)) == SearchAnswer::Empty {
                slots[at].truncate(known);
                continue;
            }
            marks[at].push(mark);
            let answer = self.assign_demands(plan, next + 1, slots, marks);
            marks[at].pop();
            slots[at].truncate(known);
            if let Some(done) = tally.take(answer) {
                return done;
            }
        }
        tally.end()
    }

    /// After all demands are assigned: excludes further matches of exact counts and solves the
    /// items.
    fn settled(
        &mut self,
        plan: &ArrayPlan<'_>,
        slots: &PositionLiterals,
        marks: &[Vec<PositionMark>],
    ) -> SearchAnswer {
        let mut slots = slots.clone();
        self.count_work(slots.len());
        for (number, (schema, count)) in plan.counts.iter().enumerate() {
            if matches!(count, ItemCount::AtLeast(_)) {
                continue;
            }
            for (slot, marks) in slots.iter_mut().zip(marks) {
                if !marks.contains(&PositionMark::Counted(number)) {
                    slot.push(Literal::fails(*schema));
                }
            }
        }
        let duplicates: Vec<usize> = (0..plan.length)
            .filter(|at| marks[*at].contains(&PositionMark::Duplicate))
            .collect();
        if let [one, other] = duplicates[..] {
            let both = [&slots[one][..], &slots[other]].concat();
            slots[one].clone_from(&both);
            slots[other] = both;
        }
        let goals: Vec<SearchGoal> = slots
            .into_iter()
            .map(|literals| SearchGoal::new(literals, true))
            .collect();
        match plan.array_goal.unique {
            Some(true) => self.all_different(&goals),
            _ => self.each(&goals),
        }
    }

    fn each(&mut self, goals: &[SearchGoal]) -> SearchAnswer {
        let mut items = Vec::with_capacity(goals.len());
        let mut is_certain = true;
        let mut is_unsure = false;
        for goal in goals {
            match self.solve(goal) {
                SearchAnswer::Found(value, sure) => {
                    is_certain &= sure;
                    items.push(value);
                }
                SearchAnswer::Empty => return SearchAnswer::Empty,
                SearchAnswer::Unsure => is_unsure = true,
            }
        }
        if is_unsure {
            SearchAnswer::Unsure
        } else {
            SearchAnswer::Found(Value::Array(items), is_certain)
        }
    }

    /// Finds distinct values for all goals. As many values for each goal as there are positions are
    /// enough: whichever values the others use, one remains (Hall's theorem).
    fn all_different(&mut self, goals: &[SearchGoal]) -> SearchAnswer {
        if goals.len() > UNIQUE_MAX {
            return self.give_up("many items that must all differ");
        }
        let mut known: HashMap<&SearchGoal, Vec<Value>> = HashMap::new();
        let (mut is_certain, mut is_unsure) = (true, false);
        for goal in goals {
            if known.contains_key(goal) {
                continue;
            }
            let mut values: Vec<Value> = Vec::new();
            while values.len() < goals.len() {
                let next = if values.is_empty() {
                    goal.clone()
                } else {
                    goal.with(Literal::fails(self.arena.values(&values)))
                };
                match self.solve(&next) {
                    SearchAnswer::Found(value, sure) => {
                        is_certain &= sure;
                        values.push(value);
                    }
                    SearchAnswer::Empty => break,
                    SearchAnswer::Unsure => {
                        is_unsure = true;
                        break;
                    }
                }
            }
            known.insert(goal, values);
        }
        let offers: Vec<&[Value]> = goals.iter().map(|goal| &known[goal][..]).collect();
        match (matched(&offers), is_unsure) {
            (Some(items), _) => SearchAnswer::Found(Value::Array(items), is_certain),
            (None, true) => self.give_up("items that must all differ"),
            (None, false) => SearchAnswer::Empty,
        }
    }
}

/// A demand that is assigned to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PositionMark {
    Violated,
    Counted(usize),
    Duplicate,
}

impl ArrayPlan<'_> {
    /// The first position for a demand. Equal demands are assigned in ascending order.
    fn least(&self, next: usize, marks: &[Vec<PositionMark>]) -> usize {
        let mark = match self.demands[next] {
            ItemDemand::Violated(_) => return 0,
            ItemDemand::Counted(number) => PositionMark::Counted(number),
            ItemDemand::Duplicate => PositionMark::Duplicate,
        };
        marks
            .iter()
            .rposition(|marks| marks.contains(&mark))
            .map_or(0, |at| at + 1)
    }
}

/// Selects one value for each position so that all differ.
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
