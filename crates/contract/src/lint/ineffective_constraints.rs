//! Warns about constraints that no value can violate: keywords for a type that the schema excludes,
//! keywords that only modify an absent one, and keywords next to a `$ref` of OpenAPI 3.0.

use portcullis_json::{JsonKind, JsonNode};

use super::lint_findings::LintFindings;
use super::object_kind::ObjectKind;
use super::object_walk::ContractObjects;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::DocumentSet;

/// The keywords that constrain only values of some types.
const TYPED_KEYWORDS: [(&[&str], &[&str]); 4] = [
    (&["string"], &["minLength", "maxLength", "pattern"]),
    (
        &["number", "integer"],
        &[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ],
    ),
    (
        &["array"],
        &[
            "items",
            "prefixItems",
            "contains",
            "unevaluatedItems",
            "minItems",
            "maxItems",
            "uniqueItems",
        ],
    ),
    (
        &["object"],
        &[
            "properties",
            "patternProperties",
            "additionalProperties",
            "unevaluatedProperties",
            "propertyNames",
            "required",
            "minProperties",
            "maxProperties",
            "dependentRequired",
            "dependentSchemas",
        ],
    ),
];

/// Keywords that have an effect only next to another one.
const DEPENDENT_KEYWORDS: [(&str, &str); 4] = [
    ("minContains", "contains"),
    ("maxContains", "contains"),
    ("then", "if"),
    ("else", "if"),
];

/// Reports every constraint without effect.
pub(super) fn inspect(dialect: Dialect, found: &ContractObjects, findings: &mut LintFindings<'_>) {
    let documents = findings.documents;
    for &(kind, node_ref) in &found.objects {
        if kind != ObjectKind::Schema {
            continue;
        }
        let node = documents.node(node_ref);
        for (keyword, value) in node.members() {
            let message = wrong_type(node, keyword, value)
                .or_else(|| without_partner(dialect, node, keyword, value));
            if let Some(message) = message {
                let at = DocumentSet::node_ref(node_ref, value);
                findings.warn(ContractProblemKind::IneffectiveKeyword, at, message);
            }
        }
    }
    next_to_references(found, findings);
}

/// Reports the constraints next to each `$ref` of OpenAPI 3.0.
fn next_to_references(found: &ContractObjects, findings: &mut LintFindings<'_>) {
    let documents = findings.documents;
    for &node_ref in &found.references {
        let node = documents.node(node_ref);
        for (keyword, value) in node.members() {
            if is_constraint(keyword, value) {
                let (problem, advice) = match keyword {
                    "nullable" => (
                        ContractProblemKind::IneffectiveNullable,
                        "write it in the schema that `$ref` refers to",
                    ),
                    _ => (
                        ContractProblemKind::IneffectiveKeyword,
                        "write `allOf: [{$ref: …}]` instead of `$ref`",
                    ),
                };
                let message = format!(
                    "`{keyword}` next to `$ref` has no effect (OpenAPI 3.0.4, Reference Object): \
                     {advice}"
                );
                let at = DocumentSet::node_ref(node_ref, value);
                findings.warn(problem, at, message);
            }
        }
    }
}

/// A keyword that constrains only values of types that the schema excludes.
fn wrong_type(node: JsonNode<'_>, keyword: &str, value: JsonNode<'_>) -> Option<String> {
    let (types, _) = TYPED_KEYWORDS
        .iter()
        .find(|(_, keywords)| keywords.contains(&keyword))?;
    if is_without_constraint(value) {
        return None;
    }
    let declared = node.get("type")?;
    let mut names = declared
        .as_str()
        .into_iter()
        .chain(declared.elements().filter_map(JsonNode::as_str))
        .peekable();
    names.peek()?;
    let list: Vec<&str> = names.collect();
    if list.iter().any(|name| types.contains(name)) {
        return None;
    }
    let advice = match keyword_for(&list, keyword) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "correct one of them".to_owned(),
    };
    Some(format!(
        "`{keyword}` constrains only values of type {}, but `type` is {}, so it has no effect: \
         {advice}",
        types.join(" or "),
        list.join(" or ")
    ))
}

/// The keyword that bounds the size of a type, as `keyword` bounds that of another.
fn keyword_for(types: &[&str], keyword: &str) -> Option<&'static str> {
    let (lower, upper) = match types {
        ["string"] => ("minLength", "maxLength"),
        ["array"] => ("minItems", "maxItems"),
        ["object"] => ("minProperties", "maxProperties"),
        ["integer" | "number"] => ("minimum", "maximum"),
        _ => return None,
    };
    match keyword {
        "minimum" | "minLength" | "minItems" | "minProperties" => Some(lower),
        "maximum" | "maxLength" | "maxItems" | "maxProperties" => Some(upper),
        _ => None,
    }
}

/// A keyword that modifies another one, which is absent.
fn without_partner(
    dialect: Dialect,
    node: JsonNode<'_>,
    keyword: &str,
    value: JsonNode<'_>,
) -> Option<String> {
    let partner = match (dialect, keyword) {
        (Dialect::V30, "exclusiveMinimum") if value.as_bool() == Some(true) => "minimum",
        (Dialect::V30, "exclusiveMaximum") if value.as_bool() == Some(true) => "maximum",
        (Dialect::V30, _) => return None,
        _ => {
            DEPENDENT_KEYWORDS
                .iter()
                .find(|(name, _)| *name == keyword)?
                .1
        }
    };
    node.get(partner).is_none().then(|| {
        format!("`{keyword}` has no effect without `{partner}`: add `{partner}`, or remove it")
    })
}

/// Whether a value makes its keyword accept everything, as `{}`, `true`, `false` of a flag or 0.
fn is_without_constraint(value: JsonNode<'_>) -> bool {
    match value.kind() {
        JsonKind::Object | JsonKind::Array => value.is_empty(),
        JsonKind::Number => value.number_text() == Some("0"),
        JsonKind::Boolean | JsonKind::Null => true,
        JsonKind::String => false,
    }
}

/// Whether a keyword next to a reference was meant to constrain values.
fn is_constraint(keyword: &str, value: JsonNode<'_>) -> bool {
    let is_typed = TYPED_KEYWORDS
        .iter()
        .any(|(_, keywords)| keywords.contains(&keyword));
    match keyword {
        "nullable" | "uniqueItems" => value.as_bool() == Some(true),
        "additionalProperties" => value.as_bool() != Some(true) && !value.is_empty(),
        "enum" | "const" | "allOf" | "anyOf" | "oneOf" | "not" => true,
        _ => is_typed && !is_without_constraint(value),
    }
}
