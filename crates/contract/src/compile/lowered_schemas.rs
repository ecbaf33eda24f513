//! The lowered schemas of a compiled contract, for whoever reasons about all values at once.
//!
//! `serve` keeps no lowered document: validators are built and it is let go. Here it is made
//! again, with the same numbers, so that a [`SchemaKey`] of the contract names a definition of it
//! and every location in it leads back to the contract.

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
/// `{"$defs": {"0": …}, "properties": {"0": {"$ref": "#/$defs/0"}}}`. Beside the keywords of
/// 2020-12 it has `x-exact-…` for what is compared exactly, and `readOnly` and `writeOnly`.
#[derive(Clone, Debug)]
pub struct LoweredSchemas {
    /// The document.
    pub document: Value,
    origins: Vec<NodeRef>,
}

/// One reason why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaRefusal {
    /// JSON Pointer of the part of the value that is refused.
    pub pointer: String,
    /// Location of the keyword in the lowered document; it begins with `/$defs/`.
    pub location: String,
}

impl LoweredSchemas {
    /// Where a location of the lowered document stands in the contract: the keyword itself where
    /// the contract has it, else what is nearest.
    pub fn location(&self, contract: &CompiledContract, location: &str) -> Option<SourceLocation> {
        let (place, rest) = origin(&self.origins, location)?;
        let rest = rest.replace(EXACT, "");
        Some(contract.location(contract.documents.deepest_existing(place, &rest)))
    }
}

impl CompiledContract {
    /// The lowered schemas of one direction, made on demand. It takes about as long as a part of
    /// compiling the contract did.
    pub fn lowered_schemas(&self, direction: MessageDirection) -> LoweredSchemas {
        let schemas = self.schemas(direction);
        let mut lowering =
            SchemaLowering::new(&self.documents, self.dialect, direction).with_access();
        let known = schemas.roots().last().map_or(0, |last| *last as usize + 1);
        // What is judged on its own was defined first; the same order gives the same numbers.
        for place in &schemas.origins()[..known] {
            lowering.define(*place);
        }
        let LoweringOutput {
            schema, origins, ..
        } = lowering.finish(schemas.roots());
        LoweredSchemas {
            document: schema,
            origins,
        }
    }

    /// Whether a value, as JSON text, satisfies a schema of one direction.
    pub fn accepts(&self, direction: MessageDirection, key: &SchemaKey, text: &str) -> bool {
        let mut tape = Tape::new();
        tape.parse(key.as_str(), text.as_bytes(), JsonLimits::default())
            .is_ok_and(|source| self.schemas(direction).is_valid(tape.wrapped(source)))
    }

    /// Why a value does not satisfy a schema: the errors of its validator, each as deep as it
    /// says itself; none where there are too many to list.
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

/// A validator of one schema, with the formats and the exact numbers that contracts are judged by.
#[derive(Debug)]
pub struct SchemaValidator(Validator<TapeJson>);

impl SchemaValidator {
    /// Builds the validator of a JSON Schema 2020-12, or of a lowered one; `None` where it is no
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

    /// Whether a value, as JSON text, satisfies the schema.
    pub fn accepts(&self, text: &str) -> bool {
        let mut tape = Tape::new();
        tape.parse("", text.as_bytes(), JsonLimits::default())
            .is_ok_and(|source| self.0.is_valid(tape.wrapped(source)))
    }
}

/// The formats that validators assert; all other names annotate.
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
