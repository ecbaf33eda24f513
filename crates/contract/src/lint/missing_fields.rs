//! Warns about required fields that are missing, where compiling does without them.

use super::lint_findings::LintFindings;
use super::object_kind::ObjectKind;
use super::object_walk::ContractObjects;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::Dialect;

/// Reports each missing field.
pub(super) fn inspect(dialect: Dialect, found: &ContractObjects, findings: &mut LintFindings<'_>) {
    let documents = findings.documents;
    // Reading the channels and operations of AsyncAPI reports the fields that are missing there.
    if documents.events().is_some() {
        return;
    }
    // Swagger 2.0 is read as 3.0, and requires the same fields.
    let version = if documents.is_swagger() {
        "Swagger 2.0".to_owned()
    } else {
        format!("OpenAPI {}", dialect.as_str())
    };
    for &(kind, node_ref) in &found.objects {
        let node = documents.node(node_ref);
        for field in kind.fields() {
            if field.is_required(dialect) && node.get(field.name).is_none() {
                let name = field.name;
                let message = format!(
                    "`{name}` is missing: {version} requires it in {}",
                    kind.title()
                );
                findings.warn(ContractProblemKind::MissingField, node_ref, message);
            }
        }
        if kind == ObjectKind::Header
            && ["schema", "content"]
                .iter()
                .all(|name| node.get(name).is_none())
        {
            let message = "`schema` is missing, so any text is accepted: write `schema: {type: string}` \
                           if that is intended";
            findings.warn(
                ContractProblemKind::MissingField,
                node_ref,
                message.to_owned(),
            );
        }
        let parts = ["paths", "components", "webhooks"];
        let is_empty = parts.iter().all(|name| node.get(name).is_none());
        if kind == ObjectKind::OpenApi && dialect != Dialect::V30 && is_empty {
            let message = format!(
                "`paths` is missing: {version} requires `paths`, `components` or `webhooks`"
            );
            findings.warn(ContractProblemKind::MissingField, node_ref, message);
        }
    }
}
