//! Warns about parameters with a style that is undefined for their type, or that allows values
//! which cannot be validated.
//!
//! OpenAPI 3.0.4 and 3.1.1 (Style Examples) define `spaceDelimited` and `pipeDelimited` for arrays
//! and objects without `explode`, and `deepObject` for objects with it. Other combinations are
//! parsed as far as possible, but clients may serialise them differently.

use portcullis_json::JsonNode;

use super::contract_survey::ContractSurvey;
use super::lint_findings::LintFindings;
use super::unwritable_values::unwritable;
use crate::message::compiled_contract::CompiledContract;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::schema::object_shape::ObjectShape;
use crate::schema::schema_surface::{SchemaSurface, TypeSet};

/// Reports every such parameter.
pub(super) fn inspect(
    contract: &CompiledContract,
    survey: &ContractSurvey,
    findings: &mut LintFindings<'_>,
) {
    let surface = SchemaSurface {
        documents: &contract.documents,
        dialect: contract.dialect,
    };
    for &node_ref in &survey.parameters {
        let node = contract.documents.node(node_ref);
        let Some(schema) = node.get("schema") else {
            continue;
        };
        let schema = DocumentSet::node_ref(node_ref, schema);
        let name = node
            .get("name")
            .and_then(|name| name.as_str())
            .unwrap_or_default();
        let found = match node.get("style").and_then(|style| style.as_str()) {
            Some(style @ ("spaceDelimited" | "pipeDelimited")) => {
                delimited(name, style, node, surface.types(schema))
            }
            Some("deepObject") => deep(name, node, schema, surface),
            _ => None,
        };
        let found = found.or_else(|| {
            let is_deep = node.get("style").and_then(JsonNode::as_str) == Some("deepObject");
            let message = unwritable(name, schema, repeats_names(node), surface);
            let message = message.filter(|_| !is_deep);
            message.map(|message| (ContractProblemKind::MalformedParameter, message))
        });
        if let Some((kind, message)) = found {
            findings.warn(kind, node_ref, message);
        }
    }
}

/// Whether the properties of an object have their own names in the query or the cookies.
fn repeats_names(parameter: JsonNode<'_>) -> bool {
    let text = |field| parameter.get(field).and_then(JsonNode::as_str);
    let explode = parameter.get("explode").and_then(JsonNode::as_bool);
    matches!(text("in"), Some("query" | "cookie"))
        && matches!(text("style"), None | Some("form" | "cookie"))
        && explode != Some(false)
}

type StyleProblem = Option<(ContractProblemKind, String)>;

fn delimited(name: &str, style: &str, node: JsonNode<'_>, types: TypeSet) -> StyleProblem {
    let message = if !types.has(TypeSet::ARRAY | TypeSet::OBJECT) {
        format!(
            "`{name}` is a single value, for which `style: {style}` is undefined: remove the style"
        )
    } else if node.get("explode").and_then(|flag| flag.as_bool()) == Some(true) {
        format!(
            "`style: {style}` with `explode: true` is undefined: `{name}` needs `explode: false`, \
             or `style: form` for `{name}=a&{name}=b`"
        )
    } else {
        return None;
    };
    Some((ContractProblemKind::MalformedParameter, message))
}

fn deep(
    name: &str,
    node: JsonNode<'_>,
    schema: NodeRef,
    surface: SchemaSurface<'_>,
) -> StyleProblem {
    let malformed = |message| Some((ContractProblemKind::MalformedParameter, message));
    if !surface.types(schema).has(TypeSet::OBJECT) {
        return malformed(format!(
            "`{name}` is not validated: it is not an object, and `style: deepObject` is defined only \
             for objects; remove the style"
        ));
    }
    if node.get("explode").and_then(|flag| flag.as_bool()) == Some(false) {
        return malformed(format!(
            "`style: deepObject` with `explode: false` is undefined: remove `explode` from `{name}`"
        ));
    }
    let property = nested_property(&surface.object(schema))?;
    let message = format!(
        "`{name}` is not validated if a request has `{name}[{property}][…]`: `style: deepObject` is \
         undefined for nested arrays and objects"
    );
    Some((ContractProblemKind::NotJudged, message))
}

/// The first property whose values can only be arrays or objects.
fn nested_property(shape: &ObjectShape) -> Option<String> {
    let scalar = TypeSet::NULL | TypeSet::BOOLEAN | TypeSet::NUMBER | TypeSet::STRING;
    let (name, _) = shape.members.iter().find(|(_, property)| {
        property.types.has(TypeSet::ARRAY | TypeSet::OBJECT) && !property.types.has(scalar)
    })?;
    Some(name.clone())
}
