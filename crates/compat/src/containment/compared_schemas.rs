//! The schemas of two contracts as formulas, with the search budget that all questions share.

use portcullis_contract::{CompiledContract, LoweredSchemas, MessageDirection};

use super::containment_verdict::ContainmentBudget;
use super::formula_pair::{CounterexampleGoal, FormulaPair};
use super::solve::SearchAnswer;

/// The schemas of two contracts in one direction.
#[derive(Debug)]
pub(super) struct ComparedSchemas<'c> {
    pub(super) producer: &'c CompiledContract,
    pub(super) acceptor: &'c CompiledContract,
    pub(super) direction: MessageDirection,
    /// The lowered schemas of the producer and of the acceptor.
    pub(super) lowered: [LoweredSchemas; 2],
    pub(super) pair: FormulaPair,
    pub(super) budget: ContainmentBudget,
    spent: u64,
}

impl<'c> ComparedSchemas<'c> {
    /// Reads the schemas of both contracts.
    pub(super) fn new(
        producer: &'c CompiledContract,
        acceptor: &'c CompiledContract,
        direction: MessageDirection,
        budget: ContainmentBudget,
    ) -> Self {
        let lowered = [
            producer.lowered_schemas(direction),
            acceptor.lowered_schemas(direction),
        ];
        let pair = FormulaPair::new(&lowered[0].document, &lowered[1].document, direction);
        Self {
            producer,
            acceptor,
            direction,
            lowered,
            pair,
            budget,
            spent: 0,
        }
    }

    /// Searches for a value that the producer sends and the acceptor refuses. Takes the steps from
    /// `steps_left` and from the budget of the comparison. Returns the answer, and the reason if
    /// the search gave up.
    pub(super) fn refute(
        &mut self,
        goal: &CounterexampleGoal,
        steps_left: &mut u64,
    ) -> (SearchAnswer, Option<String>) {
        let total_left = self.budget.total_steps.saturating_sub(self.spent);
        let (answer, steps, reason) = self.pair.refute(goal, (*steps_left).min(total_left));
        self.spent += steps;
        *steps_left = steps_left.saturating_sub(steps);
        (answer, reason)
    }
}
