//! Recorded exchanges: reading them from HAR or JSON Lines, and checking them by a contract.
//!
//! - `json_lines` and `har` read the two formats; `har_body` decides what an archive knows of a body.
//! - `recorded_exchange` is an exchange in memory. Bodies are borrowed if the format allows it.
//! - `record_field` and `record_error` read the properties of a record and locate mistakes;
//!   `ignored_properties` counts properties that are not part of the format.
//! - `exchange_judge` checks an exchange with the functions that the proxy calls, so both report the
//!   same violations.
//! - `recorded_event` reads an event of a contract of events, and `event_judge` checks it.
//!
//! This module does no I/O: bytes and limits are arguments.

mod json_lines;
mod har;
mod har_body;
mod recorded_exchange;
mod record_field;
mod ignored_properties;
mod record_error;
mod exchange_judge;
mod recorded_event;
mod event_judge;

#[cfg(test)]
mod tests;

pub use event_judge::{EventFault, EventFlow, EventVerdict, EventViolation, judge_event};
pub use exchange_judge::{ExchangeCheckLimits, ExchangeJudge, ExchangeVerdict};
pub use har::{HarArchive, HarEntry};
pub use ignored_properties::{IgnoredProperties, IgnoredProperty};
pub use json_lines::read_line;
pub use record_error::RecordError;
pub use recorded_event::{RecordedEvent, read_event_line};
pub use recorded_exchange::{RecordedBody, RecordedExchange, RecordedResponse};
