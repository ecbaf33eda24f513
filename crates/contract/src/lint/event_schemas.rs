//! Warns about schemas, keywords and fields of AsyncAPI contracts that have no effect.

use super::lint_findings::LintFindings;
use crate::openapi::contract_problem::ContractProblemKind;

/// Reports each schema in a language that is not judged, each keyword that the language of its schema
/// does not have, and each field that its object does not have.
pub(super) fn inspect(findings: &mut LintFindings<'_>) {
    let documents = findings.documents;
    let opaque = documents.opaque_schemas().iter();
    for opaque in opaque.filter(|opaque| !opaque.is_apart) {
        let message = format!(
            "{}, so payloads are not judged by this schema, and a change of it is reported as unknown",
            opaque.reason
        );
        findings.warn(ContractProblemKind::NotJudged, opaque.node_ref, message);
    }
    for (node_ref, keyword) in documents.ignored_keywords() {
        let message = format!(
            "`{keyword}` is not a keyword of the language of this schema and has no effect: remove it, \
             or name a language that has it in `schemaFormat`"
        );
        findings.warn(ContractProblemKind::ForeignKeyword, *node_ref, message);
    }
    for field in documents.unknown_source_fields() {
        findings.warn(field.kind, field.node_ref, field.message.clone());
    }
}
