//! From a lowered document (JSON Schema 2020-12) to formulas.
//!
//! Every schema that something refers to becomes a definition; `identity` joins equal ones
//! later. What is not understood becomes opaque, which is neither true nor false of any value.

mod formula_reader;
mod schema_keywords;
mod unevaluated;

pub(super) use formula_reader::{DefinitionFormulas, DefinitionNumbers, FormulaReader, resolve};
