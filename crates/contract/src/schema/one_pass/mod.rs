//! Judges JSON text in the pass that reads it.
//!
//! Most messages are valid. For them this program, compiled from the lowered schemas, replaces the
//! tape and the validators. It answers "accepted" or nothing: whatever it does not cover, and every
//! refusal, is left to the validators, which decide and explain. So it can be wrong in one way
//! only, by accepting too much, and `property_tests` look for that.
//!
//! `schema_kinds` reads which kinds of JSON value a schema admits. `value_rules` are what a program
//! consists of: rules for each kind of value. `schema_places` names the places of a message by their
//! schemas, and `program_builder` joins all schemas that apply to one
//! place (`$ref`, `allOf`, chosen alternatives) into one set of rules, with `merge_keywords` and
//! `merge_objects`. `disjoint_branches` finds of which `oneOf` at most one alternative can match.
//! `text_judge`, `text_containers` and `text_scalars` read a text by the rules; `text_rules`, `number_rules` and
//! `property_names` decide about scalars and names; `written_text` and `written_name` compare texts and names as they are written. `scalar_judge` applies the rules to the texts of parameters.

mod rules_id;
mod value_rules;
mod schema_kinds;
mod disjoint_branches;
mod schema_places;
mod merge_keywords;
mod merge_objects;
mod program_builder;
mod text_rules;
mod number_rules;
mod written_text;
mod name_sets;
mod written_name;
mod property_names;
mod text_judge;
mod text_scalars;
mod text_containers;
mod scalar_judge;

pub(super) use self::value_rules::OnePassProgram;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod scalar_property_tests;
