//! The structural difference between two schemas: which keywords changed, and where.
//!
//! Edits explain a change but do not rate it; containment decides the effect on messages. A schema
//! is compared together with its references and `allOf` elements (`schema_conjunction`), so
//! extracting or inlining a schema is not an edit. Pairs of schemas form one graph (`edit_graph`),
//! which is built once for all sites. The walk for a site follows only pairs that lead to an edit.

mod schema_edit;
mod schema_conjunction;
mod compared_types;
mod bound_keywords;
mod value_keywords;
mod discriminator;
mod lifecycle_annotations;
mod local_difference;
mod schema_branches;
mod property_keywords;
mod subschemas;
mod edit_graph;

pub(super) use edit_graph::{EditGraph, SchemaPairId};
pub(super) use lifecycle_annotations::{LifecycleSubject, lifecycle};
pub(super) use schema_edit::{LocatedEdit, SchemaEdit};
pub(super) use value_keywords::canonical;
