//! Keywords of schemas that are written and do nothing: formats that nobody knows, and what
//! only the other dialect of OpenAPI has.

use std::collections::BTreeMap;

use portcullis_json::JsonNode;

use super::contract_survey::ContractSurvey;
use super::lint_findings::LintFindings;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};

/// The formats that are judged, and those of OpenAPI that only describe (`float`, `double`,
/// `binary` and `password`; OpenAPI 3.0.4, Data Types).
const FORMATS: [&str; 27] = [
    "base64url",
    "binary",
    "byte",
    "date",
    "date-time",
    "double",
    "duration",
    "email",
    "float",
    "hostname",
    "idn-email",
    "idn-hostname",
    "int32",
    "int64",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "password",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// Reports them: a format once for each name, a keyword wherever it stands.
pub(super) fn inspect(dialect: Dialect, survey: &ContractSurvey, findings: &mut LintFindings<'_>) {
    let documents = findings.documents;
    let mut unknown: BTreeMap<&str, (NodeRef, usize)> = BTreeMap::new();
    for &place in &survey.schemas {
        let node = documents.node(place);
        if let Some(format) = node.get("format")
            && let Some(name) = format.as_str().filter(|name| !FORMATS.contains(name))
        {
            let at = DocumentSet::node_ref(place, format);
            let (first, count) = unknown.entry(name).or_insert((at, 0));
            *first = at.min(*first);
            *count += 1;
        }
        for (keyword, value) in node.members() {
            if let Some(message) = foreign(dialect, keyword, value) {
                findings.warn(
                    ContractProblemKind::ForeignKeyword,
                    DocumentSet::node_ref(place, value),
                    message,
                );
            }
        }
    }
    for (name, (place, count)) in unknown {
        findings.warn(
            ContractProblemKind::UnknownFormat,
            place,
            unknown_format(name, count),
        );
    }
}

fn unknown_format(name: &str, count: usize) -> String {
    let times = match count {
        1 => String::new(),
        count => format!(" (it stands in {count} schemas)"),
    };
    let advice = match meant(name) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "where values must have a form, say it by `pattern`, or by bounds".to_owned(),
    };
    format!("the format `{name}` is not known and judges nothing{times}; {advice}")
}

/// The known format that a name differs from in its spelling only.
fn meant(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace(['-', '_', ' '], "").to_lowercase();
    let name = plain(name);
    match name.as_str() {
        "url" => Some("uri"),
        "guid" => Some("uuid"),
        _ => FORMATS.into_iter().find(|known| plain(known) == name),
    }
}

/// What is wrong with a keyword that the dialect does not have.
fn foreign(dialect: Dialect, keyword: &str, value: JsonNode<'_>) -> Option<String> {
    match dialect {
        Dialect::V30 => foreign_to_30(keyword, value),
        Dialect::V31 => foreign_to_31(keyword, value),
    }
}

fn foreign_to_30(keyword: &str, value: JsonNode<'_>) -> Option<String> {
    let instead = match keyword {
        "type" if value.as_str() == Some("null") => {
            return Some(
                "OpenAPI 3.0 has no type `null`: write `nullable: true` beside another type; it \
                 is read as 3.1 does"
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
        _ => return None,
    };
    Some(format!(
        "OpenAPI 3.0 has no `{keyword}`, and it judges nothing: {instead}, or move the document \
         to `openapi: 3.1.1`"
    ))
}

fn foreign_to_31(keyword: &str, value: JsonNode<'_>) -> Option<String> {
    match keyword {
        "nullable" if value.as_bool() == Some(true) => Some(
            "OpenAPI 3.1 has no `nullable`, and null is refused: add \"null\" to `type`, as in \
             `type: [string, \"null\"]`"
                .to_owned(),
        ),
        _ => None,
    }
}
