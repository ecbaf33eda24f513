//! What a contract declares and Portcullis does not judge: notations that it does not read, and
//! credentials. Each is said once for a contract.

use std::collections::BTreeMap;

use portcullis_json::JsonNode;

use super::lint_findings::LintFindings;
use crate::message::compiled_contract::CompiledContract;
use crate::message::operation::{BodyDeclaration, MediaType};
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::NodeRef;

/// Reports them.
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
    for (key, (place, count)) in skipped {
        let operations = match count {
            1 => "one operation".to_owned(),
            count => format!("{count} operations"),
        };
        let message = format!(
            "bodies of `{key}` pass without being judged by their schema, since that notation is \
             not read ({operations}); the service must judge them"
        );
        findings.warn(ContractProblemKind::NotJudged, place, message);
    }
}

/// Whether a schema says something about bodies that nobody judges.
fn is_skipped(contract: &CompiledContract, media: &MediaType) -> bool {
    let node = contract.documents.node(media.node_ref);
    media.schema.is_none() && node.get("schema").is_some_and(says_something)
}

/// Whether a schema says more than that there is text.
fn says_something(schema: JsonNode<'_>) -> bool {
    schema.members().any(|(keyword, value)| match keyword {
        "type" => value.as_str() != Some("string"),
        "format" => value.as_str() != Some("binary"),
        "title" | "description" | "example" | "examples" | "default" | "contentEncoding"
        | "contentMediaType" => false,
        _ => !keyword.starts_with("x-"),
    })
}
