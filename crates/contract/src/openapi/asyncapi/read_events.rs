//! Reads the channels and messages of an AsyncAPI document: what both versions have in common.

use std::sync::Arc;

use portcullis_json::JsonNode;

use super::asyncapi_version::{AsyncApiVersion, version_text};
use super::event_contract::{
    EventAction, EventChannel, EventContract, EventMessage, EventOperation,
};
use super::event_layers::EventLayers;
use super::schema_format::{SchemaFormat, SchemaUse};
use super::written_event::WrittenEvent;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;
use crate::openapi::written_node::WrittenNode;

/// What an AsyncAPI document declares, while it is read.
#[derive(Debug)]
pub(super) struct EventReading<'d> {
    pub(super) documents: &'d DocumentSet,
    pub(super) version: AsyncApiVersion,
    pub(super) channels: Vec<EventChannel>,
    pub(super) operations: Vec<EventOperation>,
    pub(super) events: Vec<WrittenEvent>,
    /// The schemas that messages use.
    pub(super) schemas: Vec<SchemaUse>,
    /// The schemas below `components`, which may be used by no message.
    pub(super) shared_schemas: Vec<SchemaUse>,
    /// The schemas of payloads that cannot be judged, and why.
    pub(super) unjudged: Vec<(NodeRef, String)>,
    /// What is wrong, with the node to name.
    pub(super) problems: Vec<(NodeRef, String)>,
}

/// The operation that a message belongs to.
#[derive(Clone, Debug)]
pub(super) struct EventScope {
    pub(super) channel: usize,
    pub(super) action: EventAction,
    /// `x-squad-owner` of the operation.
    pub(super) provider: Option<Arc<str>>,
}

/// Reads an entry document.
pub(super) fn read_events(documents: &DocumentSet, version: AsyncApiVersion) -> EventReading<'_> {
    let mut reading = EventReading {
        documents,
        version,
        channels: Vec::new(),
        operations: Vec::new(),
        events: Vec::new(),
        schemas: Vec::new(),
        shared_schemas: Vec::new(),
        unjudged: Vec::new(),
        problems: Vec::new(),
    };
    let root = WrittenNode {
        node_ref: documents.entry_ref(),
        file: String::new(),
    };
    reading.required_fields(&root);
    match version {
        AsyncApiVersion::V2 => reading.channels_2(&root),
        AsyncApiVersion::V3 => reading.channels_3(&root),
    }
    reading.find_shared_schemas(&root);
    reading
}

impl<'d> EventReading<'d> {
    /// The channels and messages without their nodes.
    pub(super) fn contract(&self) -> EventContract {
        let root = self.documents.entry().root();
        let messages = self.events.iter().map(|event| event.message.clone());
        EventContract {
            version: version_text(root).unwrap_or_default().into(),
            channels: self.channels.clone(),
            operations: self.operations.clone(),
            messages: messages.collect(),
        }
    }

