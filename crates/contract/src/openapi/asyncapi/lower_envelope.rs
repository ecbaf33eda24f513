//! Writes a webhook for each message, whose body is the event.
//!
//! The event is an object with `headers`, `payload` and `key`. Headers are always there, because a
//! message without headers is a message with none. Producers send no headers that the contract does
//! not declare; the empty name, which no header can have, says so to comparisons where none is
//! declared. A key is required where the contract declares one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::event_contract::{EventContract, EventMessage};
use super::event_layers::EventLayers;
use super::lower_events::EventLowering;
use super::read_events::EventReading;
use super::schema_format::SchemaFormat;
use super::written_event::WrittenEvent;
use crate::openapi::document::NodeRef;
use crate::openapi::written_node::WrittenNode;

/// The characters of a pointer that stay as they are in a fragment.
const FRAGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'~')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.');

impl<'d> EventLowering<'d> {
    /// Writes `webhooks`: one for each message, and one for the messages of a channel together.
    pub(super) fn webhooks(&mut self, root: &WrittenNode, reading: &EventReading<'d>) {
        let contract = reading.contract();
        self.out.key("webhooks", root.node_ref);
        self.out.begin_object(root.node_ref);
        for (number, event) in reading.events.iter().enumerate() {
            let name = contract.name_of(&event.message);
            let (origin, provider) = (event.node.node_ref, event.message.provider.as_deref());
            self.webhook(&number.to_string(), &name, origin, provider);
            self.envelope(event, false);
            // The payload of an example in Avro or Protobuf is not judged with the event.
            let is_apart = event.message.payload_schema.is_some();
            if !is_apart {
                self.examples(event);
            }
            self.end_webhook();
            if is_apart {
                let key = EventContract::envelope_name(number);
                self.webhook(&key, &name, origin, provider);
                self.envelope(event, true);
                self.end_webhook();
            }
        }
        let mut written: Vec<Vec<usize>> = Vec::new();
        for event in &reading.events {
            let EventMessage {
                channel, action, ..
            } = event.message;
            // Events of the other contract can have another content type than any message of this one.
            let own = event.message.content_type.as_deref();
            for content_type in [own, None, Some("")] {
                let members = contract.group_of_type(channel, action, content_type);
                if members.len() > 1 && !written.contains(&members) {
                    self.group(&members, event.node.node_ref);
                    written.push(members);
                }
            }
        }
        self.out.end();
    }

    /// Writes a webhook whose event is any of several messages.
    fn group(&mut self, members: &[usize], origin: NodeRef) {
        let name = EventContract::group_name(members);
        self.webhook(&name, &name, origin, None);
        self.out.key("schema", origin);
        self.out.begin_object(origin);
        self.out.key("anyOf", origin);
        self.out.begin_array(origin);
        for member in members {
            let place =
                format!("#/webhooks/{member}/post/requestBody/content/application~1json/schema");
            self.out.begin_object(origin);
            self.out.text_member("$ref", &place, origin);
            self.out.end();
        }
        self.out.end();
        self.out.end();
        self.end_webhook();
    }

    /// Begins a webhook, up to the members of its media type.
    fn webhook(&mut self, key: &str, name: &str, origin: NodeRef, provider: Option<&str>) {
        let out = &mut self.out;
        out.key(key, origin);
        out.begin_object(origin);
        out.key("post", origin);
        out.begin_object(origin);
        out.text_member("operationId", name, origin);
        if let Some(provider) = provider {
            out.text_member("x-squad-owner", provider, origin);
        }
        out.key("requestBody", origin);
        out.begin_object(origin);
        out.key("required", origin);
        out.boolean(true, origin);
        out.key("content", origin);
        out.begin_object(origin);
        out.key("application/json", origin);
        out.begin_object(origin);
    }

    fn end_webhook(&mut self) {
        for _ in 0..5 {
            self.out.end();
        }
    }

    /// Writes the schema of an event; without that of the payload, if it is open.
    fn envelope(&mut self, event: &WrittenEvent, is_open: bool) {
        let origin = event.node.node_ref;
        let has_key = !event.key.0.is_empty();
        self.out.key("schema", origin);
        self.out.begin_object(origin);
        self.out.text_member("type", "object", origin);
        self.out.key("required", origin);
        self.out.begin_array(origin);
        for name in ["headers", "payload"] {
            self.out.string(name, origin);
        }
        if has_key {
            self.out.string("key", origin);
        }
        self.out.end();
        self.out.key("properties", origin);
        self.out.begin_object(origin);
        self.headers(event, origin);
        self.out.key("payload", origin);
        match event.payload.as_ref().filter(|_| !is_open) {
            Some(payload) => self.reference_to(payload, &event.payload_format),
            None => {
                self.out.begin_object(origin);
                self.out.end();
            }
        }
        if has_key {
            self.out.key("key", origin);
            self.referred_layers(&event.key, &SchemaFormat::Draft07, origin);
        }
        self.out.end();
        self.out.end();
    }

    fn headers(&mut self, event: &WrittenEvent, origin: NodeRef) {
        let layers = &event.headers;
        self.out.key("headers", origin);
        self.out.begin_object(origin);
        self.out.text_member("type", "object", origin);
        self.out.key("properties", origin);
        self.out.begin_object(origin);
        self.out.key("", origin);
        self.out.boolean(false, origin);
        self.out.end();
        if !layers.0.is_empty() {
            self.out.key("allOf", origin);
            self.out.begin_array(origin);
            self.referred_layers(layers, &event.headers_format, origin);
            self.out.end();
        }
        self.out.end();
    }

    /// A reference to the only layer, or the merged schema.
    fn referred_layers(&mut self, layers: &EventLayers, format: &SchemaFormat, origin: NodeRef) {
        match &layers.0[..] {
            [only] => self.reference_to(only, format),
            _ => self.layered_schema(layers, origin),
        }
    }

    /// A schema that refers to another one.
    fn reference_to(&mut self, schema: &WrittenNode, format: &SchemaFormat) {
        let node_ref = schema.node_ref;
        let copy = self.roots.copy_of(node_ref, format);
        let place = fragment(&copy.unwrap_or_else(|| self.documents.pointer(node_ref)));
        let text = format!("{}{place}", schema.file);
        self.out.begin_object(node_ref);
        self.out.text_member("$ref", &text, node_ref);
        self.out.end();
    }

    /// The examples of a message that have a payload.
    fn examples(&mut self, event: &WrittenEvent) {
        let origin = event.node.node_ref;
        let examples = event.examples.iter();
        let complete = examples.filter(|example| self.node(example).get("payload").is_some());
        let complete: Vec<&WrittenNode> = complete.collect();
        if complete.is_empty() || !event.key.0.is_empty() {
            return;
        }
        self.out.key("examples", origin);
        self.out.begin_object(origin);
        for (number, example) in (1_u32..).zip(complete) {
            let at = example.node_ref;
            self.out.key(&number.to_string(), at);
            self.out.begin_object(at);
            self.out.key("value", at);
            self.out.begin_object(at);
            for field in ["headers", "payload"] {
                match example.get(self.documents, field) {
                    Some(value) => self.out.copy_member(field, value.node_ref),
                    None => {
                        self.out.key(field, at);
                        self.out.begin_object(at);
                        self.out.end();
                    }
                }
            }
            self.out.end();
            self.out.end();
        }
        self.out.end();
    }
}

/// A pointer as the fragment of a reference.
fn fragment(pointer: &str) -> String {
    format!("#{}", utf8_percent_encode(pointer, FRAGMENT))
}
