//! Unordered lists of schemas: `anyOf`, `oneOf` and `allOf`.
//!
//! Matching the branches of two revisions is a heuristic, used only for explanations: first
//! branches with the same name, then the same content, then the same title, then the same kind.

use std::collections::BTreeSet;

use portcullis_contract::{DocumentSet, NodeRef};
use portcullis_json::JsonNode;

use super::local_difference::{LocalDifference, SubschemaPair};
use super::schema_conjunction::{SchemaConjunction, non_null_alternative};
use super::schema_edit::{SchemaEdit, SchemaStep};
use super::value_keywords::canonical;

/// Compares the lists of two schemas.
pub(super) fn compare(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    list(
        "anyOf",
        ["schema.any-of.added", "schema.any-of.removed"],
        old,
        new,
        local,
    );
    list(
        "oneOf",
        ["schema.one-of.added", "schema.one-of.removed"],
        old,
        new,
        local,
    );
    conjuncts(old, new, local);
}

/// A branch and the features that identify it.
struct SchemaBranch {
    node_ref: NodeRef,
    name: Option<String>,
    text: String,
    title: Option<String>,
    kind: String,
    members: BTreeSet<String>,
}

impl SchemaBranch {
    fn of(view: &SchemaConjunction<'_>, node_ref: NodeRef) -> Self {
        let documents = view.contract.documents();
        let node = documents.node(node_ref);
        let inner = SchemaConjunction::new(view.contract, &[node_ref]);
        let of = |keyword: &str| {
            let mut nodes = inner.nodes().filter_map(|(_, node)| node.get(keyword));
            nodes.next().map(canonical)
        };
        Self {
            node_ref,
            name: node
                .get("$ref")
                .and_then(JsonNode::as_str)
                .map(str::to_owned),
            text: inner
                .nodes()
                .map(|(_, node)| text_without_annotations(node))
                .collect::<Vec<_>>()
                .join("&"),
            title: of("title"),
            kind: of("type").unwrap_or_default(),
            members: inner
                .members("properties")
                .into_iter()
                .map(|(name, _)| name.to_owned())
                .collect(),
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.kind == other.kind
            && (self.members.is_empty() && other.members.is_empty()
                || !self.members.is_disjoint(&other.members))
    }

    /// Whether one of these nodes is inside of the branch or of a schema that it refers to.
    fn contains_any(&self, view: &SchemaConjunction<'_>, nodes: &[Option<NodeRef>]) -> bool {
        let place = |node_ref: NodeRef| {
            let pointer = view.contract.documents().pointer(node_ref);
            (node_ref.document, pointer)
        };
        let inner = SchemaConjunction::new(view.contract, &[self.node_ref]);
        let parts: Vec<(u32, String)> = inner.parts.iter().map(|part| place(*part)).collect();
        nodes.iter().flatten().any(|node_ref| {
            let at = place(*node_ref);
            parts.iter().any(|part| {
                let below = at.1.strip_prefix(&part.1);
                at.0 == part.0 && below.is_some_and(|below| below.starts_with('/'))
            })
        })
    }

    fn described(&self) -> String {
        let named = self
            .name
            .as_deref()
            .and_then(|name| name.rsplit('/').next());
        named.map_or_else(|| shortened(&self.text), str::to_owned)
    }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A schema object as text, without descriptions and examples.
fn text_without_annotations(node: JsonNode<'_>) -> String {
    const WORDS: [&str; 5] = [
        "title",
        "description",
        "example",
        "examples",
        "externalDocs",
    ];
    let mut members: Vec<String> = node
        .members()
        .filter(|(name, _)| !WORDS.contains(name))
        .map(|(name, value)| format!("{name}:{}", canonical(value)))
        .collect();
    members.sort();
    members.join(",")
}

fn branches(view: &SchemaConjunction<'_>, keyword: &'static str) -> Vec<SchemaBranch> {
    let owners = view
        .nodes()
        .filter(|(node_ref, node)| non_null_alternative(*node_ref, *node).is_none());
    let lists = owners.filter_map(|(near, node)| Some((near, node.get(keyword)?)));
    let node_refs = lists.flat_map(|(near, list)| {
        list.elements()
            .map(move |element| DocumentSet::node_ref(near, element))
    });
    node_refs
        .map(|node_ref| SchemaBranch::of(view, node_ref))
        .collect()
}

/// Whether a schema has significant keywords besides its alternatives.
fn has_own_keywords(view: &SchemaConjunction<'_>) -> bool {
    const FORMS: [&str; 6] = [
        "properties",
        "items",
        "enum",
        "const",
        "pattern",
        "additionalProperties",
    ];
    FORMS.iter().any(|form| view.first(form).is_some())
}

/// The pair to compare if one revision has a plain schema and the other has it as one of several
/// alternatives; `None` if both or neither have alternatives.
pub(super) fn single_against_alternatives(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
) -> Option<LocalDifference> {
    let all = |view: &SchemaConjunction<'_>| -> Vec<SchemaBranch> {
        ["oneOf", "anyOf"]
            .into_iter()
            .flat_map(|keyword| branches(view, keyword))
            .collect()
    };
    let (before, after) = (all(old), all(new));
    let (rule, branches, plain, outer) = match (before.is_empty(), after.is_empty()) {
        (true, false) => ("schema.alternatives.wrapped", &after, old, new),
        (false, true) => ("schema.alternatives.unwrapped", &before, new, old),
        _ => return None,
    };
    if !has_own_keywords(plain) || has_own_keywords(outer) {
        return None;
    }
    let own = SchemaBranch::of(plain, plain.root()?);
    let same = branches.iter().find(|branch| branch.text == own.text);
    let like = same.or_else(|| branches.iter().find(|branch| branch.is_like(&own)))?;
    let mut local = LocalDifference::default();
    local
        .edits
        .push(SchemaEdit::of(rule, "oneOf").between(old.node_ref(), new.node_ref()));
    let (old, new) = match rule {
        "schema.alternatives.wrapped" => (own.node_ref, like.node_ref),
        _ => (like.node_ref, own.node_ref),
    };
    local.edges.push(SubschemaPair {
        step: SchemaStep::SameValue,
        old: vec![old],
        new: vec![new],
    });
    Some(local)
}

fn list(
    keyword: &'static str,
    [added, removed]: [&'static str; 2],
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    if old.first(keyword).is_none() && new.first(keyword).is_none() {
        return;
    }
    let (mut before, mut after) = (branches(old, keyword), branches(new, keyword));
    let criteria: [fn(&SchemaBranch, &SchemaBranch) -> bool; 4] = [
        |old, new| old.name.is_some() && old.name == new.name,
        |old, new| old.text == new.text,
        |old, new| old.title.is_some() && old.title == new.title,
        |old, new| (old.name.is_none() || new.name.is_none()) && old.is_like(new),
    ];
    for is_same in criteria {
        pair(&mut before, &mut after, is_same, &mut local.edges);
    }
    for branch in before {
        let edit = SchemaEdit::of(removed, keyword).from(branch.described());
        local
            .edits
            .push(edit.between(Some(branch.node_ref), new.node_ref()));
    }
    for branch in after {
        let edit = SchemaEdit::of(added, keyword).to(branch.described());
        local
            .edits
            .push(edit.between(old.node_ref(), Some(branch.node_ref)));
    }
}

/// Removes the pairs that match by one criterion.
fn pair(
    before: &mut Vec<SchemaBranch>,
    after: &mut Vec<SchemaBranch>,
    is_same: fn(&SchemaBranch, &SchemaBranch) -> bool,
    edges: &mut Vec<SubschemaPair>,
) {
    before.retain(|old| {
        let Some(at) = after.iter().position(|new| is_same(old, new)) else {
            return true;
        };
        let new = after.remove(at);
        edges.push(SubschemaPair {
            step: SchemaStep::SameValue,
            old: vec![old.node_ref],
            new: vec![new.node_ref],
        });
        false
    });
}

/// Added and removed elements of `allOf`. Their keywords are compared with the rest of the schema, so
/// they are reported only next to another edit, and judged only if no edit is inside of them.
fn conjuncts(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    local: &mut LocalDifference,
) {
    if local.edits.is_empty() || (old.conjuncts.is_empty() && new.conjuncts.is_empty()) {
        return;
    }
    let of = |view: &SchemaConjunction<'_>| -> Vec<SchemaBranch> {
        let conjuncts = view.conjuncts.iter();
        conjuncts
            .map(|node_ref| SchemaBranch::of(view, *node_ref))
            .collect()
    };
    let (mut before, mut after) = (of(old), of(new));
    let mut ignored = Vec::new();
    pair(
        &mut before,
        &mut after,
        |old, new| old.name.is_some() && old.name == new.name,
        &mut ignored,
    );
    pair(
        &mut before,
        &mut after,
        |old, new| old.text == new.text,
        &mut ignored,
    );
    // When elements were added and removed, treat them as changed in pairs.
    let kept = before.len().min(after.len());
    let reported = |edits: &[SchemaEdit], is_old: bool| -> Vec<Option<NodeRef>> {
        let nodes = edits
            .iter()
            .map(|edit| if is_old { edit.old } else { edit.new });
        nodes.collect()
    };
    let (removed, added) = (reported(&local.edits, true), reported(&local.edits, false));
    for branch in &before[kept..] {
        let edit = SchemaEdit {
            has_inner_edits: branch.contains_any(old, &removed),
            ..SchemaEdit::of("schema.all-of.removed", "allOf").from(branch.described())
        };
        local
            .edits
            .push(edit.between(Some(branch.node_ref), new.node_ref()));
    }
    for branch in &after[kept..] {
        let edit = SchemaEdit {
            has_inner_edits: branch.contains_any(new, &added),
            ..SchemaEdit::of("schema.all-of.added", "allOf").to(branch.described())
        };
        local
            .edits
            .push(edit.between(old.node_ref(), Some(branch.node_ref)));
    }
}
