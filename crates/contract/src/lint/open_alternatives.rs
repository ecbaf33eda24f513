//! Warns about alternatives that accept every value, which makes the other alternatives pointless.
//!
//! `{nullable: true}` without `type` is the usual one: generators write it for an optional value.
//! In OpenAPI 3.0 `nullable` only extends `type` (3.0.4, Schema Object), so the schema accepts
//! everything.

use portcullis_json::JsonNode;

use super::lint_findings::LintFindings;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};

/// Reports each list with such an alternative, once.
pub(super) fn inspect(dialect: Dialect, schemas: &[NodeRef], findings: &mut LintFindings<'_>) {
    let documents = findings.documents;
    for &node_ref in schemas {
        let node = documents.node(node_ref);
        for (keyword, effect) in [
            ("anyOf", "the other alternatives have no effect"),
            ("oneOf", "values of the other alternatives are refused"),
        ] {
            let Some(list) = node.get(keyword).filter(|list| list.len() > 1) else {
                continue;
            };
            let mut alternatives = list.elements();
            let Some(open) = alternatives.find(|one| accepts_everything(dialect, *one)) else {
                continue;
            };
            let what = match open.get("nullable") {
                Some(_) => "`{nullable: true}` without `type`",
                None => "an alternative without constraints",
            };
            let message = format!(
                "{what} accepts every value, so in this `{keyword}` {effect}: {}",
                advice(dialect, open)
            );
            findings.warn(
                ContractProblemKind::VacuousAlternative,
                DocumentSet::node_ref(node_ref, list),
                message,
            );
        }
    }
}

fn advice(dialect: Dialect, open: JsonNode<'_>) -> &'static str {
    match (dialect, open.get("nullable")) {
        (Dialect::V30, Some(_)) => "write `nullable: true` next to a `type`",
        _ => "add a `type` to it, or remove it",
    }
}

/// Whether a schema has only annotations.
fn accepts_everything(dialect: Dialect, schema: JsonNode<'_>) -> bool {
    schema.is_object()
        && schema.members().all(|(keyword, _)| match keyword {
            "nullable" => dialect == Dialect::V30,
            "title" | "description" | "default" | "example" | "examples" | "deprecated"
            | "externalDocs" | "xml" | "readOnly" | "writeOnly" | "$comment" => true,
            _ => keyword.starts_with("x-"),
        })
}
