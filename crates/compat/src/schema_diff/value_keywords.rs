//! Keywords with plain values: `enum`, `const`, `default`, `pattern`, `readOnly` and others.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_contract::NodeRef;
use portcullis_json::{JsonKind, JsonNode};

use super::schema_conjunction::SchemaConjunction;
use super::schema_edit::SchemaEdit;

/// Compares all of these keywords.
pub(super) fn compare(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    edits: &mut Vec<SchemaEdit>,
) {
    enumeration(old, new, edits);
    extensible(old, new, edits);
    texts(old, new, edits);
    xml_form(old, new, edits);
    for (keyword, set, unset) in [
        ("uniqueItems", "schema.unique.set", "schema.unique.unset"),
        ("readOnly", "schema.read-only.set", "schema.read-only.unset"),
        (
            "writeOnly",
            "schema.write-only.set",
            "schema.write-only.unset",
        ),
    ] {
        let rule = match (old.is_set(keyword), new.is_set(keyword)) {
            (false, true) => set,
            (true, false) => unset,
            _ => continue,
        };
        edits.push(at(SchemaEdit::of(rule, keyword), old, new, keyword));
    }
}

/// The properties of an XML Object that differ from their defaults, with the element's name.
fn xml_properties<'c>(view: &SchemaConjunction<'c>) -> BTreeMap<&'c str, String> {
    let objects = view.all("xml").flat_map(|(_, node)| node.members());
    objects
        .filter(|(name, value)| !name.starts_with("x-") && value.as_bool() != Some(false))
        .map(|(name, value)| {
            let text = match value.as_str() {
                Some(text) => format!("{name} {text}"),
                None if value.as_bool() == Some(true) => name.to_owned(),
                None => format!("{name} {value}"),
            };
            (name, text)
        })
        .collect()
}

/// The name of a schema as a property or component: the name of its XML element by default.
fn declared_name(view: &SchemaConjunction<'_>) -> Option<String> {
    let pointer = view.contract.documents().pointer(view.root()?);
    let (parent, name) = pointer.rsplit_once('/')?;
    let is_named = ["/properties", "/schemas", "/definitions"]
        .iter()
        .any(|parents| parent.ends_with(parents));
    is_named.then(|| name.to_owned())
}

/// `xml`: how a value is written as XML (OpenAPI 3.1.1, XML Object).
fn xml_form(old: &SchemaConjunction<'_>, new: &SchemaConjunction<'_>, edits: &mut Vec<SchemaEdit>) {
    let (mut before, mut after) = (xml_properties(old), xml_properties(new));
    if before == after {
        return;
    }
    // A name that is the same as the default one is not a change.
    let default_name = |view: &SchemaConjunction<'_>, other: Option<&String>| {
        let name = format!("name {}", declared_name(view)?);
        other.filter(|other| **other == name).cloned()
    };
    match (before.get("name"), after.get("name")) {
        (None, is) => {
            let name = default_name(old, is);
            before.extend(name.map(|name| ("name", name)));
        }
        (was, None) => {
            let name = default_name(new, was);
            after.extend(name.map(|name| ("name", name)));
        }
        (Some(_), Some(_)) => {}
    }
    if before == after {
        return;
    }
    let described = |form: &BTreeMap<&str, String>| {
        let texts: Vec<&str> = form.values().map(String::as_str).collect();
        if texts.is_empty() {
            "the default form".to_owned()
        } else {
            texts.join(", ")
        }
    };
    let edit = SchemaEdit::of("schema.xml.changed", "xml");
    let edit = edit.from(described(&before)).to(described(&after));
    edits.push(at(edit, old, new, "xml"));
}

