//! Keywords that hold schemas: what was added, what is gone, and which pairs to compare next.

use std::collections::BTreeSet;
use std::rc::Rc;

use portcullis_contract::{DocumentSet, NodeRef};
use portcullis_json::{JsonKind, JsonNode};

use super::schema_branches;
use super::schema_conjunction::SchemaConjunction;
use super::schema_edit::{SchemaEdit, SchemaStep};

/// The schemas on both sides of a step.
pub(super) struct SubschemaPair {
    pub(super) step: SchemaStep,
    pub(super) old: Vec<NodeRef>,
    pub(super) new: Vec<NodeRef>,
}

/// What a comparison of two views gives.
#[derive(Default)]
pub(super) struct LocalDifference {
    pub(super) edits: Vec<SchemaEdit>,
    pub(super) edges: Vec<SubschemaPair>,
}

/// A keyword with one schema.
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
        SchemaStep::SameValue,
    ),
    single(
        "if",
        ["schema.if.added", "schema.if.removed"],
        SchemaStep::SameValue,
    ),
    single(
        "then",
        ["schema.then.added", "schema.then.removed"],
        SchemaStep::SameValue,
    ),
    single(
        "else",
        ["schema.else.added", "schema.else.removed"],
        SchemaStep::SameValue,
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
        SchemaStep::SameValue,
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
        SchemaStep::SameValue,
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

/// Compares the structure of two views.
pub(super) fn compare(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    properties(old, new, local);
    requirements(old, new, local);
    undeclared_properties(old, new, local);
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
            SchemaStep::SameValue,
        ),
    ] {
        named(keyword, [added, removed], &step, old, new, local);
    }
    dependent_required(old, new, local);
    schema_branches::compare(old, new, local);
}

