//! Recorded exchanges as data: read from HAR or JSON Lines, judged by a contract.
//!
//! Pure: bytes and limits come in as arguments, exchanges and verdicts go out. A record is read
//! without a copy of its bodies where its notation allows, and judged by the functions that the
//! proxy calls, so that a verdict here is the verdict there.

mod exchange;
mod fault;
mod fields;
mod json_lines;
mod har;
mod judge;

#[cfg(test)]
mod tests;

pub use exchange::{RecordedBody, RecordedExchange, RecordedResponse};
pub use fault::RecordError;
pub use har::{HarArchive, HarEntry};
pub use json_lines::read_line;
pub use judge::{ExchangeCheckLimits, ExchangeJudge, ExchangeVerdict};
