//! Answers questions about the schemas of two contracts.

use hashbrown::HashMap;
use std::cell::Cell;

use portcullis_contract::{CompiledContract, MessageDirection, SchemaKey};
use serde_json::Value;

use super::compared_schemas::ComparedSchemas;
use super::containment_query::ContainmentQuery;
use super::containment_verdict::{
    ContainmentBudget, ContainmentVerdict, EditVerdict, ProducerReading, SchemaBreak,
    SchemaQuestion, UndecidedReason, ValueEncoding,
};
use super::formula::{ANY, FormulaId, NEVER};
use super::formula_pair::{ContainmentSide, CounterexampleGoal};
use super::schema_patch::EditedSchema;
use super::solve::SearchAnswer;

/// Recursion is as deep as schemas are nested, so it runs on a large stack.
const STACK_BYTES: usize = 256 << 20;

/// Compares the schemas of two contracts in one direction.
///
/// For requests the producer is the older contract, which consumers follow. For responses it is the
/// newer one, which the service follows.
#[derive(Debug)]
pub(crate) struct SchemaComparison<'c> {
    pub(super) compared: ComparedSchemas<'c>,
    /// Answers by pair of formulas; operations often share schemas.
    answered: HashMap<AnsweredQuestion, ContainmentVerdict>,
}

/// The formulas of the producer and the acceptor, and how the question reads them.
type AnsweredQuestion = (FormulaId, FormulaId, ProducerReading, ValueEncoding, bool);

impl<'c> SchemaComparison<'c> {
    /// Reads the schemas of both contracts.
    pub(crate) fn new(
        producer: &'c CompiledContract,
        acceptor: &'c CompiledContract,
        direction: MessageDirection,
        budget: ContainmentBudget,
    ) -> Self {
        Self {
            compared: on_large_stack(|| {
                ComparedSchemas::new(producer, acceptor, direction, budget)
            }),
            answered: HashMap::new(),
        }
    }

    /// Whether the acceptor accepts every JSON value that the producer sends. `None` allows any
    /// value.
    #[cfg(test)]
    pub(crate) fn judge(
        &mut self,
        producer: Option<&SchemaKey>,
        acceptor: Option<&SchemaKey>,
    ) -> ContainmentVerdict {
        self.ask(SchemaQuestion {
            producer,
            acceptor,
            ..SchemaQuestion::default()
        })
    }

    /// Whether the producer provably sends no value at all. An example is a `oneOf` whose
    /// alternatives overlap for every value with only declared properties.
    pub(crate) fn sends_nothing(&mut self, question: SchemaQuestion<'_>) -> bool {
        let goal = CounterexampleGoal {
            producer: self.root(ContainmentSide::Producer, question.producer),
            acceptor: NEVER,
            reading: question.reading,
            encoding: question.encoding,
            also_holds: Vec::new(),
        };
        let mut steps_left = self.compared.budget.question_steps;
        let (answer, _) = on_large_stack(|| self.compared.refute(&goal, &mut steps_left));
        matches!(answer, SearchAnswer::Empty)
    }

    fn root(&self, side: ContainmentSide, key: Option<&SchemaKey>) -> FormulaId {
        self.compared.pair.root(side, key.map(SchemaKey::as_str))
    }

    /// Answers a question.
    pub(crate) fn ask(&mut self, question: SchemaQuestion<'_>) -> ContainmentVerdict {
        let producer = self.root(ContainmentSide::Producer, question.producer);
        let acceptor = self.root(ContainmentSide::Acceptor, question.acceptor);
        if producer == acceptor {
            return ContainmentVerdict::Same;
        }
        if acceptor == ANY {
            return ContainmentVerdict::Compatible;
        }
        let asked = (
            producer,
            acceptor,
            question.reading,
            question.encoding,
            question.is_first_enough,
        );
        if let Some(known) = self.answered.get(&asked) {
            return known.clone();
        }
        let query = self.query(question);
        let verdict = on_large_stack(|| query.answer());
        self.answered.insert(asked, verdict.clone());
        verdict
    }

    /// Whether one edit alone breaks the question's schemas. `is_cause` recognizes the keyword that
    /// the edit changed, for the explanation.
    pub(crate) fn ask_edit(
        &mut self,
        question: SchemaQuestion<'_>,
        edited: &EditedSchema,
        older: ContainmentSide,
        is_cause: &(dyn Fn(&SchemaBreak) -> bool + Sync),
    ) -> EditVerdict {
        let query = self.query(question);
        on_large_stack(|| query.edit_answer(edited, older, is_cause))
    }

    /// A value that breaks and that these edits together do not explain.
    ///
    /// # Errors
    ///
    /// Returns the reason if the search gave up.
    pub(crate) fn ask_unexplained(
        &mut self,
        question: SchemaQuestion<'_>,
        edits: &[&EditedSchema],
        older: ContainmentSide,
    ) -> Result<Option<SchemaBreak>, UndecidedReason> {
        let query = self.query(question);
        on_large_stack(|| query.unexplained_break(edits, older))
    }

    /// Whether these edits together bring about that a value breaks.
    pub(crate) fn explains(
        &mut self,
        question: SchemaQuestion<'_>,
        edits: &[&EditedSchema],
        older: ContainmentSide,
        value: &Value,
    ) -> bool {
        let query = self.query(question);
        on_large_stack(|| query.explains(edits, older, value))
    }

    /// Whether a value that breaks would not without this edit.
    pub(crate) fn needs(
        &mut self,
        question: SchemaQuestion<'_>,
        edited: &EditedSchema,
        older: ContainmentSide,
        value: &Value,
    ) -> bool {
        let query = self.query(question);
        on_large_stack(|| query.needs(edited, older, value))
    }

    fn query<'i>(&'i mut self, question: SchemaQuestion<'i>) -> ContainmentQuery<'i, 'c> {
        let producer = self.root(ContainmentSide::Producer, question.producer);
        let acceptor = self.root(ContainmentSide::Acceptor, question.acceptor);
        ContainmentQuery {
            compared: &mut self.compared,
            question,
            producer,
            acceptor,
            known: Vec::new(),
        }
    }
}

thread_local! {
    /// Whether the thread has a large stack.
    static HAS_LARGE_STACK: Cell<bool> = const { Cell::new(false) };
}

/// Runs on a thread with a large stack, or on the current thread if it has one or none can be
/// spawned.
pub(crate) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if HAS_LARGE_STACK.get() {
        return work();
    }
    let (mut work, mut done) = (Some(work), None);
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new()
            .name("compare".to_owned())
            .stack_size(STACK_BYTES);
        let run = || {
            HAS_LARGE_STACK.set(true);
            done = work.take().map(|work| work());
        };
        if let Ok(thread) = builder.spawn_scoped(scope, run)
            && let Err(panic) = thread.join()
        {
            std::panic::resume_unwind(panic);
        }
    });
    match (done, work) {
        (Some(done), _) => done,
        (None, Some(work)) => work(),
        (None, None) => unreachable!("work that was begun is done, or has panicked"),
    }
}
