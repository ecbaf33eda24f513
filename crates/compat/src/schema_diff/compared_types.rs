//! Types: `type`, `nullable` in OpenAPI 3.0, and `format`.

use portcullis_contract::{ASSERTED_FORMATS, Dialect, DocumentSet, NodeRef};
use portcullis_json::{JsonKind, JsonNode};

use super::schema_conjunction::SchemaConjunction;
use super::schema_edit::SchemaEdit;

/// A set of types, which distinguishes integers from other numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ComparedTypes(u8);

const NULL: u8 = 1;
const INTEGER: u8 = 4;
const NUMBER: u8 = 12;
const ALL: u8 = 127;
const NAMES: [(&str, u8); 7] = [
    ("null", NULL),
    ("boolean", 2),
    ("number", NUMBER),
    ("integer", INTEGER),
    ("string", 16),
    ("array", 32),
    ("object", 64),
];

/// Formats that limit numbers (OpenAPI 3.0.4, Data Types). All others only describe a value.
const LIMITING_FORMATS: [&str; 2] = ["int32", "int64"];

impl ComparedTypes {
    fn named(name: JsonNode<'_>) -> u8 {
        let known = NAMES.iter().find(|(known, _)| name.as_str() == Some(known));
        known.map_or(0, |(_, bits)| *bits)
    }

    /// The types that `type` allows; all types if the keyword is missing.
    fn of(view: &SchemaConjunction<'_>) -> (Self, Option<NodeRef>) {
        let mut bits = ALL;
        let mut at = None;
        for (node_ref, node) in view.nodes() {
            let Some(named) = node.get("type") else {
                continue;
            };
            at = at.or(Some(DocumentSet::node_ref(node_ref, named)));
            let mut own = named
                .elements()
                .map(Self::named)
                .fold(0, |all, one| all | one);
            own |= Self::named(named);
            let is_nullable = view.contract.dialect == Dialect::V30
                && node.get("nullable").and_then(JsonNode::as_bool) == Some(true);
            bits &= own | if is_nullable { NULL } else { 0 };
        }
        if view.allows_null {
            bits |= NULL;
        }
        (Self(bits), at)
    }

    fn without_null(self) -> u8 {
        self.0 & !NULL
    }

    fn described(self) -> String {
        if self.0 == ALL {
            return "any type".to_owned();
        }
        if self.0 == 0 {
            return "no valid type".to_owned();
        }
        let mut left = self.0;
        let mut names = Vec::new();
        for (name, bits) in NAMES {
            if left & bits == bits {
                left &= !bits;
                names.push(name);
            }
        }
        match names.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("{} or {last}", others.join(", "))
            }
            _ => names.concat(),
        }
    }
}

/// The edit between `false` and a schema that allows values.
pub(super) fn of_never(old: &SchemaConjunction<'_>, new: &SchemaConjunction<'_>) -> SchemaEdit {
    let described = |view: &SchemaConjunction<'_>| {
        if view.is_never {
            return "no value".to_owned();
        }
        ComparedTypes::of(view).0.described()
    };
    let rule = if new.is_never {
        "schema.type.narrowed"
    } else {
        "schema.type.widened"
    };
    SchemaEdit::of(rule, "false")
        .from(described(old))
        .to(described(new))
}

/// Compares types and formats.
pub(super) fn compare(
    old: &SchemaConjunction<'_>,
    new: &SchemaConjunction<'_>,
    edits: &mut Vec<SchemaEdit>,
) {
    let ((before, old_at), (after, new_at)) = (ComparedTypes::of(old), ComparedTypes::of(new));
    let (old_at, new_at) = (old_at.or(old.node_ref()), new_at.or(new.node_ref()));
    let is_typed = before.0 != ALL && after.0 != ALL;
    let (left, right) = (before.without_null(), after.without_null());
    let rule = match left ^ right {
        0 => None,
        _ if left & right == left => Some("schema.type.widened"),
        _ if left & right == right => Some("schema.type.narrowed"),
        _ => Some("schema.type.changed"),
    };
    let edit = |rule| {
        SchemaEdit::of(rule, "type")
            .from(before.described())
            .to(after.described())
            .between(old_at, new_at)
    };
    edits.extend(rule.map(edit));
    if (is_typed || rule.is_none()) && (before.0 ^ after.0) & NULL != 0 {
        let is_allowed = after.0 & NULL != 0;
        edits.push(edit(if excludes_null(if is_allowed { new } else { old }) {
            "schema.null.unlisted"
        } else if is_allowed {
            "schema.null.allowed"
        } else {
            "schema.null.refused"
        }));
    }
    format(old, new, edits);
}

/// Whether an `enum` does not list null, so that it is invalid whatever `type` says. Next to an
/// alternative for null, `enum` is of the other alternative.
fn excludes_null(view: &SchemaConjunction<'_>) -> bool {
    !view.allows_null
        && view.all("enum").any(|(_, values)| {
            let mut values = values.elements();
            !values.any(|value| value.kind() == JsonKind::Null)
        })
}

fn format(old: &SchemaConjunction<'_>, new: &SchemaConjunction<'_>, edits: &mut Vec<SchemaEdit>) {
    let texts = |view: &SchemaConjunction<'_>| {
        let mut all: Vec<String> = view
            .all("format")
            .filter_map(|(_, format)| Some(format.as_str()?.to_owned()))
            .collect();
        all.sort();
        all.dedup();
        (!all.is_empty()).then(|| all.join(", "))
    };
    let (before, after) = (texts(old), texts(new));
    let is_asserted = |names: &Option<String>| {
        let mut names = names.iter().flat_map(|names| names.split(", "));
        names.any(|name| ASSERTED_FORMATS.contains(&name) || LIMITING_FORMATS.contains(&name))
    };
    let rule = match (&before, &after) {
        _ if before == after => return,
        _ if !is_asserted(&before) && !is_asserted(&after) => "schema.format.unasserted",
        (None, _) => "schema.format.set",
        (_, None) => "schema.format.unset",
        _ => "schema.format.changed",
    };
    let at =
        |view: &SchemaConjunction<'_>| view.first("format").map(|(at, _)| at).or(view.node_ref());
    edits.push(
        SchemaEdit::of(rule, "format")
            .from(before)
            .to(after)
            .between(at(old), at(new)),
    );
}
