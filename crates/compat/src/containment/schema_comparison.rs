//! Questions about the schemas of two contracts, answered with proof.

use std::collections::HashMap;

use portcullis_contract::{CompiledContract, LoweredSchemas, MessageDirection, SchemaKey};

use super::containment_query::ContainmentQuery;
use super::containment_verdict::{
    ContainmentBudget, ContainmentVerdict, ProducerReading, SchemaQuestion, ValueEncoding,
};
use super::formula::{ANY, FormulaId, NEVER};
use super::formula_pair::{ContainmentSide, CounterexampleGoal, FormulaPair};
use super::solve::SearchAnswer;

/// Recursion follows how deep schemas are nested, so it gets a stack of its own.
const STACK_BYTES: usize = 256 << 20;

/// Two contracts, one direction: which schemas of the producer are within those of the acceptor.
///
/// In requests the producer is the older contract, by which consumers send; in responses it is
/// the newer one, by which the service answers.
#[derive(Debug)]
pub struct SchemaComparison<'c> {
    pub(super) producer: &'c CompiledContract,
    pub(super) acceptor: &'c CompiledContract,
    pub(super) direction: MessageDirection,
    pub(super) budget: ContainmentBudget,
    pub(super) spent: u64,
    pub(super) lowered: [LoweredSchemas; 2],
    pub(super) pair: FormulaPair,
    /// Schemas that many operations share are compared once.
    answered: HashMap<(FormulaId, FormulaId, ProducerReading, ValueEncoding), ContainmentVerdict>,
}

impl<'c> SchemaComparison<'c> {
    /// Reads the schemas of both contracts.
    pub fn new(
        producer: &'c CompiledContract,
        acceptor: &'c CompiledContract,
        direction: MessageDirection,
        budget: ContainmentBudget,
    ) -> Self {
        let lowered = [
            producer.lowered_schemas(direction),
            acceptor.lowered_schemas(direction),
        ];
        let pair = on_large_stack(|| {
            FormulaPair::new(&lowered[0].document, &lowered[1].document, direction)
        });
        Self {
            producer,
            acceptor,
            direction,
            budget,
            spent: 0,
            lowered,
            pair,
            answered: HashMap::new(),
        }
    }

    /// Whether all that the producer sends by one schema, in JSON, is accepted by the other.
    /// `None` stands for any value.
    pub fn judge(
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

    /// Whether it is proved that the producer sends nothing at all by a schema: its alternatives
    /// exclude each other wherever only declared members are sent, for instance.
    pub fn sends_nothing(&mut self, question: SchemaQuestion<'_>) -> bool {
        let producer = self.pair.root(
            ContainmentSide::Producer,
            question.producer.map(SchemaKey::as_str),
        );
        let steps = self
            .budget
            .question_steps
            .min(self.budget.total_steps.saturating_sub(self.spent));
        let doubt = CounterexampleGoal {
            producer,
            acceptor: NEVER,
            reading: question.reading,
            carriage: question.carriage,
            also_holds: Vec::new(),
        };
        let (answer, spent, _) = on_large_stack(|| self.pair.refute(&doubt, steps));
        self.spent += spent;
        matches!(answer, SearchAnswer::Empty)
    }

    /// Answers a question.
    pub fn ask(&mut self, question: SchemaQuestion<'_>) -> ContainmentVerdict {
        let producer = self.pair.root(
            ContainmentSide::Producer,
            question.producer.map(SchemaKey::as_str),
        );
        let acceptor = self.pair.root(
            ContainmentSide::Acceptor,
            question.acceptor.map(SchemaKey::as_str),
        );
        if producer == acceptor {
            return ContainmentVerdict::Same;
        }
        if acceptor == ANY {
            return ContainmentVerdict::Compatible;
        }
        let asked = (producer, acceptor, question.reading, question.carriage);
        if let Some(known) = self.answered.get(&asked) {
            return known.clone();
        }
        let verdict = on_large_stack(|| {
            ContainmentQuery {
                comparison: self,
                question,
                producer,
                acceptor,
                known: Vec::new(),
            }
            .answer()
        });
        self.answered.insert(asked, verdict.clone());
        verdict
    }
}

/// Runs on a thread with a large stack; on this one where the system has no thread to give.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let (mut work, mut done) = (Some(work), None);
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new()
            .name("compare".to_owned())
            .stack_size(STACK_BYTES);
        let run = || done = work.take().map(|work| work());
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
