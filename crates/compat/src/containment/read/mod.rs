//! Translates a lowered document (JSON Schema 2020-12) into formulas.
//!
//! Every schema that is referred to becomes a definition; `formula_resolver` merges equal ones
//! later. A keyword that cannot be interpreted becomes opaque: it is neither true nor false for any
//! value.

mod edited_definitions;
mod formula_reader;
mod schema_keywords;
mod conditional_keywords;
mod unevaluated;

pub(super) use edited_definitions::{EditedDefinitions, from_other};
pub(super) use formula_reader::{
    DefinitionFormulas, DefinitionNumbers, EditedRecursion, FormulaReader, OtherDocument, resolve,
};
