//! Keywords that hold subschemas, except those for properties: which were added or removed, and
//! which pairs to compare next.

use portcullis_contract::{DocumentSet, NodeRef};
use portcullis_json::JsonNode;

use super::local_difference::{LocalDifference, SubschemaPair, either};
use super::schema_branches;
use super::schema_conjunction::SchemaConjunction;
use super::schema_edit::{SchemaEdit, SchemaStep};

/// A keyword with one subschema.
struct SubschemaKeyword {
    keyword: &'static str,
    rules: [&'static str; 2],
    step: SchemaStep,
}

const SUBSCHEMA_KEYWORDS: [SubschemaKeyword; 10] = [
    single(
        "items",
        ["schema.items.added", "schema.items.removed"],
        SchemaStep::Any,
    ),
    single(
        "not",
        ["schema.not.added", "schema.not.removed"],
        SchemaStep::Applied("not"),
    ),
    single(
        "if",
        ["schema.if.added", "schema.if.removed"],
        SchemaStep::Applied("if"),
    ),
    single(
        "then",
        ["schema.then.added", "schema.then.removed"],
        SchemaStep::Applied("then"),
    ),
    single(
        "else",
        ["schema.else.added", "schema.else.removed"],
        SchemaStep::Applied("else"),
    ),
    single(
        "contains",
        ["schema.contains.added", "schema.contains.removed"],
        SchemaStep::Any,
    ),
    single(
        "propertyNames",
        [
            "schema.property-names.added",
            "schema.property-names.removed",
        ],
        SchemaStep::Applied("propertyNames"),
    ),
    single(
        "unevaluatedItems",
        [
            "schema.unevaluated-items.added",
            "schema.unevaluated-items.removed",
        ],
        SchemaStep::Any,
    ),
    single(
        "unevaluatedProperties",
        [
            "schema.unevaluated-properties.added",
            "schema.unevaluated-properties.removed",
        ],
        SchemaStep::Any,
    ),
    single(
        "contentSchema",
        [
            "schema.content-schema.added",
            "schema.content-schema.removed",
        ],
        SchemaStep::Applied("contentSchema"),
    ),
];

const fn single(
    keyword: &'static str,
    rules: [&'static str; 2],
    step: SchemaStep,
) -> SubschemaKeyword {
    SubschemaKeyword {
        keyword,
        rules,
        step,
    }
}

/// Compares the subschemas of two schemas.
pub(super) fn compare(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    for single in &SUBSCHEMA_KEYWORDS {
        compare_single(single, old, new, local);
    }
    positions(old, new, local);
    for (keyword, added, removed, step) in [
        (
            "patternProperties",
            "schema.pattern-property.added",
            "schema.pattern-property.removed",
            SchemaStep::Any,
        ),
        (
            "dependentSchemas",
            "schema.dependent-schema.added",
            "schema.dependent-schema.removed",
            SchemaStep::Applied("dependentSchemas"),
        ),
    ] {
        named(keyword, [added, removed], &step, old, new, local);
    }
    schema_branches::compare(old, new, local);
}

/// Whether a schema constrains nothing.
fn is_empty(node: JsonNode<'_>) -> bool {
    node.as_bool() == Some(true) || (node.is_object() && node.is_empty())
}

fn compare_single(
    single: &SubschemaKeyword,
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    let SubschemaKeyword {
        keyword,
        rules: [added, removed],
        step,
    } = single;
    let meaningful = |view: &SchemaConjunction<'_>| -> Vec<NodeRef> {
        let all = view
            .all(keyword)
            .filter(|(_, node)| !is_empty(*node) && !node.is_array());
        all.map(|(node_ref, _)| node_ref).collect()
    };
    let (before, after) = (meaningful(old), meaningful(new));
    let (left, right) = (before.first().copied(), after.first().copied());
    let rule = match (left, right) {
        (None, None) => return,
        (None, _) => added,
        (_, None) => removed,
        _ => {
            local.edges.push(SubschemaPair {
                step: step.clone(),
                old: before,
                new: after,
            });
            return;
        }
    };
    let edit = SchemaEdit::of(rule, keyword);
    local
        .edits
        .push(edit.between(left.or(old.node_ref()), right.or(new.node_ref())));
}

fn positions(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    let of = |view: &SchemaConjunction<'_>| -> Vec<Vec<NodeRef>> {
        let mut slots: Vec<Vec<NodeRef>> = Vec::new();
        for (near, list) in view.all("prefixItems") {
            for (position, element) in list.elements().enumerate() {
                if slots.len() <= position {
                    slots.push(Vec::new());
                }
                slots[position].push(DocumentSet::node_ref(near, element));
            }
        }
        slots
    };
    let (before, after) = (of(old), of(new));
    for position in 0..before.len().max(after.len()) {
        let at = |slots: &[Vec<NodeRef>]| slots.get(position).cloned().unwrap_or_default();
        let (from, to) = (at(&before), at(&after));
        let (left, right) = (from.first().copied(), to.first().copied());
        let rule = match (left, right) {
            (None, _) => "schema.prefix-items.added",
            (_, None) => "schema.prefix-items.removed",
            _ => {
                local.edges.push(SubschemaPair {
                    step: SchemaStep::Position(position),
                    old: from,
                    new: to,
                });
                continue;
            }
        };
        let edit = SchemaEdit::of(rule, "prefixItems").to(format!("position {position}"));
        local
            .edits
            .push(edit.between(left.or(old.node_ref()), right.or(new.node_ref())));
    }
}

fn named(
    keyword: &'static str,
    [added, removed]: [&'static str; 2],
    step: &SchemaStep,
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    for (name, from, to) in either(&old.members(keyword), &new.members(keyword)) {
        let (left, right) = (from.first().copied(), to.first().copied());
        let edit = match (left, right) {
            (None, _) => SchemaEdit::of(added, keyword).to(name.to_owned()),
            (_, None) => SchemaEdit::of(removed, keyword).from(name.to_owned()),
            _ => {
                local.edges.push(SubschemaPair {
                    step: step.clone(),
                    old: from,
                    new: to,
                });
                continue;
            }
        };
        local
            .edits
            .push(edit.between(left.or(old.node_ref()), right.or(new.node_ref())));
    }
}
