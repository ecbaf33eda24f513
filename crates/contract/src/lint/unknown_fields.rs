//! Warns about fields that an object does not have: misspelt names, keywords in the wrong object,
//! and fields of another version of OpenAPI. None of them is enforced.
//!
//! Names that start with `x-` are extensions. In OpenAPI 3.1 a Schema Object may have any other
//! keyword, and in 3.0 generators add their own annotations, so there only names close to a
//! keyword are reported. All other objects are closed. Of AsyncAPI only schemas are judged,
//! and of Swagger 2.0 the objects that OpenAPI 3.0 has, too: the others have other fields, which
//! translating reads.

use portcullis_json::JsonNode;

use super::lint_findings::LintFindings;
use super::near_field::near_field;
use super::object_kind::ObjectKind;
use super::object_walk::ContractObjects;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::DocumentSet;

/// Reports every field that its object does not have.
pub(super) fn inspect(dialect: Dialect, found: &ContractObjects, findings: &mut LintFindings<'_>) {
    let documents = findings.documents;
    for &(kind, node_ref) in &found.objects {
        // Compiling reports the unknown fields of path items, whose names could be methods.
        if kind.member_kind().is_some() || kind == ObjectKind::PathItem {
            continue;
        }
        if is_translated(documents, kind) {
            continue;
        }
        let node = documents.node(node_ref);
        for (name, value) in node.members() {
            let is_known = kind.field(name).is_some_and(|field| field.is_in(dialect));
            if is_known || name.starts_with("x-") {
                continue;
            }
            if let Some((problem, message)) = judge(kind, dialect, node, name) {
                findings.warn(problem, DocumentSet::node_ref(node_ref, value), message);
            }
        }
    }
}

/// Whether an object has other fields in the files. Translating reports its unknown ones.
fn is_translated(documents: &DocumentSet, kind: ObjectKind) -> bool {
    let is_swagger_too = matches!(
        kind,
        ObjectKind::Info
            | ObjectKind::Contact
            | ObjectKind::License
            | ObjectKind::Tag
            | ObjectKind::ExternalDocs
            | ObjectKind::Schema
    );
    let is_of_events = documents.events().is_some() && kind != ObjectKind::Schema;
    is_of_events || (documents.is_swagger() && !is_swagger_too)
}

fn judge(
    kind: ObjectKind,
    dialect: Dialect,
    object: JsonNode<'_>,
    name: &str,
) -> Option<(ContractProblemKind, String)> {
    let title = kind.title();
    let noun = match kind {
        ObjectKind::Schema => "keyword",
        _ => "field",
    };
    if kind.field(name).is_some() {
        // `ineffective_keywords` reports the keywords of schemas.
        let is_reported = kind == ObjectKind::Schema;
        let message = format!(
            "OpenAPI {} does not have `{name}` in {title}, so it has no effect: remove it, or \
             change the document to a version that has it",
            dialect.as_str()
        );
        return (!is_reported).then_some((ContractProblemKind::ForeignKeyword, message));
    }
    if let Some(advice) = place_of(kind, dialect, name) {
        let message = format!("`{name}` is not a {noun} of {title} and enforces nothing: {advice}");
        return Some((ContractProblemKind::MisplacedKeyword, message));
    }
    if let Some(meant) = near_field(kind, dialect, object, name) {
        let message = format!(
            "`{name}` is not a {noun} of {title} and enforces nothing: did you mean `{meant}`?"
        );
        return Some((ContractProblemKind::MisspeltKeyword, message));
    }
    let message = format!(
        "`{name}` is not a field of {title} and has no effect: move it to where it belongs, or \
         remove it; only names with `x-` are extensions"
    );
    (kind != ObjectKind::Schema).then_some((ContractProblemKind::UnknownField, message))
}

/// Where a keyword of a schema belongs that is a field of another object.
fn place_of(kind: ObjectKind, dialect: Dialect, name: &str) -> Option<&'static str> {
    let is_keyword = ObjectKind::Schema
        .field(name)
        .is_some_and(|field| field.is_in(dialect));
    match (kind, name) {
        (ObjectKind::Response | ObjectKind::RequestBody, "schema") => {
            Some("write it below `content` and a media type")
        }
        (ObjectKind::Response | ObjectKind::RequestBody, _) if name.contains('/') => {
            Some("write it below `content`")
        }
        (ObjectKind::Operation, _) if is_status(name) => Some("write it below `responses`"),
        (ObjectKind::MediaType, "required") => Some("write it next to `content`, or in `schema`"),
        (ObjectKind::Parameter | ObjectKind::Header | ObjectKind::MediaType, _) if is_keyword => {
            Some("move it into `schema`")
        }
        (ObjectKind::Response | ObjectKind::RequestBody, _) if is_keyword => {
            Some("move it into the `schema` of a media type below `content`")
        }
        _ => None,
    }
}

/// Whether a name is a status such as `200` or `2XX`.
fn is_status(name: &str) -> bool {
    matches!(
        name.as_bytes(),
        [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] | [b'1'..=b'5', b'X', b'X']
    )
}
