//! Recorded exchanges as data: read from HAR or JSON Lines, judged by a contract.
//!
//! Pure: bytes and limits come in as arguments, exchanges and verdicts go out. A record is read
//! without a copy of its bodies where its notation allows, and judged by the functions that the
//! proxy calls, so that a verdict here is the verdict there.

mod recorded_exchange;
mod record_error;
mod record_field;
mod json_lines;
mod har;
mod exchange_judge;

#[cfg(test)]
mod tests;

pub use exchange_judge::{ExchangeCheckLimits, ExchangeJudge, ExchangeVerdict};
pub use har::{HarArchive, HarEntry};
pub use json_lines::read_line;
pub use record_error::RecordError;
pub use recorded_exchange::{RecordedBody, RecordedExchange, RecordedResponse};
