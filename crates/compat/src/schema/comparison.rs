//! Questions about the schemas of two contracts, answered with proof.

use std::collections::HashMap;

use portcullis_contract::{CompiledContract, Direction, LoweredSchemas, SchemaKey};

use super::formula::{ANY, Id, NEVER};
use super::inquiry::Inquiry;
use super::pair::{Doubt, Pair, Side};
use super::solve::Answer;
use super::verdict::{Budget, Carriage, Question, Reading, Verdict};

/// Recursion follows how deep schemas are nested, so it gets a stack of its own.
const STACK_BYTES: usize = 256 << 20;

/// Two contracts, one direction: which schemas of the producer are within those of the acceptor.
///
/// In requests the producer is the older contract, by which consumers send; in responses it is
/// the newer one, by which the service answers.
#[derive(Debug)]
pub struct Comparison<'c> {
    pub(super) producer: &'c CompiledContract,
    pub(super) acceptor: &'c CompiledContract,
    pub(super) direction: Direction,
    pub(super) budget: Budget,
    pub(super) spent: u64,
    pub(super) lowered: [LoweredSchemas; 2],
    pub(super) pair: Pair,
    /// Schemas that many operations share are compared once.
    answered: HashMap<(Id, Id, Reading, Carriage), Verdict>,
}

impl<'c> Comparison<'c> {
    /// Reads the schemas of both contracts.
    pub fn new(
        producer: &'c CompiledContract,
        acceptor: &'c CompiledContract,
        direction: Direction,
        budget: Budget,
    ) -> Self {
        let lowered = [producer.lowered(direction), acceptor.lowered(direction)];
        let pair =
            on_large_stack(|| Pair::new(&lowered[0].document, &lowered[1].document, direction));
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
    pub fn judge(&mut self, producer: Option<&SchemaKey>, acceptor: Option<&SchemaKey>) -> Verdict {
        self.ask(Question {
            producer,
            acceptor,
            ..Question::default()
        })
    }

    /// Whether it is proved that the producer sends nothing at all by a schema: its alternatives
    /// exclude each other wherever only declared members are sent, for instance.
    pub fn sends_nothing(&mut self, question: Question<'_>) -> bool {
        let producer = self
            .pair
            .root(Side::Producer, question.producer.map(SchemaKey::as_str));
        let steps = self
            .budget
            .question_steps
            .min(self.budget.total_steps.saturating_sub(self.spent));
        let doubt = Doubt {
            producer,
            acceptor: NEVER,
            reading: question.reading,
            carriage: question.carriage,
            beside: Vec::new(),
        };
        let (answer, spent, _) = on_large_stack(|| self.pair.refute(&doubt, steps));
        self.spent += spent;
        matches!(answer, Answer::Empty)
    }

    /// Answers a question.
    pub fn ask(&mut self, question: Question<'_>) -> Verdict {
        let producer = self
            .pair
            .root(Side::Producer, question.producer.map(SchemaKey::as_str));
        let acceptor = self
            .pair
            .root(Side::Acceptor, question.acceptor.map(SchemaKey::as_str));
        if producer == acceptor {
            return Verdict::Same;
        }
        if acceptor == ANY {
            return Verdict::Compatible;
        }
        let asked = (producer, acceptor, question.reading, question.carriage);
        if let Some(known) = self.answered.get(&asked) {
            return known.clone();
        }
        let verdict = on_large_stack(|| {
            Inquiry {
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
