//! Warns about fields whose values have the wrong type, so they have no effect: `readOnly: "true"` is
//! not true. Compiling reports those that it needs, and the meta-schema those of JSON Schema.

use portcullis_json::JsonKind;

use super::lint_findings::LintFindings;
use super::object_kind::ObjectKind::{self, *};
use super::object_walk::ContractObjects;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::DocumentSet;

/// The fields that compiling does not read, or reads only if they have the right type.
const FIELDS: [(ObjectKind, &[&str], JsonKind); 14] = [
    (
        Schema,
        &["nullable", "readOnly", "writeOnly", "deprecated"],
        JsonKind::Boolean,
    ),
    (
        Schema,
        &[
            "title",
            "description",
            "contentEncoding",
            "contentMediaType",
            "$id",
            "$anchor",
            "$dynamicAnchor",
            "$comment",
        ],
        JsonKind::String,
    ),
    (
        Schema,
        &["discriminator", "xml", "externalDocs"],
        JsonKind::Object,
    ),
    (Schema, &["examples"], JsonKind::Array),
    (Discriminator, &["propertyName"], JsonKind::String),
    (Discriminator, &["mapping"], JsonKind::Object),
    (Operation, &["deprecated"], JsonKind::Boolean),
    (Operation, &["summary", "description"], JsonKind::String),
    (Parameter, &["description"], JsonKind::String),
    (Response, &["description"], JsonKind::String),
    (Response, &["headers", "links"], JsonKind::Object),
    (SecurityScheme, &["deprecated"], JsonKind::Boolean),
    (
        SecurityScheme,
        &["bearerFormat", "openIdConnectUrl"],
        JsonKind::String,
    ),
    (Xml, &["attribute", "wrapped"], JsonKind::Boolean),
];

/// Reports every such field.
pub(super) fn inspect(dialect: Dialect, found: &ContractObjects, findings: &mut LintFindings<'_>) {
    let documents = findings.documents;
    for &(kind, node_ref) in &found.objects {
        let node = documents.node(node_ref);
        let fields = FIELDS.iter().filter(|(owner, ..)| *owner == kind);
        for (name, expected) in
            fields.flat_map(|(_, names, kind)| names.iter().map(|name| (*name, *kind)))
        {
            let is_known = kind.field(name).is_some_and(|field| field.is_in(dialect));
            let Some(value) = node.get(name).filter(|_| is_known) else {
                continue;
            };
            if value.kind() != expected {
                let message = format!(
                    "`{name}` must be {}, not {}, so it has no effect: correct or remove it",
                    expected.with_article(),
                    value.kind().with_article()
                );
                let at = DocumentSet::node_ref(node_ref, value);
                findings.warn(ContractProblemKind::MalformedDocument, at, message);
            }
        }
    }
}
