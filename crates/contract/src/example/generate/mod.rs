//! Builds an instance of a JSON Schema, for answers that a contract gives no example of.
//!
//! Nothing is random: one schema always gives one value. A drawing ([`draw`]) walks the schema
//! once, taking a decision wherever several would do; the search ([`search`]) draws again with
//! other decisions until the verdict function, which is the real validator, accepts a value. The
//! parts here may therefore be approximate: they can miss an instance, never return a wrong one.

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

pub(super) use example_search::sample;
