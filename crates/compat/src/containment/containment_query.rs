//! Answers one query: finds a counterexample, confirms it, shrinks it, explains it, and repeats for
//! further causes until no counterexample is left.

use serde_json::Value;

use portcullis_contract::{CompiledContract, SchemaKey};

use super::compared_schemas::ComparedSchemas;
use super::containment_verdict::{
    ContainmentVerdict, ProducerReading, SchemaBreak, SchemaQuestion, UndecidedReason,
    ValueEncoding,
};
use super::failed_keyword::FailedKeyword;
use super::formula::{FormulaId, NEVER};
use super::formula_pair::CounterexampleGoal;
use super::smallest_value::smallest;
use super::solve::{NO_VALUE, SearchAnswer};
use super::text_readings::{readings, written_otherwise};

/// The number of values to try if the validators do not confirm the first.
const TRIES_MAX: usize = 4;

/// Steps for checking whether the producer can avoid a cause.
const AVOIDABLE_STEPS: u64 = 10_000;

/// A query in progress.
pub(super) struct ContainmentQuery<'i, 'c> {
    pub(super) compared: &'i mut ComparedSchemas<'c>,
    pub(super) question: SchemaQuestion<'i>,
    pub(super) producer: FormulaId,
    pub(super) acceptor: FormulaId,
    /// Causes that the explanation skips.
    pub(super) known: Vec<FailedKeyword>,
}

impl ContainmentQuery<'_, '_> {
    pub(super) fn answer(mut self) -> ContainmentVerdict {
        let mut goal = CounterexampleGoal {
            producer: self.producer,
            acceptor: self.acceptor,
            reading: self.question.reading,
            encoding: self.question.encoding,
            also_holds: Vec::new(),
        };
        let mut steps_left = self.compared.budget.question_steps;
        let mut breaks: Vec<SchemaBreak> = Vec::new();
        let most = if self.question.is_first_enough {
            1
        } else {
            self.compared.budget.causes.max(1)
        };
        // Each cause can occur twice: once by itself and once more at another location.
        for _ in 0..2 * most {
            let found = self.witness(&mut goal, &mut steps_left);
            let witness = match found {
                Ok(Some(witness)) => witness,
                Ok(None) if breaks.is_empty() => return ContainmentVerdict::Compatible,
                Err(unknown) if breaks.is_empty() => return ContainmentVerdict::Unknown(unknown),
                _ => break,
            };
            let Some(failure) = self.failure(&witness) else {
                if breaks.is_empty() {
                    breaks.push(self.unexplained(&witness));
                }
                break;
            };
            let cause = self.explain(&witness, &failure);
            let is_known = |known: &SchemaBreak| {
                known.message == cause.message && known.acceptor_location == cause.acceptor_location
            };
            if !breaks.iter().any(is_known) {
                breaks.push(cause);
            }
            if breaks.len() >= most || !self.exclude_cause(&mut goal, &witness, failure) {
                break;
            }
        }
        ContainmentVerdict::Breaking(breaks)
    }

    /// Excludes a known cause from the search: the following values avoid it, or, if the producer
    /// cannot avoid it, the acceptor no longer checks it. Returns whether the search can continue.
    fn exclude_cause(
        &mut self,
        goal: &mut CounterexampleGoal,
        witness: &Value,
        failure: FailedKeyword,
    ) -> bool {
        let formula = self.without_cause(witness, &failure);
        let mut avoiding = goal.clone();
        avoiding.also_holds.push(formula);
        let avoidable = CounterexampleGoal {
            acceptor: NEVER,
            ..avoiding.clone()
        };
        let (answer, ..) = self.compared.pair.refute(&avoidable, AVOIDABLE_STEPS);
        if answer != SearchAnswer::Empty {
            *goal = avoiding;
            return true;
        }
        let weaker = self.weaker(goal.acceptor, &failure);
        self.known.push(failure);
        weaker != std::mem::replace(&mut goal.acceptor, weaker)
    }

