//! The lowered schemas of a compiled contract, for tools that compare or analyse schemas.
//!
//! A compiled contract keeps only its validators. This module lowers its schemas again, with the same
//! numbers. So a [`SchemaKey`] of the contract names a definition of the lowered document, and every
//! location in the document leads back to the contract.

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Value, json};

use portcullis_json::{JsonLimits, Tape, TapeJson};

use crate::message::compiled_contract::CompiledContract;
use crate::openapi::dialect::MessageDirection;
use crate::openapi::document::{NodeRef, SourceLocation};
use crate::schema::exact::with_exact_keywords;
use crate::schema::format::with_formats;
use crate::schema::lower::{EXACT, LoweringOutput, SchemaLowering, origin};
use crate::schema::schema_set::{BACKTRACKS_MAX, SchemaKey, SchemaSet};

/// The schemas of one contract and direction as one JSON Schema 2020-12 document:
/// `{"$defs": {"0": …}, "properties": {"0": {"$ref": "#/$defs/0"}}}`. In addition to the keywords of
/// 2020-12 it has keywords `x-exact-…` for exact comparisons, and `readOnly` and `writeOnly`.
#[derive(Clone, Debug)]
pub struct LoweredSchemas {
    /// The document.
    pub document: Value,
    origins: Vec<NodeRef>,
}

/// One reason why a value does not satisfy a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaRefusal {
    /// JSON Pointer to the invalid part of the value.
    pub pointer: String,
    /// Location of the keyword in the lowered document.
    pub location: String,
}

impl LoweredSchemas {
    /// The contract location of a location in the lowered document: the keyword itself, or its nearest
    /// ancestor that exists in the contract.
    pub fn location(&self, contract: &CompiledContract, location: &str) -> Option<SourceLocation> {
        let (node_ref, rest) = origin(&self.origins, location)?;
        let rest = rest.replace(EXACT, "");
        Some(contract.location(contract.documents.deepest_existing(node_ref, &rest)))
    }
}

impl CompiledContract {
    /// Lowers the schemas of one direction again, which costs a part of the compile time.
    pub fn lowered_schemas(&self, direction: MessageDirection) -> LoweredSchemas {
        let schemas = self.schemas(direction);
        let mut lowering =
            SchemaLowering::new(&self.documents, self.dialect, direction).with_access();
        let known = schemas.roots().last().map_or(0, |last| *last as usize + 1);
        // Compiling defined these schemas first, in this order, so they get the same numbers.
        for node_ref in &schemas.origins()[..known] {
            lowering.define(*node_ref);
        }
        let LoweringOutput {
            schema, origins, ..
        } = lowering.finish(schemas.roots());
        LoweredSchemas {
            document: schema,
            origins,
        }
    }

    /// Whether a value, given as JSON text, satisfies a schema of one direction.
    pub fn accepts(&self, direction: MessageDirection, key: &SchemaKey, text: &str) -> bool {
        let mut tape = Tape::new();
        tape.parse(key.as_str(), text.as_bytes(), JsonLimits::default())
            .is_ok_and(|source| self.schemas(direction).is_valid(tape.wrapped(source)))
    }

    /// The reasons why a value, given as JSON text, does not satisfy a schema. Empty if there are too many
    /// to list.
    pub fn refusals(
        &self,
        direction: MessageDirection,
        key: &SchemaKey,
        text: &str,
    ) -> Vec<SchemaRefusal> {
        refusals(self.schemas(direction), key, text)
    }
}

fn refusals(schemas: &SchemaSet, key: &SchemaKey, text: &str) -> Vec<SchemaRefusal> {
    let mut tape = Tape::new();
    let Ok(source) = tape.parse(key.as_str(), text.as_bytes(), JsonLimits::default()) else {
        return Vec::new();
    };
    let errors = schemas.errors(tape.wrapped(source));
    errors
        .iter()
        .map(|error| {
            let path = error.instance_path().as_str();
            let below = path
                .strip_prefix('/')
                .and_then(|rest| rest.find('/').map(|at| &rest[at..]));
            SchemaRefusal {
                pointer: below.unwrap_or_default().to_owned(),
                location: error.schema_path().as_str().to_owned(),
            }
        })
        .collect()
}

/// A validator of one schema, with the formats and exact comparisons of contracts.
#[derive(Debug)]
pub struct SchemaValidator(Validator<TapeJson>);

impl SchemaValidator {
    /// Builds the validator of a JSON Schema 2020-12, which may be lowered. `None` if it is not a valid
    /// schema.
    pub fn new(schema: &Value) -> Option<Self> {
        let wrapper = json!({ "properties": { "": schema } });
        let options = jsonschema::options_for::<TapeJson>()
            .with_draft(Draft::Draft202012)
            .offline()
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS_MAX));
        let options = with_exact_keywords(with_formats(options));
        options.build(&wrapper).ok().map(Self)
    }

    /// Whether a value, given as JSON text, satisfies the schema.
    pub fn accepts(&self, text: &str) -> bool {
        let mut tape = Tape::new();
        tape.parse("", text.as_bytes(), JsonLimits::default())
            .is_ok_and(|source| self.0.is_valid(tape.wrapped(source)))
    }
}

/// The string formats that validators assert. All others are annotations.
pub const ASSERTED_FORMATS: [&str; 21] = [
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uri-template",
    "uuid",
    "json-pointer",
    "relative-json-pointer",
    "regex",
    "byte",
    "base64url",
];
