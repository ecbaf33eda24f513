//! Asks the validators of both contracts about breaks that a rule alone claims: an operation, a
//! parameter, a status or a header was added or removed, or its serialization changed.
//!
//! For each such finding a whole message is built that one contract accepts. If the other contract
//! refuses it because of the change, the finding shows it as a witness. If the other contract
//! accepts the message that should break, the finding becomes a warning. Otherwise the finding keeps the
//! level of its rule and says why there is no example. `event_breaks` does the same with events.

mod break_evidence;
mod break_sides;
mod request_breaks;
mod credential_breaks;
mod encoding_breaks;
mod response_breaks;
mod event_breaks;
mod rule_demonstration;

#[cfg(test)]
mod tests;

pub(super) use rule_demonstration::demonstrate_rule_breaks;
