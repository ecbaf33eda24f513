//! Writes patterns for other engines.
//!
//! `hir_writer` writes the tree of the linear engine. `name_pattern` writes a text, for patterns of
//! property names, which only the validators of `jsonschema` match.

mod hir_writer;
mod name_pattern;

pub use hir_writer::to_hir;
pub use name_pattern::{NAME_PATTERN_BYTES_MAX, NamePattern, name_pattern, named_as_written};
