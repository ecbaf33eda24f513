//! The dialect of JSON Schema in an OpenAPI 3.1 or 3.2 contract: `jsonSchemaDialect` for the document,
//! `$schema` for a schema resource (OpenAPI 3.1.1, Specifying Schema Dialects).
//!
//! JSON Schema 2020-12 is supported, and the OpenAPI dialect, which adds annotations to it. Older
//! drafts give other meanings to the same keywords, so their schemas are rejected.

use portcullis_json::JsonNode;

use super::definitions::SchemaLowering;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};

/// The prefixes of the OpenAPI dialects; the rest is the publication date.
const OPENAPI: [&str; 2] = [
    "https://spec.openapis.org/oas/3.1/dialect/",
    "https://spec.openapis.org/oas/3.2/dialect/",
];
const JSON_SCHEMA: &str = "https://json-schema.org/draft/2020-12/schema";

impl<'d> SchemaLowering<'d> {
    /// Rejects a document whose default dialect is not supported.
    pub(super) fn check_default_dialect(&mut self) {
        let entry = self.documents.entry_ref();
        if self.dialect != Dialect::V30
            && let Some(dialect) = self.documents.node(entry).get("jsonSchemaDialect")
        {
            self.check_dialect(entry, "jsonSchemaDialect", dialect);
        }
    }

    /// Reports a dialect that is not supported.
    pub(super) fn check_dialect(&mut self, near: NodeRef, keyword: &str, dialect: JsonNode<'d>) {
        let text = dialect
            .as_str()
            .map_or_else(|| dialect.to_string(), str::to_owned);
        if text.trim_end_matches('#') == JSON_SCHEMA
            || OPENAPI.iter().any(|prefix| text.starts_with(prefix))
        {
            return;
        }
        self.problem(
            ContractProblemKind::MalformedSchema,
            DocumentSet::node_ref(near, dialect),
            near,
            format!(
                "`{keyword}` is `{text}`, which is not supported: rewrite the schema in JSON Schema 2020-12, the dialect of OpenAPI {}",
                self.dialect.as_str()
            ),
        );
    }
}
