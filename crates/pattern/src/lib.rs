//! Regular expressions of ECMA-262, as `pattern` and `patternProperties` of JSON Schema have them.
//!
//! `reader` reads a pattern into a tree, whose classes are sets of characters. Everything that
//! differs between dialects is decided there. `writer` writes the tree for other engines, and
//! `matcher` matches it, with one meaning in all of its engines.

mod pattern_fault;
mod pattern_tree;
mod reader;
mod writer;
mod matcher;

pub use matcher::{EcmaPattern, MatchEngine, QuotedRun};
pub use pattern_fault::{PatternFault, PatternNote, PatternNoteKind};
pub use pattern_tree::{PatternNode, PatternPosition, PatternRepeat, PatternTree};
pub use reader::{PatternReading, read_pattern};
pub use writer::{NAME_PATTERN_BYTES_MAX, NamePattern, name_pattern, named_as_written, to_hir};

#[cfg(test)]
mod node_tests;
