//! Finds the operation of a contract for a request's method and path.
//!
//! [`check_path`] rejects ambiguous paths. [`RouteTable`] matches the raw path: it splits on raw
//! `/` and captures values undecoded, so `%2F` inside a value stays data and nothing is decoded
//! twice. The matched path is byte for byte the path that the upstream receives.
//!
//! - `template` and `segment`: a declared path, parsed.
//! - `declared_route` and `route_table`: the declared paths of a contract, and the lookup.
//! - `overlap`: declared paths that match the same request paths. `duplicate_routes`: those that
//!   declare one method twice.
//! - `prefix_overlap`: which of them a service with a path prefix can get.
//! - `nearest_path` and `path_outline`: how an unknown path is suggested and reported.
//!
//! # Precedence
//! Segments are compared from left to right: a literal beats a mixed segment (`{id}.json`), which
//! beats a pure expression (`{id}`). Among mixed segments the longest literal text wins, then the
//! one declared first. If the more specific branch does not match further right, the next one is
//! tried. The path decides before the method: the most specific matching template is used, and a
//! method that it lacks is [`RouteMatch::MethodNotAllowed`] even if a less specific template has it.

mod check_path;
mod template;
mod segment;
mod declared_route;
mod route_table;
mod overlap;
mod duplicate_routes;
mod nearest_path;
mod path_outline;
mod prefix_overlap;

#[cfg(test)]
mod tests;

pub use check_path::{MalformedPath, check_path};
pub use overlap::{OverlapKind, TemplateOverlap, TemplateOverlaps};
pub use path_outline::PathOutline;
pub use prefix_overlap::PrefixOverlap;
pub use route_table::{PathCaptures, RouteMatch, RouteTable, RouteTableBuilder};
pub use template::{PathTemplate, SEGMENTS_MAX, TemplateError};
