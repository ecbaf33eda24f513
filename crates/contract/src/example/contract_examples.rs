//! Sample answers: what a contract itself offers as an example of a response.

use serde_json::Value;

use portcullis_json::{JsonLimits, JsonNode, Tape};

use super::generate::sample as generate;
use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::MediaType;
use crate::message::parameter::Parameter;
use crate::openapi::dialect::MessageDirection;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;
use crate::schema::lower::SchemaLowering;
use crate::schema::schema_set::SchemaKey;

/// A body for a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseExample {
    /// The bytes to send.
    Body(Vec<u8>),
    /// The contract has no example of this name.
    NoSuchExample,
    /// The contract gives no example, and no value that satisfies the schema was found.
    None,
}

impl CompiledContract {
    /// The named example, else the first one that satisfies the schema, else a generated value.
    pub fn response_example(&self, media: &MediaType, name: Option<&str>) -> ResponseExample {
        let documents = &self.documents;
        let examples = examples(documents, media.node_ref);
        if let Some(name) = name {
            let found = examples.iter().find(|(known, _)| *known == name);
            return found.map_or(ResponseExample::NoSuchExample, |(_, value)| {
                ResponseExample::Body(bytes(media, *value))
            });
        }
        // Examples of other media types show text, not the value that the schema describes.
        let key = media.schema.as_ref().filter(|_| media.is_json);
        let fitting = examples
            .iter()
            .map(|(_, value)| bytes(media, *value))
            .find(|bytes| key.is_none_or(|key| is_valid(self, key, bytes)));
        if let Some(body) = fitting {
            return ResponseExample::Body(body);
        }
        key.and_then(|key| generated(self, key, media))
            .map_or(ResponseExample::None, ResponseExample::Body)
    }

    /// A body for a request in a media type, where one that satisfies its schema was found.
    pub fn request_example(&self, media: &MediaType) -> Option<Value> {
        generate_valid(
            self,
            media.schema.as_ref()?,
            media.node_ref,
            MessageDirection::Request,
        )
    }

    /// A value of a parameter: its own example, else a generated one.
    pub fn parameter_example(&self, parameter: &Parameter) -> Option<Value> {
        let documents = &self.documents;
        let shown = examples(documents, parameter.node_ref).into_iter().next();
        let shown = shown.map(|(_, value)| value.to_value());
        shown.or_else(|| {
            generate_valid(
                self,
                parameter.schema()?,
                parameter.node_ref,
                MessageDirection::Request,
            )
        })
    }
}

/// Examples of a media type: `example`, then the values of `examples` (OpenAPI, Media Type
/// Object).
fn examples(documents: &DocumentSet, media: NodeRef) -> Vec<(&str, JsonNode<'_>)> {
    let node = documents.node(media);
    let one = node.get("example").map(|value| ("", value));
    let named = node
        .get("examples")
        .into_iter()
        .flat_map(|examples| examples.members());
    let named = named.filter_map(|(name, example)| {
        let target = follow(documents, DocumentSet::node_ref(media, example)).ok()?;
        Some((name, documents.node(target).get("value")?))
    });
    one.into_iter().chain(named).collect()
}

/// JSON is written as such, whatever its type; other media types take text as it stands.
fn bytes(media: &MediaType, value: JsonNode<'_>) -> Vec<u8> {
    match value.as_str() {
        Some(text) if !media.is_json => text.as_bytes().to_vec(),
        _ => value.to_string().into_bytes(),
    }
}

fn generated(contract: &CompiledContract, key: &SchemaKey, media: &MediaType) -> Option<Vec<u8>> {
    if !media.is_json {
        return None;
    }
    let value = generate_valid(contract, key, media.node_ref, MessageDirection::Response)?;
    Some(value.to_string().into_bytes())
}

/// A value for the schema of the object at `owner`.
fn generate_valid(
    contract: &CompiledContract,
    key: &SchemaKey,
    owner: NodeRef,
    direction: MessageDirection,
) -> Option<Value> {
    let schema = contract.documents.node(owner).get("schema")?;
    let place = DocumentSet::node_ref(owner, schema);
    let mut lowering =
        SchemaLowering::new(&contract.documents, contract.dialect, direction).with_examples();
    let number = lowering.define(place);
    let lowered = lowering.finish(&[number]).schema;
    let definition = lowered.get("$defs")?.get(number.to_string())?;
    let schemas = contract.schemas(direction);
    let fits = |value: &Value| {
        let mut tape = Tape::new();
        let text = value.to_string();
        let parsed = tape.parse(key.as_str(), text.as_bytes(), JsonLimits::default());
        parsed.is_ok_and(|source| schemas.is_valid(tape.wrapped(source)))
    };
    generate(&lowered, definition, &fits)
}

fn is_valid(contract: &CompiledContract, key: &SchemaKey, bytes: &[u8]) -> bool {
    let mut tape = Tape::new();
    tape.parse(key.as_str(), bytes, JsonLimits::default())
        .is_ok_and(|source| contract.responses.is_valid(tape.wrapped(source)))
}
