//! Header fields that belong to one hop, and those a gateway adds.
//!
//! Fields of the hop are removed on arrival, before anything is judged, so that what is
//! judged is what is forwarded. `Host` is forwarded as the client sent it. An absolute-form
//! target is rewritten to origin-form and its authority becomes `Host` (RFC 9112 section
//! 3.2.2).

mod forwarding;
mod hop_by_hop;
#[cfg(test)]
mod tests;
mod header_value;

pub use forwarding::{Peer, add_forwarding, add_request_id};
use header_value::header_value;
pub use hop_by_hop::{MaxForwards, count_hop, remove_hop_by_hop};
pub(super) use hop_by_hop::{normalize_request_head, remove_forbidden_trailers};
