//! The lowered schemas of a compiled contract, for tools that compare or analyse schemas.
//!
//! A compiled contract keeps only its validators. This module lowers its schemas again, with the
//! same numbers. So a [`SchemaKey`] of the contract names a definition of the lowered document, and
//! every location in the document leads back to the contract.

use serde_json::Value;

use portcullis_json::{JsonLimits, Tape};

use crate::message::compiled_contract::CompiledContract;
use crate::openapi::dialect::MessageDirection;
use crate::openapi::document::{NodeRef, SourceLocation};
use crate::schema::lower::{EXACT, LoweringOutput, SchemaLowering, UNKNOWN, origin};
use crate::schema::schema_set::{SchemaKey, SchemaSet};

/// The schemas of one contract and direction as one JSON Schema 2020-12 document: `{"$defs": {"0":
/// …}, "properties": {"0": {"$ref": "#/$defs/0"}}}`. In addition to the keywords of 2020-12 it has
/// keywords `x-exact-…` for exact comparisons, and `readOnly` and `writeOnly`. In a contract with
/// broken schemas, `x-unknown` lists the parts of a schema whose meaning is unknown; the document
/// then has it too.
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
    /// The contract location of a location in the lowered document: the keyword itself, or its
    /// nearest ancestor that exists in the contract.
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
        let mut lowering = SchemaLowering::new(&self.documents, self.dialect, direction)
            .with_access()
            .with_broken(self.broken_schemas());
        let known = schemas.roots().last().map_or(0, |last| *last as usize + 1);
        // Compiling defined these schemas first, in this order, so they get the same numbers.
        for node_ref in &schemas.origins()[..known] {
            lowering.define(*node_ref);
        }
        let LoweringOutput {
            mut schema,
            origins,
            ..
        } = lowering.finish(schemas.roots());
        if self.broken_schemas().is_some()
            && let Value::Object(document) = &mut schema
        {
            document.insert(UNKNOWN.to_owned(), Value::Bool(true));
        }
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

    /// The reasons why a value, given as JSON text, does not satisfy a schema. Empty if there are
    /// too many to list.
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
