//! Which operation of a contract a request belongs to.
//!
//! A path is first checked ([`check_path`]), then matched raw: it is split on raw `/`, and values
//! are handed out undecoded, so that `%2F` inside a value stays data and nothing is decoded twice.
//! What is matched is therefore, byte for byte, what the upstream will see.
//!
//! # Precedence
//! Segment by segment, left to right: a literal beats a mixed segment (`{id}.json`), which beats a
//! pure expression (`{id}`). Among mixed segments the longest literal text wins, then the one
//! declared first. When the more specific branch dead-ends further right, the next one is tried.
//! The path decides before the method does: the most specific matching template answers, and a
//! method it lacks is [`RouteMatch::MethodNotAllowed`] even if a less specific template has it.

mod path_outline;
mod overlap;
mod check_path;
mod segment;
mod nearest_path;
mod route_table;
mod template;
mod path_item_method;

#[cfg(test)]
mod tests;

pub use check_path::{MalformedPath, check_path};
pub use overlap::{OverlapKind, TemplateOverlap};
pub use path_item_method::PathItemMethod;
pub use path_outline::PathOutline;
pub use route_table::{PathCaptures, RouteMatch, RouteTable, RouteTableBuilder};
pub use template::{PathTemplate, SEGMENTS_MAX, TemplateError};