/// A text that is equal for equal values: properties are sorted, numbers are normalized.
pub(crate) fn canonical(node: JsonNode<'_>) -> String {
    match node.kind() {
        JsonKind::Object => {
            let mut members: Vec<(&str, String)> = node
                .members()
                .map(|(name, value)| (name, canonical(value)))
                .collect();
            members.sort();
            let members = members
                .iter()
                .map(|(name, value)| format!("{name:?}:{value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        JsonKind::Array => {
            let elements: Vec<String> = node.elements().map(canonical).collect();
            format!("[{}]", elements.join(","))
        }
        JsonKind::Number => match node.as_i64() {
            Some(integer) => integer.to_string(),
            None => node
                .as_f64()
                .filter(|_| node.is_exact())
                .map_or_else(|| node.to_string(), |float| float.to_string()),
        },
        JsonKind::Null | JsonKind::Boolean | JsonKind::String => node.to_string(),
    }
}

fn at(
    edit: SchemaEdit,
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    keyword: &'static str,
) -> SchemaEdit {
    let node_ref =
        |view: &SchemaConjunction<'_>| view.first(keyword).map(|(at, _)| at).or(view.node_ref());
    edit.between(node_ref(old), node_ref(new))
}

/// The values that all lists of a keyword have in common.
fn listed(
    view: &SchemaConjunction<'_>,
    keyword: &'static str,
) -> Option<(NodeRef, BTreeSet<String>)> {
    let lists = view.all(keyword).map(|(node_ref, list)| {
        let values: BTreeSet<String> = list.elements().map(canonical).collect();
        (node_ref, values)
    });
    lists.reduce(|kept, next| (kept.0, &kept.1 & &next.1))
}

fn enumeration(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    edits: &mut Vec<SchemaEdit>,
) {
    let edit = |rule| at(SchemaEdit::of(rule, "enum"), old, new, "enum");
    let all = |values: &BTreeSet<String>| {
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        format!("[{}]", texts.join(","))
    };
    match (listed(old, "enum"), listed(new, "enum")) {
        (None, None) => {}
        (None, Some((_, after))) => edits.push(edit("schema.enum.set").to(all(&after))),
        (Some((_, before)), None) => edits.push(edit("schema.enum.unset").from(all(&before))),
        (Some((_, before)), Some((_, after))) => {
            let removed = before.difference(&after);
            edits
                .extend(removed.map(|value| edit("schema.enum.value.removed").from(value.clone())));
            let added = after.difference(&before);
            edits.extend(added.map(|value| edit("schema.enum.value.added").to(value.clone())));
        }
    }
}

/// `x-extensible-enum`: a list of values that may grow.
fn extensible(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    edits: &mut Vec<SchemaEdit>,
) {
    const KEYWORD: &str = "x-extensible-enum";
    let edit = |rule| at(SchemaEdit::of(rule, KEYWORD), old, new, KEYWORD);
    let (Some((_, before)), Some((_, after))) = (listed(old, KEYWORD), listed(new, KEYWORD)) else {
        return;
    };
    let removed = before.difference(&after);
    edits.extend(
        removed.map(|value| edit("schema.extensible-enum.value.removed").from(value.clone())),
    );
    let added = after.difference(&before);
    edits.extend(added.map(|value| edit("schema.extensible-enum.value.added").to(value.clone())));
}

/// Keywords with one value that is compared as a whole: set, unset, changed.
fn texts(old: &SchemaConjunction<'_>, new: &SchemaConjunction<'_>, edits: &mut Vec<SchemaEdit>) {
    for (keyword, [set, unset, changed]) in [
        (
            "const",
            [
                "schema.const.set",
                "schema.const.unset",
                "schema.const.changed",
            ],
        ),
        (
            "default",
            [
                "schema.default.added",
                "schema.default.removed",
                "schema.default.changed",
            ],
        ),
        (
            "pattern",
            [
                "schema.pattern.set",
                "schema.pattern.unset",
                "schema.pattern.changed",
            ],
        ),
        (
            "multipleOf",
            [
                "schema.multiple-of.set",
                "schema.multiple-of.unset",
                "schema.multiple-of.changed",
            ],
        ),
        ("contentEncoding", ["schema.content-encoding.changed"; 3]),
        ("contentMediaType", ["schema.content-media-type.changed"; 3]),
    ] {
        let text = |view: &SchemaConjunction<'_>| {
            let all: BTreeSet<String> = view
                .all(keyword)
                // An empty pattern matches every string.
                .filter(|(_, value)| keyword != "pattern" || value.as_str() != Some(""))
                .map(|(_, value)| canonical(value))
                .collect();
            let all: Vec<String> = all.into_iter().collect();
            (!all.is_empty()).then(|| all.join(" and "))
        };
        let (before, after) = (text(old), text(new));
        let rule = match (&before, &after) {
            _ if before == after => continue,
            (None, _) => set,
            (_, None) => unset,
            _ => changed,
        };
        edits.push(at(
            SchemaEdit::of(rule, keyword).from(before).to(after),
            old,
            new,
            keyword,
        ));
    }
}
