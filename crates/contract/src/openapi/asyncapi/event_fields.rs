//! Judges the fields of all objects of an AsyncAPI contract: values of another type, references that
//! lead nowhere, and names that an object does not have.
//!
//! A value of another type is an error, because what it was meant to say is not read. A name that an
//! object does not have is a warning. What a schema says is judged where it is compiled.

use std::collections::HashSet;

use portcullis_json::JsonNode;

use super::asyncapi_version::AsyncApiVersion;
use super::event_objects::{EventObject, EventObjectField, FieldValue};
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::{DocumentSet, NodeRef, UnknownSourceField};
use crate::openapi::near_name::nearest_name;
use crate::openapi::reference::follow;

/// What is wrong with the fields of a contract.
#[derive(Debug, Default)]
pub(super) struct EventFieldFaults {
    pub(super) errors: Vec<(NodeRef, String)>,
    pub(super) unknown: Vec<UnknownSourceField>,
}

/// Visits every object that can be reached from the entry document.
pub(super) fn event_field_faults(
    documents: &DocumentSet,
    version: AsyncApiVersion,
) -> EventFieldFaults {
    let mut walk = EventFieldWalk {
        documents,
        version,
        seen: HashSet::new(),
        open: vec![(EventObject::Document, documents.entry_ref())],
        faults: EventFieldFaults::default(),
    };
    while let Some((object, node_ref)) = walk.open.pop() {
        if walk.seen.insert((object, node_ref)) {
            walk.object(object, node_ref);
        }
    }
    walk.faults
}

struct EventFieldWalk<'d> {
    documents: &'d DocumentSet,
    version: AsyncApiVersion,
    seen: HashSet<(EventObject, NodeRef)>,
    open: Vec<(EventObject, NodeRef)>,
    faults: EventFieldFaults,
}

impl<'d> EventFieldWalk<'d> {
    fn object(&mut self, object: EventObject, node_ref: NodeRef) {
        let node = self.documents.node(node_ref);
        let fields = object.fields(self.version);
        let is_reference = node.get("$ref").is_some();
        if is_reference && object.may_be_reference(self.version) {
            match follow(self.documents, node_ref) {
                Ok(target) => self.nested(object, target),
                Err((at, error)) => self.faults.errors.push((at, error.to_string())),
            }
            if !fields.iter().any(|(name, _)| *name == "$ref") {
                return;
            }
        }
        if object.is_open() {
            return;
        }
        for (name, value) in node.members() {
            if name.starts_with("x-") {
                continue;
            }
            let value_ref = DocumentSet::node_ref(node_ref, value);
            match fields.iter().find(|(known, _)| *known == name) {
                Some((_, expected)) => self.value(name, *expected, value_ref),
                None => self.unknown(object, fields, node, name, value_ref),
            }
        }
    }

    fn nested(&mut self, object: EventObject, node_ref: NodeRef) {
        let node = self.documents.node(node_ref);
        if node.is_object() {
            self.open.push((object, node_ref));
        } else if !object.is_open() {
            let kind = node.kind().with_article();
            let message = format!("{} must be an object, and is {kind}", object.title());
            self.faults.errors.push((node_ref, message));
        }
    }

    fn value(&mut self, name: &str, expected: FieldValue, node_ref: NodeRef) {
        let node = self.documents.node(node_ref);
        let is_text = node.as_str().is_some();
        let wanted = match expected {
            FieldValue::Any => return,
            FieldValue::Text if is_text => return,
            FieldValue::Text => "a text",
            FieldValue::Word if is_text || node.number_text().is_some() => return,
            FieldValue::Word => "a text",
            FieldValue::NullableText if is_text || node.is_null() => return,
            FieldValue::NullableText => "a text or null",
            FieldValue::Integer if node.as_u64().is_some() => return,
            FieldValue::Integer => "a whole number that is not negative",
            FieldValue::Texts
                if node.elements().all(|one| one.as_str().is_some()) && node.is_array() =>
            {
                return;
            }
            FieldValue::Texts => "a list of texts",
            FieldValue::Schema if node.is_object() || node.as_bool().is_some() => return,
            FieldValue::Schema => "a schema: an object or a boolean",
            FieldValue::Nested(object) if node.is_object() => {
                return self.nested(object, node_ref);
            }
            FieldValue::Nested(_) => "an object",
            FieldValue::List(object) if node.is_array() => {
                for element in node.elements() {
                    self.nested(object, DocumentSet::node_ref(node_ref, element));
                }
                return;
            }
            FieldValue::List(_) => "a list of objects",
            FieldValue::Map(object) if node.is_object() => {
                for (name, member) in node.members() {
                    if !name.starts_with("x-") {
                        self.nested(object, DocumentSet::node_ref(node_ref, member));
                    }
                }
                return;
            }
            FieldValue::Map(_) => "an object",
        };
        let kind = node.kind().with_article();
        let advice = match (wanted, node.number_text()) {
            ("a text", Some(text)) => format!("; write it in quotation marks: '{text}'"),
            _ => String::new(),
        };
        let message = format!("`{name}` must be {wanted}, and is {kind}{advice}");
        self.faults.errors.push((node_ref, message));
    }

    fn unknown(
        &mut self,
        object: EventObject,
        fields: &'static [EventObjectField],
        node: JsonNode<'d>,
        name: &str,
        node_ref: NodeRef,
    ) {
        let title = object.title();
        let version = match self.version {
            AsyncApiVersion::V2 => "AsyncAPI 2",
            AsyncApiVersion::V3 => "AsyncAPI 3",
        };
        let absent = fields.iter().map(|(known, _)| *known);
        let absent = absent.filter(|known| node.get(known).is_none());
        let meant = nearest_name(absent, name);
        let other = match self.version {
            AsyncApiVersion::V2 => AsyncApiVersion::V3,
            AsyncApiVersion::V3 => AsyncApiVersion::V2,
        };
        let is_of_other = object.fields(other).iter().any(|(known, _)| *known == name);
        let advice = match (meant, object, name) {
            (Some(meant), ..) => format!("did you mean `{meant}`?"),
            (None, EventObject::Message | EventObject::MessageTrait, "schemaFormat") => {
                "write `payload: {schemaFormat: …, schema: …}`".to_owned()
            }
            (None, ..) if is_of_other => {
                "another version of AsyncAPI has it; change it or the version".to_owned()
            }
            (None, ..) => {
                "move it to where it belongs, or remove it; only names with `x-` are extensions"
                    .to_owned()
            }
        };
        self.faults.unknown.push(UnknownSourceField {
            node_ref,
            message: format!("`{name}` is not a field of {title} in {version}: {advice}"),
            kind: match meant {
                Some(_) => ContractProblemKind::MisspeltKeyword,
                None => ContractProblemKind::UnknownField,
            },
        });
    }
}
