//! Keywords about properties: `properties`, `required`, `additionalProperties` and
//! `dependentRequired`.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_contract::NodeRef;
use portcullis_json::{JsonKind, JsonNode};

use super::local_difference::{LocalDifference, SubschemaPair, either};
use super::schema_conjunction::SchemaConjunction;
use super::schema_edit::{SchemaEdit, SchemaStep};

/// Compares the properties of two schemas.
pub(super) fn compare(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    properties(old, new, local);
    requirements(old, new, local);
    undeclared_properties(old, new, local);
    dependent_required(old, new, local);
}

fn properties(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    let (before, after) = (old.members("properties"), new.members("properties"));
    if before.is_empty() && after.is_empty() {
        return;
    }
    if !before.is_empty() && is_free_form(new) {
        return undescribed_properties(old, new, &before, local);
    }
    let (was, is) = (old.required(), new.required());
    let has = |list: &[(&str, NodeRef)], name: &str| list.iter().any(|(known, _)| *known == name);
    for (name, from, to) in either(&before, &after) {
        let (left, right) = (from.first().copied(), to.first().copied());
        let rule = match (left, right, has(&was, name), has(&is, name)) {
            (None, _, _, true) => "schema.property.added.required",
            (None, _, _, false) => "schema.property.added.optional",
            (_, None, true, _) => "schema.property.removed.required",
            (_, None, false, _) => "schema.property.removed.optional",
            _ => {
                local.edges.push(SubschemaPair {
                    step: SchemaStep::Property(Arc::from(name)),
                    old: from,
                    new: to,
                });
                continue;
            }
        };
        let edit = SchemaEdit::of(rule, "properties").with_property(name);
        local
            .edits
            .push(edit.between(left.or(old.node_ref()), right.or(new.node_ref())));
    }
}

/// Whether a schema allows every object and describes none of its properties.
fn is_free_form(view: &SchemaConjunction<'_>) -> bool {
    // The targets of references and the elements of `allOf` are part of the view.
    const ANNOTATIONS: [&str; 15] = [
        "$ref",
        "type",
        "nullable",
        "title",
        "description",
        "default",
        "example",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "externalDocs",
        "xml",
        "$comment",
        "allOf",
    ];
    let allows_objects = |value: JsonNode<'_>| {
        value.as_str() == Some("object")
            || value.elements().any(|name| name.as_str() == Some("object"))
    };
    let allows_all = |(keyword, value): (&str, JsonNode<'_>)| match keyword {
        "type" => allows_objects(value),
        "additionalProperties" => {
            value.as_bool() == Some(true) || value.is_object() && value.is_empty()
        }
        _ => keyword.starts_with("x-") || ANNOTATIONS.contains(&keyword),
    };
    !view.is_never && view.nodes().all(|(_, node)| node.members().all(allows_all))
}

/// Reports an object whose properties are no longer described as one change. If every value is
/// allowed now, the change of the type is part of it.
fn undescribed_properties(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    before: &[(&str, Vec<NodeRef>)],
    local: &mut LocalDifference,
) {
    let names: Vec<&str> = before.iter().map(|(name, _)| *name).collect();
    let is_any = new.all("type").next().is_none();
    if is_any {
        local
            .edits
            .retain(|edit| edit.rule != "schema.type.widened");
    }
    let edit = SchemaEdit::of("schema.properties.removed", "properties")
        .from(names.join(", "))
        .to(is_any.then(|| "any value".to_owned()));
    let at = old.first("properties").map(|(at, _)| at);
    local
        .edits
        .push(edit.between(at.or(old.node_ref()), new.node_ref()));
}

