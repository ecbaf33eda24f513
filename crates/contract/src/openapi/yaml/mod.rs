//! YAML documents onto the JSON tape, by the core schema of YAML 1.2.
//!
//! Two steps: the parser's events are composed into a flat list of items, then the items are
//! put on a tape, where aliases are expanded and merge keys resolved. What JSON cannot say, or
//! what two readers could understand differently, is refused with its line.
//!
//! Invariants: an alias refers to an item that is complete before it, so expansion ends; an
//! expansion budget and the depth limit bound what a small document can grow into.

mod parse_yaml;
mod composer;
mod tape_emitter;
mod scalar;
mod yaml_error;

pub(super) use parse_yaml::parse_yaml;

#[cfg(test)]
mod tests;
