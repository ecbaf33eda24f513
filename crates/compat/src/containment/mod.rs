//! Containment of schemas: does an acceptor accept every value that a producer sends?
//!
//! A [`SchemaComparison`] translates the lowered schemas of two contracts into formulas and searches
//! for a value that is sent and not accepted. The proxy builds its validators from the same lowered
//! schemas. There are three answers. An exhausted search proves compatibility. A value that the
//! validators of both contracts confirm proves a break. Otherwise the answer is unknown, with a
//! reason.
//!
//! The first group of modules below answers questions, the second translates schemas into formulas,
//! the third evaluates formulas and searches for values, and the last one explains a break.

mod containment_verdict;
mod schema_comparison;
mod compared_schemas;
mod containment_query;
mod schema_patch;
mod schema_object_edits;
mod revision_schemas;
mod patched_schemas;
mod edit_question;

mod type_mask;
mod canonical_text;
mod formula;
mod formula_arena;
mod read;
mod formula_resolver;
mod text_form;
mod single_item;
mod text_rewriter;
mod formula_pair;
mod opaque_keywords;

mod language;
mod string_matchers;
mod known_formats;
mod text_readings;
mod text_search;
mod truth_value;
mod formula_evaluator;
mod sent_values;
mod solve;

mod smallest_value;
mod failed_keyword;
mod keyword_omission;
mod schema_trace;
mod break_explanation;
mod break_sentence;

#[cfg(test)]
mod tests;

pub(super) use containment_verdict::{
    ContainmentBudget, ContainmentVerdict, EditVerdict, ProducerReading, SchemaBreak,
    SchemaQuestion, UndecidedReason, ValueEncoding,
};
pub(super) use formula_pair::ContainmentSide;
pub(super) use schema_comparison::{SchemaComparison, on_large_stack};
pub(super) use schema_object_edits::exclusive_form;
pub(super) use schema_patch::{EditedSchema, PropertyHolder, SchemaParts, SchemaPatch};
pub(super) use solve::STEP_BUDGET;
pub(super) use text_form::{ItemSeparation, TextCarrier, TextForm};
pub(super) use text_search::{FoundText, SchemaPart, TextConditions};
