//! Explains schemas that are not valid JSON Schema.
//!
//! The meta-schema finds every error, but its messages name keywords of the meta-schema instead of
//! the mistake. This module has a specific message for each common mistake.

use std::borrow::Cow;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use portcullis_pattern::EcmaPattern;

use super::lower::{EXACT, SchemaFault, origin};
use super::schema_path::keyword_at;
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::document::{DocumentSet, NodeRef};

const TYPES: [&str; 7] = [
    "array", "boolean", "integer", "null", "number", "object", "string",
];

/// Every location where the lowered document is not valid JSON Schema.
pub(super) fn all_malformed(
    schema: &Value,
    origins: &[NodeRef],
    documents: &DocumentSet,
) -> Vec<SchemaFault> {
    jsonschema::draft202012::meta::validator()
        .iter_errors(schema)
        .map(|error| fault(&error, origins, documents))
        .collect()
}

/// The problems that [`all_malformed`] finds, or else the error that stopped the build.
pub(super) fn malformed(
    schema: &Value,
    error: &ValidationError<'_>,
    origins: &[NodeRef],
    documents: &DocumentSet,
) -> Vec<SchemaFault> {
    let all = all_malformed(schema, origins, documents);
    if all.is_empty() {
        vec![fault(error, origins, documents)]
    } else {
        all
    }
}

fn fault(error: &ValidationError<'_>, origins: &[NodeRef], documents: &DocumentSet) -> SchemaFault {
    let location = error.instance_path().as_str();
    let (node_ref, rest) =
        origin(origins, location).unwrap_or((documents.entry_ref(), Cow::Borrowed("")));
    let rest = &*rest;
    let (parent, last) = rest.rsplit_once('/').unwrap_or(("", rest));
    // The element of a list is named by the keyword that holds the list.
    let keyword = match last.parse::<usize>() {
        Ok(_) => keyword_at(rest).1.rsplit('/').next().unwrap_or(last),
        Err(_) => last,
    };
    let instance = error.instance();
    let is_pattern_key = parent.ends_with("/patternProperties");
    let (kind, message) = match instance.as_str() {
        Some(pattern) if keyword == "pattern" => (
            ContractProblemKind::MalformedPattern,
            malformed_pattern(keyword, pattern),
        ),
        Some(pattern) if is_pattern_key => (
            ContractProblemKind::MalformedPattern,
            malformed_pattern("patternProperties", pattern),
        ),
        _ => (
            ContractProblemKind::MalformedSchema,
            malformed_keyword(keyword, error),
        ),
    };
    let at = documents.location(documents.deepest_existing(node_ref, rest));
    let (schema, keyword) = keyword_at(rest);
    SchemaFault {
        node_ref: documents.deepest_existing(node_ref, &keyword.replace(EXACT, "")),
        schema: documents.deepest_existing(node_ref, schema),
        problem: ContractProblem {
            severity: Severity::Error,
            kind,
            at,
            message,
            repair: None,
        },
    }
}

fn malformed_pattern(keyword: &str, pattern: &str) -> String {
    let reason = EcmaPattern::new(pattern)
        .err()
        .map_or(String::new(), |fault| format!(", {fault}"));
    format!("`{keyword}` is not a regular expression (ECMA-262): `{pattern}`{reason}")
}

fn malformed_keyword(keyword: &str, error: &ValidationError<'_>) -> String {
    let instance = error.instance();
    match (keyword, error.kind(), instance.as_ref()) {
        ("type", _, Value::String(name)) => {
            let near = TYPES
                .into_iter()
                .find(|known| strsim::damerau_levenshtein(known, &name.to_lowercase()) <= 2);
            let near = near.map(|known| format!("; did you mean `{known}`?"));
            let types = TYPES.join(", ");
            format!(
                "`type` must be one of {types}, not `{name}`{}",
                near.unwrap_or_default()
            )
        }
        ("type", _, Value::Array(_)) => format!(
            "`type` must be one type, or a list of different types, of {}",
            TYPES.join(", ")
        ),
        ("required", ValidationErrorKind::UniqueItems, Value::Array(names)) => {
            let twice = names
                .iter()
                .enumerate()
                .find(|(index, name)| names[..*index].contains(name))
                .map_or(&Value::Null, |(_, name)| name);
            format!("`required` lists {twice} twice: remove one")
        }
        ("required", _, Value::Bool(_)) => "`required` is a list of property names: write \
             `required: [name]` next to `properties` of the object that has them"
            .to_owned(),
        _ => format!("`{keyword}` is not valid JSON Schema: {error}"),
    }
}
