//! Examples of bodies and parameters: those of the contract, or generated values.

use serde_json::Value;

use portcullis_json::{JsonLimits, JsonNode, Tape};

use super::generate::generate;
use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::MediaType;
use crate::message::parameter::Parameter;
use crate::openapi::dialect::MessageDirection;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::follow;
use crate::schema::lower::SchemaLowering;
use crate::schema::schema_set::SchemaKey;

/// The result of asking for an example of a response body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseExample {
    /// The bytes to send.
    Body(Vec<u8>),
    /// The contract has no example of this name.
    NoSuchExample,
    /// The contract has no valid example, and no value that satisfies the schema was found.
    None,
}

impl CompiledContract {
    /// A body for a response: the named example, or else the first example that satisfies the
    /// schema, or else a generated value.
    pub fn response_example(&self, media: &MediaType, name: Option<&str>) -> ResponseExample {
        let documents = &self.documents;
        let examples = examples(documents, media.node_ref);
        if let Some(name) = name {
            let found = examples.iter().find(|(known, _)| *known == name);
            return found.map_or(ResponseExample::NoSuchExample, |(_, value)| {
                ResponseExample::Body(value.bytes(media))
            });
        }
        // Examples of other media types are text, not the value that the schema describes.
        let key = media.schema.as_ref().filter(|_| media.is_json);
        let valid = examples
            .iter()
            .map(|(_, value)| value.bytes(media))
            .find(|bytes| key.is_none_or(|key| is_valid(self, key, bytes)));
        if let Some(body) = valid {
            return ResponseExample::Body(body);
        }
        key.and_then(|key| generated(self, key, media))
            .map_or(ResponseExample::None, ResponseExample::Body)
    }

    /// A generated body. `None` if no value that satisfies the schema was found.
    pub fn generated_body(&self, media: &MediaType, direction: MessageDirection) -> Option<Value> {
        generate_valid(self, media.schema.as_ref()?, media.node_ref, direction)
    }

    /// A value of a parameter: its first example, or else a generated value.
    pub fn parameter_example(&self, parameter: &Parameter) -> Option<Value> {
        let documents = &self.documents;
        let declared = examples(documents, parameter.node_ref).into_iter();
        let declared = declared.filter_map(|(_, value)| value.data).next();
        let declared = declared.map(JsonNode::to_value);
        declared.or_else(|| self.generated_value(parameter, MessageDirection::Request))
    }

    /// A generated value of a parameter, or of a header in a response. `None` if no value that
    /// satisfies the schema was found.
    pub fn generated_value(
        &self,
        parameter: &Parameter,
        direction: MessageDirection,
    ) -> Option<Value> {
        generate_valid(self, parameter.schema()?, parameter.node_ref, direction)
    }
}

/// An Example Object.
struct DeclaredExample<'d> {
    /// The value that the schema describes: `value` or `dataValue`.
    data: Option<JsonNode<'d>>,
    /// The text that is sent (OpenAPI 3.2.0, Example Object, `serializedValue`).
    serialized: Option<&'d str>,
}

impl DeclaredExample<'_> {
    /// The bytes of the example. `serializedValue` and strings of media types other than JSON are
    /// sent as they are.
    fn bytes(&self, media: &MediaType) -> Vec<u8> {
        if let Some(text) = self.serialized {
            return text.as_bytes().to_vec();
        }
        match self.data.map(|value| (value, value.as_str())) {
            Some((_, Some(text))) if !media.is_json => text.as_bytes().to_vec(),
            Some((value, _)) => value.to_string().into_bytes(),
            None => Vec::new(),
        }
    }
}

/// The named examples of a media type or parameter: first `example`, without a name, then
/// `examples` (OpenAPI, Media Type Object and Parameter Object).
fn examples(documents: &DocumentSet, media: NodeRef) -> Vec<(&str, DeclaredExample<'_>)> {
    let node = documents.node(media);
    let one = node.get("example").map(|value| {
        let example = DeclaredExample {
            data: Some(value),
            serialized: None,
        };
        ("", example)
    });
    let named = node
        .get("examples")
        .into_iter()
        .flat_map(|examples| examples.members());
    let named = named.filter_map(|(name, example)| {
        let target = follow(documents, DocumentSet::node_ref(media, example)).ok()?;
        let node = documents.node(target);
        let example = DeclaredExample {
            data: node.get("dataValue").or(node.get("value")),
            serialized: node.get("serializedValue").and_then(JsonNode::as_str),
        };
        let is_given = example.data.is_some() || example.serialized.is_some();
        is_given.then_some((name, example))
    });
    one.into_iter().chain(named).collect()
}

fn generated(contract: &CompiledContract, key: &SchemaKey, media: &MediaType) -> Option<Vec<u8>> {
    if !media.is_json {
        return None;
    }
    let value = generate_valid(contract, key, media.node_ref, MessageDirection::Response)?;
    Some(value.to_string().into_bytes())
}

/// A value that satisfies the `schema` of the object at `owner`.
fn generate_valid(
    contract: &CompiledContract,
    key: &SchemaKey,
    owner: NodeRef,
    direction: MessageDirection,
) -> Option<Value> {
    let owner_node = contract.documents.node(owner);
    let schema = owner_node.get("schema").or(owner_node.get("itemSchema"))?;
    let node_ref = DocumentSet::node_ref(owner, schema);
    let mut lowering = SchemaLowering::new(&contract.documents, contract.dialect, direction)
        .with_examples()
        .with_broken(contract.broken_schemas());
    let number = lowering.define(node_ref);
    let lowered = lowering.finish(&[number]).schema;
    let definition = lowered.get("$defs")?.get(number.to_string())?;
    let schemas = contract.schemas(direction);
    let fits = |value: &Value| {
        let mut tape = Tape::new();
        let text = value.to_string();
        let parsed = tape.parse(key.as_str(), text.as_bytes(), JsonLimits::default());
        parsed.is_ok_and(|source| schemas.may_be_valid(tape.wrapped(source)))
    };
    generate(&lowered, definition, &fits)
}

fn is_valid(contract: &CompiledContract, key: &SchemaKey, bytes: &[u8]) -> bool {
    let mut tape = Tape::new();
    tape.parse(key.as_str(), bytes, JsonLimits::default())
        .is_ok_and(|source| contract.responses.may_be_valid(tape.wrapped(source)))
}
