//! Warns about schema keywords without effect: unknown formats, `nullable` without `type`, and
//! keywords that only another version of OpenAPI has.

use std::collections::BTreeMap;

use portcullis_json::JsonNode;

use super::lint_findings::LintFindings;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::schema::ASSERTED_FORMATS;

/// The formats of OpenAPI that limit numbers or are only annotations (OpenAPI 3.0.4, Data Types).
const OTHER_FORMATS: [&str; 6] = ["binary", "double", "float", "int32", "int64", "password"];

fn known_formats() -> impl Iterator<Item = &'static str> {
    ASSERTED_FORMATS.into_iter().chain(OTHER_FORMATS)
}

/// Reports each unknown format once and every occurrence of a foreign keyword.
pub(super) fn inspect(dialect: Dialect, schemas: &[NodeRef], findings: &mut LintFindings<'_>) {
    let documents = findings.documents;
    let mut unknown: BTreeMap<&str, (NodeRef, usize)> = BTreeMap::new();
    for &node_ref in schemas {
        let node = documents.node(node_ref);
        if let Some(format) = node.get("format")
            && let Some(name) = format
                .as_str()
                .filter(|name| known_formats().all(|known| known != *name))
        {
            let at = DocumentSet::node_ref(node_ref, format);
            let (first, count) = unknown.entry(name).or_insert((at, 0));
            *first = at.min(*first);
            *count += 1;
        }
    }
    foreign_keywords(dialect, schemas, findings);
    for (name, (node_ref, count)) in unknown {
        findings.warn(
            ContractProblemKind::UnknownFormat,
            node_ref,
            unknown_format(name, count),
        );
    }
}

/// Reports every occurrence of a foreign keyword, and of `nullable` without `type`.
pub(super) fn foreign_keywords(
    dialect: Dialect,
    schemas: &[NodeRef],
    findings: &mut LintFindings<'_>,
) {
    let is_swagger = findings.documents.is_swagger();
    for &node_ref in schemas {
        let node = findings.documents.node(node_ref);
        if let Some(nullable) = untyped_nullable(dialect, node) {
            findings.warn(
                ContractProblemKind::IneffectiveNullable,
                DocumentSet::node_ref(node_ref, nullable),
                "`nullable: true` without `type` has no effect (OpenAPI 3.0.4, Schema Object): \
                 write it next to the `type`, or add an alternative that allows null"
                    .to_owned(),
            );
        }
        for (keyword, value) in node.members() {
            if let Some(message) = foreign(dialect, (is_swagger, node), keyword, value) {
                findings.warn(
                    ContractProblemKind::ForeignKeyword,
                    DocumentSet::node_ref(node_ref, value),
                    message,
                );
            }
        }
    }
}

/// `nullable: true` next to other schemas instead of `type`. It allows no value that they refuse.
fn untyped_nullable(dialect: Dialect, node: JsonNode<'_>) -> Option<JsonNode<'_>> {
    let has_schemas = ["allOf", "anyOf", "oneOf"]
        .iter()
        .any(|keyword| node.get(keyword).is_some());
    let is_untyped = dialect == Dialect::V30 && has_schemas && node.get("type").is_none();
    let nullable = node.get("nullable").filter(|_| is_untyped);
    nullable.filter(|nullable| nullable.as_bool() == Some(true))
}

fn unknown_format(name: &str, count: usize) -> String {
    let times = match count {
        1 => String::new(),
        count => format!(" (in {count} schemas)"),
    };
    let advice = match intended_format(name) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "to constrain the values, use `pattern` or bounds".to_owned(),
    };
    format!("the format `{name}` is unknown and validates nothing{times}; {advice}")
}

/// The known format that a name probably means: a synonym, or another spelling.
fn intended_format(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace(['-', '_', ' '], "").to_lowercase();
    let name = plain(name);
    match name.as_str() {
        "url" => Some("uri"),
        "guid" => Some("uuid"),
        _ => known_formats().find(|known| plain(known) == name),
    }
}

/// A message about a keyword that the version of OpenAPI does not have.
fn foreign(
    dialect: Dialect,
    (is_swagger, node): (bool, JsonNode<'_>),
    keyword: &str,
    value: JsonNode<'_>,
) -> Option<String> {
    match dialect {
        Dialect::V30 if is_swagger => foreign_to_30(keyword, value).map(|message| {
            let message = message.replacen("OpenAPI 3.0", "Swagger 2.0", 1);
            message.replace(
                "change the document to `openapi: 3.1.1`",
                "convert the document to OpenAPI 3.1",
            )
        }),
        Dialect::V30 => foreign_to_30(keyword, value),
        Dialect::V31 | Dialect::V32 => foreign_to_31(node, keyword, value),
    }
}

fn foreign_to_30(keyword: &str, value: JsonNode<'_>) -> Option<String> {
    let instead = match keyword {
        "type" if value.as_str() == Some("null") => {
            return Some(
                "OpenAPI 3.0 does not have the type `null`: write `nullable: true` next to another \
                 type; it is interpreted as in OpenAPI 3.1"
                    .to_owned(),
            );
        }
        "const" => "write `enum` with one value",
        "prefixItems" => "write `items`",
        "patternProperties" => "write `additionalProperties`",
        "if" | "then" | "else" => "write `anyOf`",
        "contains"
        | "minContains"
        | "maxContains"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "dependentRequired"
        | "dependentSchemas" => "remove it",
        "dependencies" | "additionalItems" => return Some(draft_keyword("3.0", keyword)),
        _ => return None,
    };
    Some(format!(
        "OpenAPI 3.0 does not have `{keyword}`, which validates nothing: {instead}, or change the \
         document to `openapi: 3.1.1`"
    ))
}

fn foreign_to_31(node: JsonNode<'_>, keyword: &str, value: JsonNode<'_>) -> Option<String> {
    match keyword {
        "nullable" if value.as_bool() == Some(true) => Some(foreign_nullable(node)),
        "dependencies" | "additionalItems" => Some(draft_keyword("3.1", keyword)),
        _ => None,
    }
}

/// A message about `nullable` in OpenAPI 3.1.
fn foreign_nullable(node: JsonNode<'_>) -> String {
    let types = node.get("type");
    let names = types.into_iter().flat_map(|types| types.elements());
    let allows_null = names
        .filter_map(JsonNode::as_str)
        .any(|name| name == "null");
    let message = match types {
        Some(_) if allows_null => "which has no effect next to the type \"null\": remove it",
        Some(_) => "so null is invalid: add \"null\" to `type`, as in `type: [string, \"null\"]`",
        None => "which validates nothing: to allow null, write `anyOf: [{…}, {type: \"null\"}]`",
    };
    format!("OpenAPI 3.1 does not have `nullable`, {message}")
}

/// A message about a keyword of earlier drafts of JSON Schema.
fn draft_keyword(version: &str, keyword: &str) -> String {
    let instead = match (version, keyword) {
        ("3.0", _) => "remove it",
        (_, "dependencies") => "write `dependentRequired` or `dependentSchemas`",
        _ => "write `items` next to `prefixItems`",
    };
    format!("OpenAPI {version} does not have `{keyword}`, which validates nothing: {instead}")
}