    /// A value that the producer may send and the acceptor refuses, confirmed by both validators.
    pub(super) fn witness(
        &mut self,
        goal: &mut CounterexampleGoal,
        steps_left: &mut u64,
    ) -> Result<Option<Value>, UndecidedReason> {
        let known = goal.also_holds.len();
        let unconfirmed = "the validators confirm none of the values that the search found";
        let pair = &self.compared.pair;
        let keyword = pair.opaque_keyword_in([goal.producer, goal.acceptor]);
        let mut outcome = Err(UndecidedReason {
            reason: keyword.map_or_else(
                || unconfirmed.to_owned(),
                |keyword| format!("the search does not follow `{keyword}`, and {unconfirmed}"),
            ),
        });
        let mut is_open = false;
        for _ in 0..TRIES_MAX {
            let (answer, reason) = self.compared.refute(goal, steps_left);
            let value = match answer {
                SearchAnswer::Found(value, _) => value,
                // The validators accept the values that were excluded meanwhile, unless a broken part
                // leaves that open.
                SearchAnswer::Empty => {
                    if !is_open {
                        outcome = Ok(None);
                    }
                    break;
                }
                SearchAnswer::Unsure => {
                    let reason = self.undecided_reason(goal, reason);
                    outcome = Err(UndecidedReason { reason });
                    break;
                }
            };
            if let Some(reason) = self.broken_part(&value) {
                // The first value is the simplest, so it meets the fewest other parts.
                if !std::mem::replace(&mut is_open, true) {
                    outcome = Err(UndecidedReason { reason });
                }
            } else if self.is_confirmed(&value, goal.acceptor) {
                outcome = Ok(Some(self.smallest(
                    value,
                    &goal.also_holds[..known],
                    goal.acceptor,
                )));
                break;
            }
            // The validators were asked about one of the texts of a number only.
            if self.question.encoding != ValueEncoding::Json && written_otherwise(&value).is_some()
            {
                is_open = true;
            }
            let this = self.compared.pair.exactly(&value);
            let others = self.compared.pair.not(this);
            goal.also_holds.push(others);
        }
        goal.also_holds.truncate(known);
        outcome
    }

    /// Why the search gave up: a broken part of a contract, unless the search has a reason of its
    /// own.
    fn undecided_reason(&self, goal: &CounterexampleGoal, reason: Option<String>) -> String {
        let own = reason.unwrap_or_else(|| "the search gave up".to_owned());
        let pair = &self.compared.pair;
        let broken = pair.broken_part_in([goal.producer, goal.acceptor]);
        let is_general = [NO_VALUE, "the search gave up"].contains(&own.as_str());
        broken.filter(|_| is_general).unwrap_or(own)
    }

    /// The broken part of a contract because of which it is unknown whether the value is sent, or
    /// whether it is refused. Validators accept everything there.
    fn broken_part(&mut self, value: &Value) -> Option<String> {
        let pair = &mut self.compared.pair;
        let values = match self.question.encoding {
            ValueEncoding::Json => vec![value.clone()],
            ValueEncoding::Text(_) => readings(value),
        };
        pair.broken_part(self.producer, std::slice::from_ref(value))
            .or_else(|| pair.broken_part(self.acceptor, &values))
    }

    /// Whether the validators of both contracts confirm that the value is sent and refused. If the
    /// acceptor was weakened, the weakened acceptor must refuse the value, too.
    fn is_confirmed(&mut self, value: &Value, acceptor_left: FormulaId) -> bool {
        if self.broken_part(value).is_some() {
            return false;
        }
        if acceptor_left != self.acceptor
            && self.compared.pair.evaluator().holds(acceptor_left, value) != Some(false)
        {
            return false;
        }
        let ComparedSchemas {
            producer,
            acceptor,
            direction,
            pair,
            ..
        } = &mut *self.compared;
        let accepts = |contract: &CompiledContract, key: Option<&SchemaKey>, value: &Value| {
            key.is_none_or(|key| contract.accepts(*direction, key, &value.to_string()))
        };
        if !accepts(producer, self.question.producer, value) {
            return false;
        }
        let is_refused = match self.question.encoding {
            ValueEncoding::Json => !accepts(acceptor, self.question.acceptor, value),
            ValueEncoding::Text(form) => {
                let readings = readings(value);
                !readings
                    .iter()
                    .any(|reading| accepts(acceptor, self.question.acceptor, reading))
                    && pair.is_refused_as_text([self.producer, self.acceptor], form, value)
            }
        };
        let mut is_sent = || {
            self.question.reading == ProducerReading::Accepted
                || pair.evaluator().sends(&[self.producer], value, true) != Some(false)
        };
        is_refused && is_sent()
    }

    /// A smaller value that shows a new cause, too.
    fn smallest(&mut self, value: Value, known: &[FormulaId], acceptor_left: FormulaId) -> Value {
        smallest(value, &mut |simpler| {
            let is_new = |query: &mut Self, id: &FormulaId| {
                query.compared.pair.evaluator().holds(*id, simpler) == Some(true)
            };
            known.iter().all(|id| is_new(self, id)) && self.is_confirmed(simpler, acceptor_left)
        })
    }
}
