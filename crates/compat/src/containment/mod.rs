//! Containment of schemas: is all that a producer sends within what an acceptor takes?
//!
//! A [`SchemaComparison`] reads the lowered schemas of two contracts, the very documents that the
//! proxy's validators are built from, into one language of formulas, and refutes "sent and not
//! accepted". The answer has three values: an exhausted search proves compatibility, a value that
//! both contracts' validators confirm proves a break, and everything else is unknown and says why.

mod containment_verdict;
mod exact_fraction;
mod type_mask;
mod formula;
mod formula_arena;
mod read;
mod formula_resolver;
mod language;
mod string_matchers;
mod text_readings;
mod formula_evaluator;
mod sent_values;
mod known_formats;
mod solve;
mod formula_pair;
mod text_rewriter;
mod smallest_value;
mod failed_keyword;
mod schema_trace;
mod break_sentence;
mod keyword_omission;
mod containment_query;
mod break_explanation;
mod schema_comparison;

#[cfg(test)]
mod tests;

pub use containment_verdict::{
    ContainmentBudget, ContainmentVerdict, ProducerReading, SchemaBreak, SchemaQuestion,
    UndecidedReason, ValueEncoding,
};
pub use schema_comparison::SchemaComparison;
