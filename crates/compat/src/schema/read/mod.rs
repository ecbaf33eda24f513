//! From a lowered document (JSON Schema 2020-12) to formulas.
//!
//! Every schema that something refers to becomes a definition; `identity` joins equal ones
//! later. What is not understood becomes opaque, which is neither true nor false of any value.

mod document;
mod keywords;
mod unevaluated;

pub(super) use document::{DefinitionFormulas, DefinitionNumbers, FormulaReader, resolve};
