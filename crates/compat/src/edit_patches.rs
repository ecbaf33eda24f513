//! Translates edits into patches, so that each edit can be judged by itself.

use super::containment::{EditedSchema, PropertyHolder, SchemaPatch, exclusive_form};
use super::schema_diff::{EditGraph, LocatedEdit, SchemaPairId};

/// The edited schema of an edit below a root.
pub(super) fn edited_schema(
    graph: &EditGraph<'_>,
    root: SchemaPairId,
    found: &LocatedEdit,
) -> EditedSchema {
    let (pair, _) = found.id;
    let [old, new] = graph.parts(pair);
    EditedSchema {
        old,
        new,
        paths: graph.way(root, pair),
        patch: patch(graph, found),
    }
}

fn patch(graph: &EditGraph<'_>, found: &LocatedEdit) -> SchemaPatch {
    let edit = &found.edit;
    let property = edit.property.clone();
    match (edit.keyword, property) {
        ("properties", Some(name)) => SchemaPatch::Property(name),
        ("required", Some(name)) => SchemaPatch::Required(name),
        ("readOnly" | "writeOnly", _) => access(graph, found),
        ("type", _) if edit.rule.starts_with("schema.null.") => SchemaPatch::Null,
        ("type", _) => SchemaPatch::Types,
        ("enum", _) if edit.rule.starts_with("schema.enum.value.") => {
            let text = edit.before.as_ref().or(edit.after.as_ref());
            let value = text.and_then(|text| serde_json::from_str(text).ok());
            value.map_or(SchemaPatch::Keyword("enum"), SchemaPatch::EnumValue)
        }
        ("patternProperties" | "dependentSchemas" | "dependentRequired", _) => entry(found),
        (keyword @ ("anyOf" | "oneOf" | "allOf"), _) => branch(found, keyword),
        (keyword, _) if is_taken_over(keyword) => {
            // OpenAPI 3.0 writes both forms of a bound with one keyword, and a bound of integers can
            // change its form.
            let other = exclusive_form(keyword);
            match other.filter(|other| !graph.also_edits(found, other)) {
                Some(other) => SchemaPatch::Bound([keyword, other]),
                None => SchemaPatch::Keyword(keyword),
            }
        }
        _ => SchemaPatch::Whole,
    }
}

fn access(graph: &EditGraph<'_>, found: &LocatedEdit) -> SchemaPatch {
    let holders = graph.holders(found.id.0).into_iter();
    let holders = holders.filter(|_| graph.has_conditional_requirements());
    let holders = holders.map(|(pair, name)| {
        let [old, new] = graph.parts(pair);
        PropertyHolder {
            name: name.to_string(),
            old,
            new,
        }
    });
    SchemaPatch::Access {
        keyword: found.edit.keyword,
        holders: holders.collect(),
    }
}

/// A patch for one name of a keyword. The edit's value is the name, or `name: names`.
fn entry(found: &LocatedEdit) -> SchemaPatch {
    let edit = &found.edit;
    let text = edit.after.as_ref().or(edit.before.as_ref());
    let name = text.map(|text| match edit.keyword {
        "dependentRequired" => text.split(": ").next().unwrap_or(text),
        _ => text.as_str(),
    });
    SchemaPatch::Entry {
        keyword: edit.keyword,
        name: name.unwrap_or_default().to_owned(),
    }
}

fn branch(found: &LocatedEdit, keyword: &'static str) -> SchemaPatch {
    let edit = &found.edit;
    match edit.rule {
        rule if rule.ends_with(".removed") => SchemaPatch::Branch {
            keyword,
            old: edit.old,
            new: None,
        },
        rule if rule.ends_with(".added") => SchemaPatch::Branch {
            keyword,
            old: None,
            new: edit.new,
        },
        _ => SchemaPatch::Whole,
    }
}

/// Whether taking over the value of a keyword is the whole edit.
fn is_taken_over(keyword: &str) -> bool {
    const NAMES: [&str; 29] = [
        "additionalProperties",
        "const",
        "contains",
        "else",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "if",
        "items",
        "maxContains",
        "maximum",
        "maxItems",
        "maxLength",
        "maxProperties",
        "minContains",
        "minimum",
        "minItems",
        "minLength",
        "minProperties",
        "multipleOf",
        "not",
        "pattern",
        "prefixItems",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
        "uniqueItems",
    ];
    NAMES.contains(&keyword)
}
