//! Parameters whose style is undefined for what they hold, or holds more than is judged.
//!
//! OpenAPI 3.0.4 and 3.1.1 (Style Examples) define `spaceDelimited` and `pipeDelimited` for
//! arrays and objects without `explode`, and `deepObject` for objects with it. What lies
//! outside is read as far as it can be; what a client sends may differ.

use portcullis_json::JsonNode;

use super::contract_survey::ContractSurvey;
use super::lint_findings::LintFindings;
use crate::message::compiled_contract::CompiledContract;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::schema::schema_surface::{ObjectShape, SchemaSurface, TypeSet};

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
    for &place in &survey.parameters {
        let node = contract.documents.node(place);
        let Some(schema) = node.get("schema") else {
            continue;
        };
        let schema = DocumentSet::node_ref(place, schema);
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
        if let Some((kind, message)) = found {
            findings.warn(kind, place, message);
        }
    }
}

type StyleProblem = Option<(ContractProblemKind, String)>;

fn delimited(name: &str, style: &str, node: JsonNode<'_>, types: TypeSet) -> StyleProblem {
    let message = if !types.has(TypeSet::ARRAY | TypeSet::OBJECT) {
        format!(
            "`{name}` holds one value, for which `style: {style}` is undefined: remove the style"
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
            "`{name}` is not judged: it holds no object, and `style: deepObject` is undefined for \
             anything else; remove the style"
        ));
    }
    if node.get("explode").and_then(|flag| flag.as_bool()) == Some(false) {
        return malformed(format!(
            "`style: deepObject` with `explode: false` is undefined: remove `explode` from `{name}`"
        ));
    }
    let member = nested(&surface.object(schema))?;
    let message = format!(
        "`{name}` is not judged when a request holds `{name}[{member}][…]`: `style: deepObject` is \
         undefined for arrays and objects inside it"
    );
    Some((ContractProblemKind::NotJudged, message))
}

/// A member that holds arrays or objects and nothing else.
fn nested(shape: &ObjectShape) -> Option<String> {
    let scalar = TypeSet::NULL | TypeSet::BOOLEAN | TypeSet::NUMBER | TypeSet::STRING;
    let (name, _) = shape
        .members
        .iter()
        .find(|(_, types)| types.has(TypeSet::ARRAY | TypeSet::OBJECT) && !types.has(scalar))?;
    Some(name.clone())
}
