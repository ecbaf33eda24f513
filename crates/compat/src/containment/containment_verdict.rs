//! Questions about two schemas, and their answers.

use serde_json::Value;

use portcullis_contract::{SchemaKey, SourceLocation};

use super::text_form::TextForm;

/// How to read the producer's schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum ProducerReading {
    /// The values that a producer sends: only declared properties, and none that the direction
    /// forbids.
    #[default]
    Sent,
    /// All values that the producer's own validator accepts, including undeclared properties.
    Accepted,
}

/// The encoding of the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum ValueEncoding {
    /// JSON, which preserves the type of a value.
    #[default]
    Json,
    /// Text, as in parameters, header fields and forms. The acceptor's schema determines the type,
    /// so a number can arrive as the string of its digits and vice versa.
    Text(TextForm),
}

/// The question whether every value of one schema is valid under the other.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SchemaQuestion<'k> {
    /// A schema of the producing contract; `None` allows any value.
    pub(crate) producer: Option<&'k SchemaKey>,
    /// A schema of the accepting contract; `None` allows any value.
    pub(crate) acceptor: Option<&'k SchemaKey>,
    /// How to read the producer's schema.
    pub(crate) reading: ProducerReading,
    /// The encoding of the value.
    pub(crate) encoding: ValueEncoding,
    /// Whether one break is enough, without a search for further causes.
    pub(crate) is_first_enough: bool,
}

/// Limits of the search. They count steps, not time, so that a question has the same answer on
/// every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContainmentBudget {
    /// Steps for one question.
    pub(crate) question_steps: u64,
    /// Steps for all questions of a comparison.
    pub(crate) total_steps: u64,
    /// The maximum number of distinct causes per question, where no edit is known.
    pub(crate) causes: usize,
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

/// The answer to a question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ContainmentVerdict {
    /// Both schemas have the same meaning; no search was needed.
    Same,
    /// Proved: the acceptor accepts every value of the producer.
    Compatible,
    /// Proved by counterexamples: at least one break, each with a distinct cause.
    Breaking(Vec<SchemaBreak>),
    /// Neither was proved.
    Unknown(UndecidedReason),
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UndecidedReason {
    /// The reason, as a sentence without a full stop.
    pub(crate) reason: String,
}

/// One cause for which values are refused, with a value that proves it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SchemaBreak {
    /// A small value that the producer may send and the acceptor refuses, as both validators
    /// confirm.
    pub(crate) witness: Value,
    /// JSON pointer to the refused part of the witness.
    pub(crate) pointer: String,
    /// The acceptor's keyword that refuses the part.
    pub(crate) keyword: String,
    /// The property that is missing or not allowed.
    pub(crate) property: Option<String>,
    /// The corresponding location in the producer's contract.
    pub(crate) producer_location: Option<SourceLocation>,
    /// The location of the keyword in the acceptor's contract.
    pub(crate) acceptor_location: Option<SourceLocation>,
    /// The value of the keyword in the older contract, as JSON.
    pub(crate) before: Option<String>,
    /// The value in the newer contract, as JSON.
    pub(crate) after: Option<String>,
    /// The explanation in one sentence.
    pub(crate) message: String,
}

/// The answer for one edit: the older schema with this edit alone, compared with the older schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum EditVerdict {
    /// Proved: the edit refuses or adds no value, or other edits make up for it.
    Harmless,
    /// A value that breaks because of the edit.
    Breaking(Box<SchemaBreak>),
    /// Neither was proved.
    Unknown(UndecidedReason),
}
