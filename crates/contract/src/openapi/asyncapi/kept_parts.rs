//! Which parts of an AsyncAPI document its translation has where they were written.
//!
//! What OpenAPI reads differently is left out: servers, credentials, and components that belong to no
//! event. It is kept under another name, so messages about it have a line.

use portcullis_json::JsonNode;

/// The member under which a translation keeps what is left out.
pub(super) const LEFT_OUT: &str = "x-left-out";

/// Whether a member of the document keeps its place.
pub(super) fn is_kept(name: &str) -> bool {
    matches!(
        name,
        "info" | "channels" | "operations" | "components" | "id"
    ) || name.starts_with("x-")
}

/// Whether a member of the components keeps its place.
pub(super) fn is_kept_component(name: &str) -> bool {
    matches!(
        name,
        "schemas"
            | "channels"
            | "operations"
            | "messages"
            | "messageTraits"
            | "operationTraits"
            | "messageBindings"
            | "replies"
    ) || name.starts_with("x-")
}

/// The members of the document and its components that keep their place.
pub(super) fn kept_members(root: JsonNode<'_>) -> Vec<JsonNode<'_>> {
    let members = root.members().filter(|(name, _)| is_kept(name));
    members
        .flat_map(|(name, value)| {
            if name != "components" || !value.is_object() {
                return vec![value];
            }
            let components = value.members();
            let components = components.filter(|(name, _)| is_kept_component(name));
            components.map(|(_, value)| value).collect()
        })
        .collect()
}