/// Reports properties that became required or optional. A property that was declared or removed at
/// the same time is reported as added or removed instead.
fn requirements(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    let (was, is) = (old.required(), new.required());
    if was.is_empty() && is.is_empty() {
        return;
    }
    let declares = |view: &SchemaConjunction<'_>, name: &str| {
        view.all("properties")
            .any(|(_, properties)| properties.get(name).is_some())
    };
    let is_reported = |name: &str| declares(old, name) != declares(new, name);
    for (name, at) in &is {
        if !was.iter().any(|(known, _)| known == name) && !is_reported(name) {
            let edit = SchemaEdit::of("schema.property.required", "required").with_property(name);
            local.edits.push(edit.between(old.node_ref(), Some(*at)));
        }
    }
    for (name, at) in &was {
        if !is.iter().any(|(known, _)| known == name) && !is_reported(name) {
            let edit = SchemaEdit::of("schema.property.optional", "required").with_property(name);
            local.edits.push(edit.between(Some(*at), new.node_ref()));
        }
    }
}

/// The schema for undeclared properties.
#[derive(PartialEq, Eq)]
enum UndeclaredProperties {
    Open,
    Closed,
    Described(Vec<NodeRef>),
}

impl UndeclaredProperties {
    fn of(view: &SchemaConjunction<'_>) -> Self {
        let mut described = Vec::new();
        for (node_ref, value) in view.all("additionalProperties") {
            match value.kind() {
                JsonKind::Boolean if value.as_bool() == Some(false) => return Self::Closed,
                JsonKind::Object if !value.is_empty() => described.push(node_ref),
                _ => {}
            }
        }
        if described.is_empty() {
            Self::Open
        } else {
            Self::Described(described)
        }
    }
}

fn undeclared_properties(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    const KEYWORD: &str = "additionalProperties";
    let rule = match (UndeclaredProperties::of(old), UndeclaredProperties::of(new)) {
        (UndeclaredProperties::Described(old), UndeclaredProperties::Described(new)) => {
            let step = SchemaStep::Any;
            local.edges.push(SubschemaPair { step, old, new });
            return;
        }
        (before, after) if before == after => return,
        (_, UndeclaredProperties::Closed) => "schema.additional-properties.refused",
        (UndeclaredProperties::Closed, _) => "schema.additional-properties.allowed",
        (_, UndeclaredProperties::Described(_)) => "schema.additional-properties.typed",
        (_, UndeclaredProperties::Open) => "schema.additional-properties.untyped",
    };
    let text = |view: &SchemaConjunction<'_>| {
        let value = view.first(KEYWORD)?.1;
        Some(match value.as_bool() {
            Some(flag) => flag.to_string(),
            None if value.is_object() && value.is_empty() => "true".to_owned(),
            None => "a schema".to_owned(),
        })
    };
    let node_ref =
        |view: &SchemaConjunction<'_>| view.first(KEYWORD).map(|(at, _)| at).or(view.node_ref());
    let edit = SchemaEdit::of(rule, KEYWORD).from(text(old)).to(text(new));
    local.edits.push(edit.between(node_ref(old), node_ref(new)));
}

fn dependent_required(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    const KEYWORD: &str = "dependentRequired";
    let names = |view: &SchemaConjunction<'_>, node_refs: &[NodeRef]| {
        let documents = view.contract.documents();
        let all: BTreeSet<&str> = node_refs
            .iter()
            .flat_map(|node_ref| documents.node(*node_ref).elements())
            .filter_map(JsonNode::as_str)
            .collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    };
    for (name, from, to) in either(&old.members(KEYWORD), &new.members(KEYWORD)) {
        let (left, right) = (from.first().copied(), to.first().copied());
        let text = |demands: &str| format!("{name}: {demands}");
        let (before, after) = (names(old, &from), names(new, &to));
        let edit = match (left, right) {
            (None, _) => {
                SchemaEdit::of("schema.dependent-required.added", KEYWORD).to(text(&after))
            }
            (_, None) => {
                SchemaEdit::of("schema.dependent-required.removed", KEYWORD).from(text(&before))
            }
            _ if before == after => continue,
            _ => SchemaEdit::of("schema.dependent-required.changed", KEYWORD)
                .from(text(&before))
                .to(text(&after)),
        };
        local
            .edits
            .push(edit.between(left.or(old.node_ref()), right.or(new.node_ref())));
    }
}
