//! Which dialect of JSON Schema a 3.1 schema is written in: `jsonSchemaDialect` for the document,
//! `$schema` for a resource (OpenAPI 3.1.1, Specifying Schema Dialects).
//!
//! JSON Schema 2020-12 and OpenAPI's own dialect, which is that and annotations, are judged. An
//! older draft gives the same keywords other meanings, so its schemas are refused, not guessed.

use portcullis_json::JsonNode;

use super::definitions::SchemaLowering;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};

/// OpenAPI's dialect, by every date of its publication.
const OPENAPI: &str = "https://spec.openapis.org/oas/3.1/dialect/";
const JSON_SCHEMA: &str = "https://json-schema.org/draft/2020-12/schema";

impl<'d> SchemaLowering<'d> {
    /// Refuses a document whose schemas are written in another dialect.
    pub(super) fn default_dialect(&mut self) {
        let entry = self.documents.entry_ref();
        if self.dialect == Dialect::V31
            && let Some(dialect) = self.documents.node(entry).get("jsonSchemaDialect")
        {
            self.refuse_foreign(entry, "jsonSchemaDialect", dialect);
        }
    }

    pub(super) fn refuse_foreign(&mut self, near: NodeRef, keyword: &str, dialect: JsonNode<'d>) {
        let text = dialect.as_str().unwrap_or_default();
        if text.trim_end_matches('#') == JSON_SCHEMA || text.starts_with(OPENAPI) {
            return;
        }
        self.problem(
            ContractProblemKind::MalformedSchema,
            DocumentSet::node_ref(near, dialect),
            format!(
                "`{keyword}` names `{text}`, a dialect that is not judged here: rewrite the schema in JSON Schema 2020-12, the dialect of OpenAPI 3.1"
            ),
        );
    }
}
