//! Generates a value that satisfies a JSON Schema, for contracts without examples.
//!
//! The result is deterministic. One attempt (`value_generator`) walks the schema once and makes a choice
//! wherever there are several options. The search (`example_search`) repeats attempts with other
//! choices until the validator accepts a value. So the generator may be approximate: it can fail to find
//! a value, but never returns an invalid one.

mod example_search;
mod generation_choices;
mod value_generator;
mod merged_schema;
mod structure_constraints;
mod string_constraints;
mod number_constraints;
mod text_pattern;

#[cfg(test)]
mod tests;

pub(super) use example_search::generate;
