//! Parses YAML into a JSON tape, by the core schema of YAML 1.2.
//!
//! `composer` collects the events of the parser into a flat list of items. `tape_emitter` writes
//! the items to a tape; it expands aliases and resolves merge keys. Values that JSON cannot
//! represent and ambiguous input are errors with a line number.
//!
//! `closing_brackets` reads a closing bracket in the column of its key, as other readers do, and
//! `separating_tabs` tabs after a colon.
//!
//! An alias refers only to an item that is complete, so expansion terminates. A byte budget and the
//! depth limit bound the size of the result.

mod parse_yaml;
mod closing_brackets;
mod separating_tabs;
mod composer;
mod tape_emitter;
mod scalar;
mod yaml_error;

pub(super) use parse_yaml::parse_yaml;
pub(super) use tape_emitter::REPEATED_KEY;

#[cfg(test)]
mod tests;
