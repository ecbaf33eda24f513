//! The structural difference of two schemas: which keyword says something else, and where.
//!
//! It explains and does not judge: what an edit means for messages is for containment to say.
//! Schemas are compared by what they say together (`view`), so that references, `allOf` of one
//! and inlining are no edits. Pairs of views are nodes of one graph (`graph`), built once for
//! all places that use them; only what leads to an edit is walked for a place.

mod view;
mod type_set;
mod bounds;
mod values;
mod structure;
mod alternatives;
mod discriminator;
mod lifecycle;
mod edit;
mod graph;

pub(super) use edit::LocatedEdit;
pub(super) use graph::{EditGraph, SchemaPairId};
pub(super) use lifecycle::{LifecycleSubject, lifecycle};
pub(super) use values::canonical;
