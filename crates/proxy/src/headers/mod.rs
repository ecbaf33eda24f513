//! Header fields that belong to one hop, and header fields that a gateway adds.
//!
//! Hop-by-hop fields are removed on arrival, before validation, so the proxy forwards exactly what
//! it judged. `Host` is forwarded as the client sent it. An absolute-form target is rewritten to
//! origin-form, and its authority becomes `Host` (RFC 9112 section 3.2.2).
//!
//! Some servers read different names as one. Such fields are removed or refused, so that no field
//! replaces another one after the proxy has judged it.

mod name_traits;
mod field_name_cache;
mod added_fields;
mod name_folding;
mod header_screen;
mod hop_by_hop;
mod message_fields;
mod reason_phrase;
mod peer_address;
mod forwarding;
mod response_length;
mod via;
mod websocket_handshake;
mod grpc_timeout;
mod header_value;
mod spare_maps;
mod field_lookup;

#[cfg(test)]
mod tests;

pub use added_fields::AddedFields;
pub(crate) use field_lookup::field_value;
pub(crate) use field_name_cache::FieldNameCache;
pub(crate) use forwarding::random_request_id;
pub use forwarding::{Peer, add_forwarding, add_request_id};
pub(crate) use grpc_timeout::{grpc_timeout, set_grpc_timeout};
pub(super) use header_screen::HeaderScreen;
pub use header_screen::{HeaderConcern, HeaderRefusal};
use header_value::header_value;
pub(crate) use hop_by_hop::remove_own_fields;
pub use hop_by_hop::{MaxForwards, count_hop, remove_hop_by_hop};
pub(super) use hop_by_hop::{normalize_request_head, remove_forbidden_trailers};
pub(crate) use message_fields::{announced_trailers, write_field};
pub use name_traits::NameTraits;
pub use peer_address::PeerAddress;
pub(crate) use reason_phrase::ReasonPhrase;
pub(super) use response_length::remake_content_length;
pub(crate) use spare_maps::{return_header_map, take_header_map};
pub(crate) use via::{ViaProcess, ViaPseudonym};
pub(crate) use websocket_handshake::{
    UpgradeRefusal, add_handshake_key, add_upgrade, check_handshake, handshake_fault,
};
