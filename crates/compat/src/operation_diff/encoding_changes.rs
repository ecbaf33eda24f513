//! The Encoding Objects of form properties, and those of parts by their position, with the header
//! fields of parts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use portcullis_contract::{
    CompiledContract, Dialect, DocumentSet, MediaType, MessageDirection, NodeRef, Parameter,
};
use portcullis_json::JsonNode;

use super::super::compat_finding::{ChangeLocation, ExchangePart};
use super::super::containment::{ContainmentVerdict, ValueEncoding};
use super::super::containment_checker::SchemaKeyPair;
use super::super::schema_diff::canonical;
use super::super::witness::part_headers;
use super::contract_comparison::{
    ChangeDetails, ChangeScope, ContractComparison, RefusedValue, property,
};
use super::described_values::described;
use super::nested_lists::nested_formats;
use super::value_encoding::text_form;

const RULE: &str = "media-type.encoding.changed";

impl ContractComparison<'_> {
    /// Compares the Encoding Objects of form properties, and those of parts by their position.
    pub(super) fn encodings(
        &mut self,
        scope: &ChangeScope,
        direction: MessageDirection,
        part: &ExchangePart,
        (before, after): (&MediaType, &MediaType),
    ) {
        let (old, new) = (encodings(self.old, before), encodings(self.new, after));
        let pointers: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for pointer in pointers {
            let (was, is) = (old.get(pointer), new.get(pointer));
            let text = |found: Option<&(NodeRef, String)>| found.map(|(_, text)| text.clone());
            if text(was) == text(is) {
                continue;
            }
            let mut change = ChangeDetails::at(part.clone()).between(
                was.map_or(before.node_ref, |(at, _)| *at),
                is.map_or(after.node_ref, |(at, _)| *at),
            );
            change.location.pointer = pointer.as_str().into();
            change.before = text(was);
            change.after = text(is);
            let location = change.location.clone();
            self.push(RULE, scope, Some(direction), change);
            self.part_headers(scope, direction, &location, (before, after));
        }
    }

    /// Searches for values of header fields of a part that the receiver's schemas refuse.
    fn part_headers(
        &mut self,
        scope: &ChangeScope,
        direction: MessageDirection,
        location: &ChangeLocation,
        (before, after): (&MediaType, &MediaType),
    ) {
        let name = location.pointer.strip_prefix('/').unwrap_or_default();
        let was = part_headers(self.old, before, name);
        let is = part_headers(self.new, after, name);
        let new_produces = (direction == MessageDirection::Response) != scope.is_outbound;
        let is_same = |one: &Parameter, other: &Parameter| {
            one.name.eq_ignore_ascii_case(&other.name) && one.style == other.style
        };
        for before in was {
            let Some(after) = is.iter().find(|after| is_same(before, after)) else {
                continue;
            };
            let (Some(old), Some(new)) = (before.schema(), after.schema()) else {
                continue;
            };
            let sender = if new_produces { after } else { before };
            let schemas = SchemaKeyPair {
                old,
                new,
                direction,
                encoding: if sender.is_json_text() {
                    ValueEncoding::Json
                } else {
                    ValueEncoding::Text(text_form(sender))
                },
            };
            let ContainmentVerdict::Breaking(breaks) =
                self.containment.check(schemas, new_produces)
            else {
                continue;
            };
            let values = breaks.into_iter().map(|found| RefusedValue {
                subject: scope.subject.clone(),
                rule: RULE,
                location: location.clone(),
                value: json!({ before.name.as_str(): found.witness }),
            });
            self.refused_values.extend(values);
        }
    }
}

/// The Encoding Objects of a media type with their texts: by the pointer to the property that they
/// are for, or by `/prefixEncoding/0` and `/itemEncoding`, where the contract reads these fields.
fn encodings(
    contract: &CompiledContract,
    media: &MediaType,
) -> BTreeMap<String, (NodeRef, String)> {
    let mut found = BTreeMap::new();
    let mut add = |pointer: String, near: NodeRef, node: JsonNode<'_>, lists: &str| {
        let text = canonical(node) + lists;
        found.insert(pointer, (DocumentSet::node_ref(near, node), text));
    };
    if let Some((near, by_name)) = property(contract, media.node_ref, "encoding") {
        let lists = |name: &str| {
            let (schema, _) = described(contract, media)?;
            let schema = contract.resolved(schema);
            let (properties, _) = property(contract, schema, "properties")?;
            let (field, _) = property(contract, properties, name)?;
            Some(nested_formats(contract, field)).filter(|formats| !formats.is_empty())
        };
        for (name, node) in by_name.members() {
            if is_default(contract, media, name, node) {
                continue;
            }
            let lists = lists(name).map(|formats| format!(" of {}", formats.join(" in ")));
            add(format!("/{name}"), near, node, &lists.unwrap_or_default());
        }
    }
    if contract.dialect != Dialect::V32 {
        return found;
    }
    if let Some((near, prefix)) = property(contract, media.node_ref, "prefixEncoding") {
        for (position, node) in prefix.elements().enumerate() {
            add(format!("/prefixEncoding/{position}"), near, node, "");
        }
    }
    if let Some((at, node)) = property(contract, media.node_ref, "itemEncoding") {
        add("/itemEncoding".to_owned(), at, node, "");
    }
    found
}

/// Whether an Encoding Object only names the media type that the property has by default (OpenAPI
/// 3.1.1, Encoding Object, `contentType`): JSON for an object.
fn is_default(
    contract: &CompiledContract,
    media: &MediaType,
    name: &str,
    encoding: JsonNode<'_>,
) -> bool {
    let schema = || {
        let (schema, _) = described(contract, media)?;
        let (properties, _) = property(contract, contract.resolved(schema), "properties")?;
        let (property, _) = property(contract, properties, name)?;
        Some(contract.documents().node(contract.resolved(property)))
    };
    if is_of_no_property(contract, media, name) {
        return true;
    }
    let is_only = encoding
        .members()
        .all(|(member, _)| member == "contentType");
    let content_type = encoding.get("contentType").and_then(JsonNode::as_str);
    let is_object =
        |schema: JsonNode<'_>| schema.get("type").and_then(JsonNode::as_str) == Some("object");
    match content_type {
        None => encoding.is_empty(),
        Some(named) => {
            is_only
                && named.eq_ignore_ascii_case("application/json")
                && schema().is_some_and(is_object)
        }
    }
}

/// Whether the schema of a form lists its properties without this one, so its encoding has no
/// effect.
fn is_of_no_property(contract: &CompiledContract, media: &MediaType, name: &str) -> bool {
    let Some((schema, _)) = described(contract, media) else {
        return false;
    };
    let schema = contract.documents().node(contract.resolved(schema));
    let is_plain = ["type", "properties", "required", "description", "title"];
    let mut keywords = schema.members().map(|(keyword, _)| keyword);
    let properties = schema.get("properties");
    properties.is_some_and(|properties| properties.get(name).is_none())
        && keywords.all(|keyword| is_plain.contains(&keyword) || keyword.starts_with("x-"))
}
