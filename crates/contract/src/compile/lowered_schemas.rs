//! The lowered schemas of a compiled contract, for tools that compare or analyse schemas.
//!
//! A compiled contract keeps only its validators. This module lowers its schemas again, with the
//! same numbers. So a [`SchemaKey`] of the contract names a definition of the lowered document, and
//! every location in the document leads back to the contract.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

use portcullis_json::{JsonLimits, Tape};
use portcullis_pattern::named_as_written;

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
#[derive(Debug)]
pub struct LoweredSchemas {
    /// The document.
    pub document: Value,
    origins: Vec<NodeRef>,
    index: OnceLock<DefinitionIndex>,
    /// The locations that were asked for. Finding one walks through the contract.
    known: Mutex<HashMap<NodeRef, Arc<[LoweredLocation]>>>,
}

/// Where a schema of a contract stands in its lowered document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoweredLocation {
    /// JSON Pointer to the definition that contains the schema, such as `/$defs/3`.
    pub definition: String,
    /// JSON Pointer to the schema below the definition; empty for the definition itself.
    pub below: String,
}

/// The definitions by the place in the contract that they were lowered from.
#[derive(Clone, Debug, Default)]
struct DefinitionIndex {
    by_origin: HashMap<(u32, String), Vec<usize>>,
    /// By number, the JSON Pointer to the definition.
    pointers: HashMap<usize, String>,
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

    /// Every location of a schema of the contract. Usually there is one; a schema whose `required`
    /// depends on where it is used has several, and a schema that no value is validated against has
    /// none.
    pub fn locations(
        &self,
        contract: &CompiledContract,
        node_ref: NodeRef,
    ) -> Arc<[LoweredLocation]> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known
            .entry(node_ref)
            .or_insert_with(|| self.find(contract, node_ref).into());
        Arc::clone(found)
    }

    fn find(&self, contract: &CompiledContract, node_ref: NodeRef) -> Vec<LoweredLocation> {
        let index = self.index.get_or_init(|| self.index(contract));
        let pointer = contract.documents.pointer(node_ref);
        let mut found = Vec::new();
        let mut end = pointer.len();
        loop {
            let key = (node_ref.document, pointer[..end].to_owned());
            for number in index.by_origin.get(&key).into_iter().flatten() {
                let location = index
                    .pointers
                    .get(number)
                    .map(|definition| LoweredLocation {
                        definition: definition.clone(),
                        below: pointer[end..].to_owned(),
                    });
                let exists = |location: &LoweredLocation| {
                    let at = format!("{}{}", location.definition, location.below);
                    self.document.pointer(&at).is_some()
                };
                found.extend(location.filter(exists));
            }
            match pointer[..end].rfind('/') {
                Some(shorter) => end = shorter,
                None => return found,
            }
        }
    }

    fn index(&self, contract: &CompiledContract) -> DefinitionIndex {
        let mut index = DefinitionIndex::default();
        for (number, node_ref) in self.origins.iter().enumerate() {
            let key = (node_ref.document, contract.documents.pointer(*node_ref));
            index.by_origin.entry(key).or_default().push(number);
        }
        let definitions = self.document.get("$defs").and_then(Value::as_object);
        for (name, definition) in definitions.into_iter().flatten() {
            match name.parse() {
                Ok(number) => {
                    index.pointers.insert(number, format!("/$defs/{name}"));
                }
                // The definitions of a resource with dynamic anchors are one level deeper.
                Err(_) => {
                    let inner = definition.get("$defs").and_then(Value::as_object);
                    for (number, _) in inner.into_iter().flatten() {
                        if let Ok(known) = number.parse() {
                            let pointer = format!("/$defs/{name}/$defs/{number}");
                            index.pointers.insert(known, pointer);
                        }
                    }
                }
            }
        }
        index
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
            index: OnceLock::new(),
            known: Mutex::default(),
        }
    }

    /// Whether a value, given as JSON text, satisfies a schema of one direction.
    pub fn accepts(&self, direction: MessageDirection, key: &SchemaKey, text: &str) -> bool {
        let mut tape = Tape::new();
        tape.parse(key.as_str(), text.as_bytes(), JsonLimits::default())
            .is_ok_and(|source| self.schemas(direction).may_be_valid(tape.wrapped(source)))
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
                location: named_as_written(error.schema_path().as_str()).into_owned(),
            }
        })
        .collect()
}