fn either<'n>(
    old: &[(&'n str, Vec<NodeRef>)],
    new: &[(&'n str, Vec<NodeRef>)],
) -> impl Iterator<Item = (&'n str, Vec<NodeRef>, Vec<NodeRef>)> {
    let names: BTreeSet<&str> = old.iter().chain(new).map(|(name, _)| *name).collect();
    let of = |list: &[(&str, Vec<NodeRef>)], name: &str| {
        let found = list.binary_search_by(|(known, _)| (*known).cmp(name));
        found.map_or_else(|_| Vec::new(), |at| list[at].1.clone())
    };
    let pairs: Vec<_> = names
        .into_iter()
        .map(|name| (name, of(old, name), of(new, name)))
        .collect();
    pairs.into_iter()
}

fn properties(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    let (before, after) = (old.members("properties"), new.members("properties"));
    if before.is_empty() && after.is_empty() {
        return;
    }
    let (was, is) = (old.required(), new.required());
    let has = |list: &[(&str, NodeRef)], name: &str| list.iter().any(|(known, _)| *known == name);
    for (name, from, to) in either(&before, &after) {
        let (left, right) = (from.first().copied(), to.first().copied());
        let rule = match (left, right, has(&was, name), has(&is, name)) {
            (None, _, _, true) => "schema.property.added.required",
            (None, _, _, false) => "schema.property.added.optional",
            (_, None, true, _) => "schema.property.removed.required",
            (_, None, false, _) => "schema.property.removed.optional",
            _ => {
                local.edges.push(SubschemaPair {
                    step: SchemaStep::Property(Rc::from(name)),
                    old: from,
                    new: to,
                });
                continue;
            }
        };
        let edit = SchemaEdit::of(rule, "properties").with_property(name);
        local
            .edits
            .push(edit.between(left.or(old.place()), right.or(new.place())));
    }
}

/// Members that became required or optional. One that was declared or dropped at the same time
/// is told of as such.
fn requirements(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    let (was, is) = (old.required(), new.required());
    if was.is_empty() && is.is_empty() {
        return;
    }
    let declares = |view: &SchemaConjunction<'_>, name: &str| {
        view.all("properties")
            .any(|(_, properties)| properties.get(name).is_some())
    };
    let is_told = |name: &str| declares(old, name) != declares(new, name);
    for (name, at) in &is {
        if !was.iter().any(|(known, _)| known == name) && !is_told(name) {
            let edit = SchemaEdit::of("schema.property.required", "required").with_property(name);
            local.edits.push(edit.between(old.place(), Some(*at)));
        }
    }
    for (name, at) in &was {
        if !is.iter().any(|(known, _)| known == name) && !is_told(name) {
            let edit = SchemaEdit::of("schema.property.optional", "required").with_property(name);
            local.edits.push(edit.between(Some(*at), new.place()));
        }
    }
}

/// What is said of members that are not declared.
#[derive(PartialEq, Eq)]
enum UndeclaredProperties {
    Open,
    Closed,
    Described(Vec<NodeRef>),
}

impl UndeclaredProperties {
    fn of(view: &SchemaConjunction<'_>) -> Self {
        let mut described = Vec::new();
        for (place, value) in view.all("additionalProperties") {
            match value.kind() {
                JsonKind::Boolean if value.as_bool() == Some(false) => return Self::Closed,
                JsonKind::Object if !value.is_empty() => described.push(place),
                _ => {}
            }
        }
        match described.is_empty() {
            true => Self::Open,
            false => Self::Described(described),
        }
    }
}

fn undeclared_properties(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    const KEYWORD: &str = "additionalProperties";
    let rule = match (UndeclaredProperties::of(old), UndeclaredProperties::of(new)) {
        (UndeclaredProperties::Described(old), UndeclaredProperties::Described(new)) => {
            let step = SchemaStep::Any;
            local.edges.push(SubschemaPair { step, old, new });
            return;
        }
        (before, after) if before == after => return,
        (_, UndeclaredProperties::Closed) => "schema.additional-properties.refused",
        (UndeclaredProperties::Closed, _) => "schema.additional-properties.allowed",
        (_, UndeclaredProperties::Described(_)) => "schema.additional-properties.typed",
        (_, UndeclaredProperties::Open) => "schema.additional-properties.untyped",
    };
    let text = |view: &SchemaConjunction<'_>| {
        let value = view.first(KEYWORD)?.1;
        Some(
            value
                .as_bool()
                .map_or_else(|| "a schema".to_owned(), |flag| flag.to_string()),
        )
    };
    let place =
        |view: &SchemaConjunction<'_>| view.first(KEYWORD).map(|(at, _)| at).or(view.place());
    let edit = SchemaEdit::of(rule, KEYWORD).from(text(old)).to(text(new));
    local.edits.push(edit.between(place(old), place(new)));
}

/// Whether a schema says nothing.
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
    let telling = |view: &SchemaConjunction<'_>| -> Vec<NodeRef> {
        let all = view
            .all(keyword)
            .filter(|(_, node)| !is_empty(*node) && !node.is_array());
        all.map(|(place, _)| place).collect()
    };
    let (before, after) = (telling(old), telling(new));
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
        .push(edit.between(left.or(old.place()), right.or(new.place())));
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
            .push(edit.between(left.or(old.place()), right.or(new.place())));
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
            .push(edit.between(left.or(old.place()), right.or(new.place())));
    }
}

fn dependent_required(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    const KEYWORD: &str = "dependentRequired";
    let names = |view: &SchemaConjunction<'_>, places: &[NodeRef]| {
        let documents = view.contract.documents();
        let all: BTreeSet<&str> = places
            .iter()
            .flat_map(|place| documents.node(*place).elements())
            .filter_map(JsonNode::as_str)
            .collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    };
    for (name, from, to) in either(&old.members(KEYWORD), &new.members(KEYWORD)) {
        let (left, right) = (from.first().copied(), to.first().copied());
        let text = |demands: &str| format!("{name}: {demands}");
        let (before, after) = (names(old, &from), names(new, &to));
        let edit = match (left, right) {
            (None, _) => {
                SchemaEdit::of("schema.dependent-required.added", KEYWORD).to(text(&after))
            }
            (_, None) => {
                SchemaEdit::of("schema.dependent-required.removed", KEYWORD).from(text(&before))
            }
            _ if before == after => continue,
            _ => SchemaEdit::of("schema.dependent-required.changed", KEYWORD)
                .from(text(&before))
                .to(text(&after)),
        };
        local
            .edits
            .push(edit.between(left.or(old.place()), right.or(new.place())));
    }
}