    pub(super) fn node(&self, at: &WrittenNode) -> JsonNode<'d> {
        self.documents.node(at.node_ref)
    }

    pub(super) fn problem(&mut self, at: &WrittenNode, message: impl Into<String>) {
        self.problems.push((at.node_ref, message.into()));
    }

    fn required_fields(&mut self, root: &WrittenNode) {
        let Some(info) = root.get(self.documents, "info") else {
            return self.problem(
                root,
                "`info` is missing: add `info` with `title` and `version`",
            );
        };
        for name in ["title", "version"] {
            let value = self.node(&info).get(name);
            if value.is_none_or(|value| value.as_str().or(value.number_text()).is_none()) {
                self.problem(&info, format!("`{name}` is missing: add it as a text"));
            }
        }
    }

    /// The value of a field that must be an object. Reports another value.
    pub(super) fn object(&mut self, at: &WrittenNode, name: &str) -> Option<WrittenNode> {
        let value = at.get(self.documents, name)?;
        let kind = self.node(&value).kind();
        if self.node(&value).is_object() {
            return Some(value);
        }
        let message = format!("`{name}` must be an object, and is {}", kind.with_article());
        self.problem(&value, message);
        None
    }

    /// The object that a node stands for. Reports a reference that leads nowhere, and other values.
    pub(super) fn target(&mut self, at: &WrittenNode, what: &str) -> Option<WrittenNode> {
        let target = match follow(self.documents, at.node_ref) {
            Ok(_) => at.target(self.documents)?,
            Err((node_ref, error)) => {
                self.problems.push((node_ref, error.to_string()));
                return None;
            }
        };
        let node = self.node(&target);
        if !node.is_object() {
            let kind = node.kind().with_article();
            self.problem(at, format!("{what} must be an object, and is {kind}"));
            return None;
        }
        Some(target)
    }

    pub(super) fn text(&self, at: &WrittenNode, name: &str) -> Option<&'d str> {
        self.node(at).get(name).and_then(JsonNode::as_str)
    }

    /// `x-squad-owner` of an object.
    pub(super) fn owner(&self, at: &WrittenNode) -> Option<Arc<str>> {
        self.text(at, "x-squad-owner").map(Arc::from)
    }

    /// Adds a channel, and returns its number.
    pub(super) fn add_channel(
        &mut self,
        name: &str,
        address: Option<&str>,
        channel: &WrittenNode,
    ) -> usize {
        let layers = EventLayers(vec![channel.clone()]);
        let bindings = layers.field(self.documents, "bindings");
        let kafka = bindings.targets(self.documents);
        let kafka = kafka.field(self.documents, "kafka").targets(self.documents);
        let topic = kafka.text(self.documents, "topic");
        let partitions = kafka.field(self.documents, "partitions");
        let root = self.documents.entry().root();
        let of_document = root.get("info").and_then(|info| info.get("x-squad-owner"));
        let of_document = of_document.or(root.get("x-squad-owner"));
        let of_document = of_document.and_then(JsonNode::as_str).map(Arc::from);
        self.channels.push(EventChannel {
            name: name.into(),
            address: address.map(Arc::from),
            topic: topic.map(Arc::from),
            partitions: partitions.node(self.documents).and_then(JsonNode::as_u64),
            squad_id_key: self.text(channel, "x-squad-id-key").map(Arc::from),
            provider: self.owner(channel).or(of_document),
        });
        self.channels.len() - 1
    }

    /// Adds a message of an operation. `at` is where the operation or the channel names it.
    pub(super) fn add_message(&mut self, scope: &EventScope, name: &str, at: &WrittenNode) {
        let Some(message) = self.target(at, "a message") else {
            return;
        };
        let layers = self.with_traits(&message);
        let documents = self.documents;
        let payload = layers.field(documents, "payload").0.pop();
        let written = layers.text(documents, "schemaFormat");
        let format = written.map_or(SchemaFormat::Draft07, SchemaFormat::of);
        let (payload, format) = match payload {
            Some(payload) => {
                let (payload, format) = self.of_one_format(payload, format);
                (Some(payload), format)
            }
            None => (None, format),
        };
        if let Some(payload) = &payload {
            self.use_schema(payload, format.clone());
        }
        let headers = layers.field(documents, "headers");
        let mut headers_format = SchemaFormat::Draft07;
        let headers = headers.0.into_iter().map(|layer| {
            let (layer, format) = self.of_one_format(layer, SchemaFormat::Draft07);
            self.use_schema(&layer, format.clone());
            headers_format = format;
            layer
        });
        let headers = EventLayers(headers.collect());
        let bindings = layers.field(documents, "bindings").targets(documents);
        let kafka = bindings.field(documents, "kafka").targets(documents);
        let key = kafka.field(documents, "key");
        key.0
            .iter()
            .for_each(|layer| self.use_schema(layer, SchemaFormat::Draft07));
        let default_type = self.default_content_type();
        let content_type = layers.text(documents, "contentType").or(default_type);
        let correlation = layers.field(documents, "correlationId").targets(documents);
        let payload_schema = payload.as_ref();
        let payload_schema =
            payload_schema.and_then(|payload| self.payload_schema(payload, &format));
        let opaque_format = match &format {
            SchemaFormat::Opaque(name) if payload.is_some() => Some(Arc::clone(name)),
            _ => None,
        };
        let examples = layers.field(documents, "examples").0.pop();
        let examples = examples.into_iter().flat_map(|list| {
            let elements = documents.node(list.node_ref).elements();
            elements.map(move |example| list.at(example))
        });
        let event = WrittenEvent {
            message: EventMessage {
                channel: scope.channel,
                action: scope.action,
                name: self.free_name(scope, name),
                content_type: content_type.map(Arc::from),
                opaque_format,
                payload_schema,
                correlation_id: correlation.text(documents, "location").map(Arc::from),
                provider: scope.provider.clone(),
            },
            headers,
            headers_format,
            payload,
            payload_format: format,
            key,
            examples: examples.collect(),
            node: message,
        };
        self.events.push(event);
    }

    /// A message and its traits, in the order in which they are merged.
    fn with_traits(&mut self, message: &WrittenNode) -> EventLayers {
        let list = message.get(self.documents, "traits");
        let elements = list.iter().flat_map(|list| {
            let elements = self.node(list).elements();
            elements.map(|one| list.at(one)).collect::<Vec<_>>()
        });
        let traits: Vec<WrittenNode> = elements.collect();
        let traits = traits.iter().filter_map(|one| self.target(one, "a trait"));
        let traits: Vec<WrittenNode> = traits.collect();
        EventLayers(match self.version {
            AsyncApiVersion::V2 => [vec![message.clone()], traits].concat(),
            AsyncApiVersion::V3 => [traits, vec![message.clone()]].concat(),
        })
    }

    fn default_content_type(&self) -> Option<&'d str> {
        let root = self.documents.entry().root();
        root.get("defaultContentType").and_then(JsonNode::as_str)
    }

    /// The schema of a Multi Format Schema Object and its language, or the value itself.
    fn of_one_format(
        &mut self,
        schema: WrittenNode,
        default: SchemaFormat,
    ) -> (WrittenNode, SchemaFormat) {
        if self.version == AsyncApiVersion::V2 {
            return (schema, default);
        }
        // A schema file in another language may not be readable, so only what resolves is followed.
        let target = schema.target(self.documents);
        let inner = target.as_ref().and_then(|target| {
            let format = self.text(target, "schemaFormat")?;
            let inner = target.get(self.documents, "schema")?;
            Some((inner, SchemaFormat::of(format)))
        });
        inner.unwrap_or((schema, default))
    }

    pub(super) fn use_schema(&mut self, schema: &WrittenNode, format: SchemaFormat) {
        self.schemas.push(SchemaUse {
            node_ref: schema.node_ref,
            format,
        });
    }

    /// The schemas below `components`, which may be used by no message.
    fn find_shared_schemas(&mut self, root: &WrittenNode) {
        let components = root.get(self.documents, "components");
        let schemas = components.and_then(|components| components.get(self.documents, "schemas"));
        let Some(schemas) = schemas else {
            return;
        };
        let all: Vec<WrittenNode> = self
            .node(&schemas)
            .members()
            .map(|(_, schema)| schemas.at(schema))
            .collect();
        for schema in all {
            let is_reference = self.node(&schema).get("$ref").is_some();
            let (schema, format) = if is_reference {
                (schema, SchemaFormat::Draft07)
            } else {
                self.of_one_format(schema, SchemaFormat::Draft07)
            };
            self.shared_schemas.push(SchemaUse {
                node_ref: schema.node_ref,
                format,
            });
        }
    }

    /// A name that no other message of the channel and the action has.
    fn free_name(&self, scope: &EventScope, name: &str) -> Arc<str> {
        let is_taken = |name: &str| {
            self.events.iter().any(|event| {
                let EventMessage {
                    channel,
                    action,
                    name: taken,
                    ..
                } = &event.message;
                (*channel, *action, &**taken) == (scope.channel, scope.action, name)
            })
        };
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        let free = names.find(|name| !is_taken(name));
        free.unwrap_or_default().into()
    }
}
