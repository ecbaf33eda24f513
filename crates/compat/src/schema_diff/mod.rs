//! The structural difference of two schemas: which keyword says something else, and where.
//!
//! It explains and does not judge: what an edit means for messages is for containment to say.
//! Schemas are compared by what they say together (`view`), so that references, `allOf` of one
//! and inlining are no edits. Pairs of views are nodes of one graph (`graph`), built once for
//! all places that use them; only what leads to an edit is walked for a place.

mod schema_conjunction;
mod compared_types;
mod bound_keywords;
mod value_keywords;
mod subschemas;
mod schema_branches;
mod discriminator;
mod lifecycle_annotations;
mod schema_edit;
mod edit_graph;

pub(super) use edit_graph::{EditGraph, SchemaPairId};
pub(super) use lifecycle_annotations::{LifecycleSubject, lifecycle};
pub(super) use schema_edit::LocatedEdit;
pub(super) use value_keywords::canonical;
