//! From locations in the lowered document back to the contract.

use std::borrow::Cow;

use portcullis_pattern::named_as_written;

use crate::openapi::document::NodeRef;

/// The node of the contract that contains a location of the lowered document, and the rest of the
/// pointer below that node, with the patterns of names as the contract has them. `origins` has the
/// node of each definition by number.
pub(crate) fn origin<'p>(
    origins: &[NodeRef],
    location: &'p str,
) -> Option<(NodeRef, Cow<'p, str>)> {
    let (number, rest) = number_of(location)?;
    Some((*origins.get(number)?, named_as_written(rest)))
}

/// The number of the definition that contains a location, and the rest of the pointer below it.
fn number_of(location: &str) -> Option<(usize, &str)> {
    // The wrapper schema names each property after the number of its definition.
    let wrapper = || location.strip_prefix("/properties/");
    let rest = location.strip_prefix("/$defs/").or_else(wrapper)?;
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].parse() {
        Ok(number) => Some((number, &rest[end..])),
        // The definitions of a resource with dynamic anchors are one level deeper.
        Err(_) => number_of(&rest[end..]),
    }
}
