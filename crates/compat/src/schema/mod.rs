//! Containment of schemas: is all that a producer sends within what an acceptor takes?
//!
//! A [`SchemaComparison`] reads the lowered schemas of two contracts, the very documents that the
//! proxy's validators are built from, into one language of formulas, and refutes "sent and not
//! accepted". The answer has three values: an exhausted search proves compatibility, a value that
//! both contracts' validators confirm proves a break, and everything else is unknown and says why.

mod verdict;
mod ratio;
mod mask;
mod formula;
mod arena;
mod read;
mod identity;
mod language;
mod library;
mod readings;
mod evaluate;
mod sent;
mod formats;
mod solve;
mod pair;
mod carried;
mod witness;
mod blame;
mod trace;
mod words;
mod weaken;
mod inquiry;
mod explain;
mod comparison;

#[cfg(test)]
mod tests;

pub use comparison::SchemaComparison;
pub use verdict::{
    ContainmentBudget, ContainmentVerdict, ProducerReading, SchemaBreak, SchemaQuestion,
    UndecidedReason, ValueEncoding,
};
