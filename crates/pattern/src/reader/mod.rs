//! Reads patterns of ECMA-262 (edition 2025, section 22.2.1) with the flag `u`.
//!
//! `pattern_reader` reads alternatives, parts in a row and quantifiers; `groups` reads groups and
//! their names, `escapes` what follows a backslash, `classes` what stands in brackets, and
//! `unicode_property` the names of properties, which `property_names` and `script_names` list.
//! `foreign_syntax` explains what other dialects have.
//!
//! Two things outside of the flag `u` are read, because contracts have them and they have one
//! meaning: an escape of a character that needs none (`\_`), and a hyphen next to a class inside a
//! class (`[\w-.]`). Both leave a note.

mod pattern_reader;
mod reader_cursor;
mod groups;
mod group_names;
mod escapes;
mod classes;
mod class_sets;
mod unicode_property;
mod property_names;
mod script_names;
mod foreign_syntax;
mod text_edits;

pub use pattern_reader::{PatternReading, read_pattern};

#[cfg(test)]
pub(crate) use unicode_property::has_property;

#[cfg(test)]
mod tests;
