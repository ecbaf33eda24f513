//! The head of a request.

use http::HeaderMap;

use super::body_plan::BodyLength;
use crate::message::route::PathCaptures;

/// The head of a request as it was received.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The raw path.
    pub path: &'a str,
    /// The raw query without `?`.
    pub query: Option<&'a str>,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The values of the path parameters.
    pub captures: &'a PathCaptures,
    /// The length of the body.
    pub body: BodyLength,
}
