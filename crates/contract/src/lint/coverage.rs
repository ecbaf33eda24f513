//! Warns about media types of request bodies that Portcullis does not parse, so that it cannot
//! validate the bodies. Each media type is reported once for a contract.

use std::collections::BTreeMap;

use portcullis_json::JsonNode;

use super::lint_findings::LintFindings;
use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::{BodyDeclaration, MediaType};
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::NodeRef;

/// Reports each media type that has a schema and is not validated.
pub(super) fn inspect(contract: &CompiledContract, findings: &mut LintFindings<'_>) {
    let mut skipped: BTreeMap<&str, (NodeRef, usize)> = BTreeMap::new();
    for operation in &contract.operations {
        let BodyDeclaration::Declared(body) = &operation.body else {
            continue;
        };
        for media in body
            .content
            .iter()
            .filter(|media| is_skipped(contract, media))
        {
            let (first, count) = skipped.entry(&media.key).or_insert((media.node_ref, 0));
            *first = media.node_ref.min(*first);
            *count += 1;
        }
    }
    for (key, (node_ref, count)) in skipped {
        let operations = match count {
            1 => "one operation".to_owned(),
            count => format!("{count} operations"),
        };
        let message = format!(
            "bodies of `{key}` are not validated against their schema, because Portcullis does not \
             parse that media type ({operations}); the service must validate them"
        );
        findings.warn(ContractProblemKind::NotJudged, node_ref, message);
    }
}

/// Whether a media type has a schema that is not applied to bodies.
fn is_skipped(contract: &CompiledContract, media: &MediaType) -> bool {
    let node = contract.documents.node(media.node_ref);
    media.schema.is_none() && node.get("schema").is_some_and(constrains)
}

/// Whether a schema constrains more than that the body is text.
fn constrains(schema: JsonNode<'_>) -> bool {
    schema.members().any(|(keyword, value)| match keyword {
        "type" => value.as_str() != Some("string"),
        "format" => value.as_str() != Some("binary"),
        "title" | "description" | "example" | "examples" | "default" | "contentEncoding"
        | "contentMediaType" => false,
        _ => !keyword.starts_with("x-"),
    })
}
