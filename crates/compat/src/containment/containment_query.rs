//! One question while it is answered: a value is sought, confirmed, made small and explained, and
//! then one with another cause, until there is none.

use serde_json::Value;

use portcullis_contract::{CompiledContract, SchemaKey};

use super::containment_verdict::{
    ContainmentVerdict, ProducerReading, SchemaBreak, SchemaQuestion, UndecidedReason,
    ValueEncoding,
};
use super::failed_keyword::FailedKeyword;
use super::formula::{FormulaId, NEVER};
use super::formula_pair::CounterexampleGoal;
use super::schema_comparison::SchemaComparison;
use super::smallest_value::smallest;
use super::solve::SearchAnswer;
use super::text_readings::readings;

/// How many values are tried where the search was not sure of the first.
const TRIES_MAX: usize = 4;

/// Steps to find out whether the producer has values without a flaw.
const AVOIDABLE_STEPS: u64 = 10_000;

/// One question while it is answered.
pub(super) struct ContainmentQuery<'i, 'c> {
    pub(super) comparison: &'i mut SchemaComparison<'c>,
    pub(super) question: SchemaQuestion<'i>,
    pub(super) producer: FormulaId,
    pub(super) acceptor: FormulaId,
    /// Causes that are looked past.
    pub(super) known: Vec<FailedKeyword>,
}

impl ContainmentQuery<'_, '_> {
    pub(super) fn answer(mut self) -> ContainmentVerdict {
        let mut doubt = CounterexampleGoal {
            producer: self.producer,
            acceptor: self.acceptor,
            reading: self.question.reading,
            carriage: self.question.carriage,
            also_holds: Vec::new(),
        };
        let mut steps_left = self.comparison.budget.question_steps;
        let mut breaks: Vec<SchemaBreak> = Vec::new();
        let most = self.comparison.budget.causes.max(1);
        // Each cause is met once more at most, in another place.
        for _ in 0..2 * most {
            let found = self.witness(&mut doubt, &mut steps_left);
            let witness = match found {
                Ok(Some(witness)) => witness,
                Ok(None) if breaks.is_empty() => return ContainmentVerdict::Compatible,
                Err(unknown) if breaks.is_empty() => return ContainmentVerdict::Unknown(unknown),
                _ => break,
            };
            let Some(blame) = self.blame(&witness) else {
                if breaks.is_empty() {
                    breaks.push(self.unexplained(&witness));
                }
                break;
            };
            let cause = self.explain(&witness, &blame);
            let is_known = |known: &SchemaBreak| {
                known.message == cause.message && known.acceptor_spot == cause.acceptor_spot
            };
            if !breaks.iter().any(is_known) {
                breaks.push(cause);
            }
            if breaks.len() >= most || !self.exclude_cause(&mut doubt, &witness, blame) {
                break;
            }
        }
        ContainmentVerdict::Breaking(breaks)
    }

    /// Looks for other causes only: for values without this one, or past it where the producer has
    /// no such value. Whether there is a way to go on.
    fn exclude_cause(
        &mut self,
        doubt: &mut CounterexampleGoal,
        witness: &Value,
        blame: FailedKeyword,
    ) -> bool {
        let formula = self.without_cause(witness, &blame);
        let mut avoiding = doubt.clone();
        avoiding.also_holds.push(formula);
        let avoidable = CounterexampleGoal {
            acceptor: NEVER,
            ..avoiding.clone()
        };
        let (answer, ..) = self.comparison.pair.refute(&avoidable, AVOIDABLE_STEPS);
        if answer != SearchAnswer::Empty {
            *doubt = avoiding;
            return true;
        }
        let weaker = self.comparison.pair.weaker(doubt.acceptor, &blame);
        self.known.push(blame);
        weaker != std::mem::replace(&mut doubt.acceptor, weaker)
    }

    /// A value that the producer may send and the acceptor refuses, as both validators confirm.
    fn witness(
        &mut self,
        doubt: &mut CounterexampleGoal,
        steps_left: &mut u64,
    ) -> Result<Option<Value>, UndecidedReason> {
        let known = doubt.also_holds.len();
        let mut outcome = Err(UndecidedReason {
            reason: "no value that was found is confirmed by the validators".to_owned(),
        });
        for _ in 0..TRIES_MAX {
            let (answer, reason) = self.refute(doubt, steps_left);
            let value = match answer {
                SearchAnswer::Found(value, _) => value,
                // Values that were left out meanwhile are accepted: the validators said so.
                SearchAnswer::Empty => {
                    outcome = Ok(None);
                    break;
                }
                SearchAnswer::Unsure => {
                    outcome = Err(UndecidedReason {
                        reason: reason.unwrap_or_else(|| "the search gave up".to_owned()),
                    });
                    break;
                }
            };
            if self.is_confirmed(&value, doubt.acceptor) {
                outcome = Ok(Some(self.smallest(
                    value,
                    &doubt.also_holds[..known],
                    doubt.acceptor,
                )));
                break;
            }
            let this = self.comparison.pair.exactly(&value);
            let others = self.comparison.pair.not(this);
            doubt.also_holds.push(others);
        }
        doubt.also_holds.truncate(known);
        outcome
    }

    fn refute(
        &mut self,
        doubt: &CounterexampleGoal,
        steps_left: &mut u64,
    ) -> (SearchAnswer, Option<String>) {
        let comparison = &mut *self.comparison;
        let total_left = comparison
            .budget
            .total_steps
            .saturating_sub(comparison.spent);
        let (answer, steps, reason) = comparison.pair.refute(doubt, (*steps_left).min(total_left));
        comparison.spent += steps;
        *steps_left = steps_left.saturating_sub(steps);
        (answer, reason)
    }

    /// Whether the contracts' own validators say that the value is sent and refused.
    /// Where the acceptor was weakened, it still must refuse it.
    fn is_confirmed(&mut self, value: &Value, acceptor_left: FormulaId) -> bool {
        if acceptor_left != self.acceptor
            && self.comparison.pair.judge().holds(acceptor_left, value) != Some(false)
        {
            return false;
        }
        let SchemaComparison {
            producer,
            acceptor,
            direction,
            pair,
            ..
        } = &mut *self.comparison;
        let accepts = |contract: &CompiledContract, key: Option<&SchemaKey>, value: &Value| {
            key.is_none_or(|key| contract.accepts(*direction, key, &value.to_string()))
        };
        if !accepts(producer, self.question.producer, value) {
            return false;
        }
        let is_refused = match self.question.carriage {
            ValueEncoding::Json => !accepts(acceptor, self.question.acceptor, value),
            ValueEncoding::Text => {
                let readings = readings(value);
                !readings
                    .iter()
                    .any(|reading| accepts(acceptor, self.question.acceptor, reading))
            }
        };
        let mut is_sent = || {
            self.question.reading == ProducerReading::Accepted
                || pair.judge().sends(&[self.producer], value, true) != Some(false)
        };
        is_refused && is_sent()
    }

    /// A smaller value of the same kind that is no case of a known cause.
    fn smallest(&mut self, value: Value, known: &[FormulaId], acceptor_left: FormulaId) -> Value {
        smallest(value, &mut |simpler| {
            let is_new = |inquiry: &mut Self, id: &FormulaId| {
                inquiry.comparison.pair.judge().holds(*id, simpler) == Some(true)
            };
            known.iter().all(|id| is_new(self, id)) && self.is_confirmed(simpler, acceptor_left)
        })
    }
}
