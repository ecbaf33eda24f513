//! Reads the actions of an overlay (Overlay Specification 1.1.0, Overlay Object and Action Object).
//!
//! Both versions are read by the rules of 1.1, which only allows more than 1.0.

use portcullis_json::{JsonKind, JsonNode};
use serde_json_path::JsonPath;

use crate::openapi::document::{DocumentSet, NodeRef, OverlayFault};

/// One change.
#[derive(Debug)]
pub(super) struct OverlayAction {
    /// The node of `target`, for messages.
    pub(super) at: NodeRef,
    pub(super) target: JsonPath,
    pub(super) change: OverlayChange,
}

/// What an action does to the nodes that it selects.
#[derive(Debug)]
pub(super) enum OverlayChange {
    /// Merges this value of the overlay.
    Update(NodeRef),
    /// Merges the value of the document that a query selects; the node of the query, for messages.
    Copy(NodeRef, JsonPath),
    Remove,
}

/// The actions of the overlay with this root, in order. Adds what is wrong with it to `faults`.
pub(super) fn overlay_actions(
    documents: &DocumentSet,
    root: NodeRef,
    faults: &mut Vec<OverlayFault>,
) -> Vec<OverlayAction> {
    let mut reader = ActionReader { documents, faults };
    let node = documents.node(root);
    let version = node.get("overlay").and_then(JsonNode::as_str);
    let is_supported = |version: &str| {
        let mut parts = version.split('.');
        parts.next() == Some("1") && matches!(parts.next(), Some("0" | "1"))
    };
    if !version.is_some_and(is_supported) {
        let message = "this is not an overlay: `overlay` must be 1.0.0 or 1.1.0";
        let at = documents.member(root, "overlay").unwrap_or(root);
        reader.error(at, message);
        return Vec::new();
    }
    let info = documents.member(root, "info").unwrap_or(root);
    for name in ["title", "version"] {
        let field = documents.node(info).get(name);
        if info == root || field.and_then(JsonNode::as_str).is_none() {
            reader.error(info, &format!("`info.{name}` must be a string"));
        }
    }
    let Some(list) = documents.member(root, "actions") else {
        reader.error(
            root,
            "`actions` is missing: it must list at least one action",
        );
        return Vec::new();
    };
    if documents.node(list).kind() != JsonKind::Array || documents.node(list).is_empty() {
        reader.error(list, "`actions` must list at least one action");
        return Vec::new();
    }
    let actions = documents.node(list).elements();
    let actions = actions.map(|action| DocumentSet::node_ref(list, action));
    actions.filter_map(|action| reader.action(action)).collect()
}

struct ActionReader<'r, 'd> {
    documents: &'d DocumentSet,
    faults: &'r mut Vec<OverlayFault>,
}

impl ActionReader<'_, '_> {
    fn error(&mut self, node_ref: NodeRef, message: &str) {
        self.faults.push(OverlayFault {
            is_error: true,
            node_ref,
            message: message.to_owned(),
        });
    }

    fn action(&mut self, action: NodeRef) -> Option<OverlayAction> {
        let documents = self.documents;
        let node = documents.node(action);
        if node.kind() != JsonKind::Object {
            let message = format!(
                "an action must be an object, not {}",
                node.kind().with_article()
            );
            self.error(action, &message);
            return None;
        }
        for (name, value) in node.members() {
            let known = ["target", "description", "update", "copy", "remove"];
            if !known.contains(&name) && !name.starts_with("x-") {
                let at = DocumentSet::node_ref(action, value);
                let message = format!("`{name}` is not a field of an action: {}", known.join(", "));
                self.error(at, &message);
            }
        }
        let Some(at) = documents.member(action, "target") else {
            let message = "`target` is missing: a JSONPath such as `$.paths['/orders'].get`";
            self.error(action, message);
            return None;
        };
        let target = self.query(at, "target")?;
        let change = self.change(action)?;
        Some(OverlayAction { at, target, change })
    }

    fn change(&mut self, action: NodeRef) -> Option<OverlayChange> {
        let documents = self.documents;
        let member = |name| documents.member(action, name);
        if let Some(remove) = member("remove") {
            match documents.node(remove).as_bool() {
                Some(true) => return Some(OverlayChange::Remove),
                Some(false) => {}
                None => {
                    self.error(remove, "`remove` must be true or false");
                    return None;
                }
            }
        }
        match (member("update"), member("copy")) {
            (Some(update), None) => Some(OverlayChange::Update(update)),
            (None, Some(copy)) => Some(OverlayChange::Copy(copy, self.query(copy, "copy")?)),
            (Some(_), Some(copy)) => {
                self.error(copy, "an action has either `update` or `copy`: remove one");
                None
            }
            (None, None) => {
                let message =
                    "the action changes nothing: write `update`, `copy` or `remove: true`";
                self.error(action, message);
                None
            }
        }
    }

    fn query(&mut self, at: NodeRef, name: &str) -> Option<JsonPath> {
        let Some(text) = self.documents.node(at).as_str() else {
            let message = format!("`{name}` must be a JSONPath such as `$.paths['/orders'].get`");
            self.error(at, &message);
            return None;
        };
        match JsonPath::parse(text) {
            Ok(path) => Some(path),
            Err(error) => {
                let message = format!(
                    "`{name}` is not a JSONPath of RFC 9535: {} at character {}",
                    error.message(),
                    error.position() + 1
                );
                self.error(at, &message);
                None
            }
        }
    }
}
