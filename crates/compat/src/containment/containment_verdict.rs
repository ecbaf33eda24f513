//! Questions about two schemas, and their answers.

use serde_json::Value;

use portcullis_contract::{SchemaKey, SourceLocation};

/// How the producer's schema is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ProducerReading {
    /// What a producer sends: members that are declared, and none that the direction forbids.
    #[default]
    Sent,
    /// All that the producer's own validator accepts, undeclared members included.
    Accepted,
}

/// What carries the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ValueEncoding {
    /// JSON: a value arrives as what it is.
    #[default]
    Json,
    /// Text, as parameters, header fields and forms are: what arrives is read by the acceptor's
    /// schema, so a number may arrive as the string of its digits and the other way round.
    Text,
}

/// A question: are all values of one schema values of the other?
#[derive(Clone, Copy, Debug, Default)]
pub struct SchemaQuestion<'k> {
    /// A schema of the producing contract; `None` stands for any value.
    pub producer: Option<&'k SchemaKey>,
    /// A schema of the accepting contract; `None` stands for any value.
    pub acceptor: Option<&'k SchemaKey>,
    /// How the producer's schema is read.
    pub reading: ProducerReading,
    /// What carries the value.
    pub carriage: ValueEncoding,
}

/// How much may be spent. All is counted in steps of the search, never in time, so that the same
/// question has the same answer everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainmentBudget {
    /// Steps for one question.
    pub question_steps: u64,
    /// Steps for all questions of a comparison together.
    pub total_steps: u64,
    /// Distinct causes that are looked for in one question.
    pub causes: usize,
}

impl Default for ContainmentBudget {
    fn default() -> Self {
        Self {
            question_steps: 200_000,
            total_steps: 20_000_000,
            causes: 8,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub enum ContainmentVerdict {
    /// Both schemas say the same: nothing had to be searched.
    Same,
    /// Proved: every value of the producer is accepted.
    Compatible,
    /// Proved by values: at least one break, each of another cause.
    Breaking(Vec<SchemaBreak>),
    /// Neither was proved.
    Unknown(UndecidedReason),
}

/// Why a question was left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndecidedReason {
    /// What could not be decided, as a sentence without a full stop.
    pub reason: String,
}

/// One cause for which values are refused, with a value that proves it.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaBreak {
    /// A small value that the producer may send and the acceptor refuses. Both contracts'
    /// validators confirmed that.
    pub witness: Value,
    /// JSON Pointer of the part of the witness that is refused.
    pub pointer: String,
    /// The acceptor's keyword that refuses it.
    pub keyword: String,
    /// Where the producer's contract speaks of that part.
    pub producer_spot: Option<SourceLocation>,
    /// Where the acceptor's contract refuses it.
    pub acceptor_spot: Option<SourceLocation>,
    /// What the keyword said in the older contract, as JSON.
    pub before: Option<String>,
    /// What it says in the newer one, as JSON.
    pub after: Option<String>,
    /// One sentence for a person.
    pub message: String,
}
