//! A declared path with its operations.

use http::Method;

use super::segment::TemplateSegment;
use super::template::PathTemplate;

/// A template below a base with its declared methods. Overlaps and suggestions are found in these.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) base: PathTemplate,
    pub(super) path: PathTemplate,
    pub(super) key: Box<str>,
    pub(super) operations: Vec<(Method, u32)>,
    /// The part of the contract that describes further operations, if it is not known.
    pub(super) unread: Option<u32>,
}

impl Route {
    pub(super) fn segments(&self) -> impl Iterator<Item = &TemplateSegment> {
        self.base.segments.iter().chain(&self.path.segments)
    }
}
