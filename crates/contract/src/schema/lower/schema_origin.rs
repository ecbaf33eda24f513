//! From locations in the lowered document back to the contract.

use crate::openapi::document::NodeRef;

/// The definition that a location in the lowered schema is inside of, and the rest of the
/// pointer below it.
pub(crate) fn origin<'p>(origins: &[NodeRef], location: &'p str) -> Option<(NodeRef, &'p str)> {
    let (number, rest) = number_of(location)?;
    Some((*origins.get(number)?, rest))
}

/// The number of the definition that a location in the lowered document lies in, and the rest of
/// the location below it.
fn number_of(location: &str) -> Option<(usize, &str)> {
    // A value that is judged on its own bears the number of its definition.
    let judged = || location.strip_prefix("/properties/");
    let rest = location.strip_prefix("/$defs/").or_else(judged)?;
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].parse() {
        Ok(number) => Some((number, &rest[end..])),
        // The definitions of a resource with dynamic anchors stand one level deeper.
        Err(_) => number_of(&rest[end..]),
    }
}
