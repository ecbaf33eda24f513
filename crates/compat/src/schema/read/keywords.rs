//! One schema, keyword by keyword.

use serde_json::{Map, Value};

use portcullis_contract::ASSERTED_FORMATS;

use super::super::arena::Arena;
use super::super::formula::{ANY, Id, Items, Members, NEVER, Node};
use super::super::language::leading_looks;
use super::super::mask::Mask;
use super::super::ratio::Ratio;
use super::document::Document;

type Keywords = Map<String, Value>;

impl<'d> Document<'d> {
    /// What a keyword says; `None` where it only annotates, or another one speaks for it.
    pub(super) fn keyword(
        &mut self,
        arena: &mut Arena,
        keywords: &'d Keywords,
        keyword: &str,
        value: &'d Value,
    ) -> Option<Id> {
        let read = match keyword.strip_prefix("x-exact-") {
            Some(exact) => exactly(arena, exact, value),
            None => match scalar(arena, keyword, value) {
                Scalar::Read(id) => Some(id),
                Scalar::Malformed => None,
                Scalar::Other => return self.applicator(arena, keywords, keyword, value),
            },
        };
        Some(read.unwrap_or_else(|| self.opaque(arena, keyword, value, Mask::ALL)))
    }

    fn applicator(
        &mut self,
        arena: &mut Arena,
        keywords: &'d Keywords,
        keyword: &str,
        value: &'d Value,
    ) -> Option<Id> {
        Some(match keyword {
            "$ref" => self.reference(arena, value),
            "$dynamicRef" | "$recursiveRef" => self.opaque(arena, keyword, value, Mask::ALL),
            "allOf" => {
                let parts = self.list(arena, value);
                arena.all(parts)
            }
            "anyOf" => {
                let parts = self.list(arena, value);
                arena.some(parts)
            }
            "oneOf" => {
                let parts = self.list(arena, value);
                arena.one(parts)
            }
            "not" => {
                let part = self.schema(arena, value);
                arena.not(part)
            }
            "if" => return self.condition(arena, keywords, value),
            "properties" => self.members(arena, keywords),
            "patternProperties" if !keywords.contains_key("properties") => {
                self.members(arena, keywords)
            }
            "additionalProperties"
                if !keywords.contains_key("properties")
                    && !keywords.contains_key("patternProperties") =>
            {
                self.members(arena, keywords)
            }
            "propertyNames" => {
                let schema = self.schema(arena, value);
                if schema == ANY {
                    ANY
                } else {
                    arena.add(Node::Names(schema))
                }
            }
            "dependentSchemas" => self.dependent_schemas(arena, value),
            "dependentRequired" => dependent_required(arena, value)?,
            "prefixItems" => self.items(arena, keywords),
            "items" if !keywords.contains_key("prefixItems") => self.items(arena, keywords),
            "contains" => self.contains(arena, keywords, value),
            "unevaluatedProperties" => self.unevaluated_members(arena, keywords, value),
            "unevaluatedItems" => self.unevaluated_items(arena, keywords, value),
            _ => return None,
        })
    }

    pub(super) fn list(&mut self, arena: &mut Arena, value: &'d Value) -> Vec<Id> {
        let schemas = value.as_array().into_iter().flatten();
        schemas.map(|schema| self.schema(arena, schema)).collect()
    }

    fn condition(
        &mut self,
        arena: &mut Arena,
        keywords: &'d Keywords,
        value: &'d Value,
    ) -> Option<Id> {
        let (then, otherwise) = (keywords.get("then"), keywords.get("else"));
        if then.is_none() && otherwise.is_none() {
            return None;
        }
        let condition = self.schema(arena, value);
        let mut branch = |arena: &mut Arena, schema: Option<&'d Value>| {
            schema.map_or(ANY, |schema| self.schema(arena, schema))
        };
        let then = branch(arena, then);
        let otherwise = branch(arena, otherwise);
        let fails = arena.not(condition);
        let holds = arena.all([condition, then]);
        let fails = arena.all([fails, otherwise]);
        Some(arena.some([holds, fails]))
    }

    fn members(&mut self, arena: &mut Arena, keywords: &'d Keywords) -> Id {
        let named = self.map(arena, keywords.get("properties"));
        let patterned = self.map(arena, keywords.get("patternProperties"));
        let rest = keywords.get("additionalProperties");
        let schema = rest.map_or(ANY, |rest| self.schema(arena, rest));
        arena.members(Members {
            named,
            patterned,
            rest: schema,
            declares_rest: rest.is_some() && schema != NEVER,
        })
    }

    fn map(
        &mut self,
        arena: &mut Arena,
        schemas: Option<&'d Value>,
    ) -> Box<[(super::super::formula::Word, Id)]> {
        let schemas = schemas.and_then(Value::as_object).into_iter().flatten();
        let mut read: Vec<_> = schemas
            .map(|(name, schema)| {
                let schema = self.schema(arena, schema);
                (arena.intern(name), schema)
            })
            .collect();
        read.sort_unstable();
        read.into()
    }

    fn dependent_schemas(&mut self, arena: &mut Arena, value: &'d Value) -> Id {
        let mut parts = Vec::new();
        for (name, schema) in value.as_object().into_iter().flatten() {
            let schema = self.schema(arena, schema);
            let lacks = lacks(arena, name);
            parts.push(arena.some([lacks, schema]));
        }
        arena.all(parts)
    }

    fn items(&mut self, arena: &mut Arena, keywords: &'d Keywords) -> Id {
        let prefix = keywords.get("prefixItems");
        let prefix = prefix.map_or_else(Vec::new, |list| self.list(arena, list));
        let rest = keywords.get("items");
        let rest = rest.map_or(ANY, |rest| self.schema(arena, rest));
        items(arena, prefix, rest)
    }

    fn contains(&mut self, arena: &mut Arena, keywords: &'d Keywords, value: &'d Value) -> Id {
        let bound = |name| keywords.get(name).and_then(count);
        let schema = self.schema(arena, value);
        let (min, max) = (bound("minContains").unwrap_or(1), bound("maxContains"));
        match (min, max) {
            (0, None) => ANY,
            _ => arena.add(Node::Contains { schema, min, max }),
        }
    }
}

/// `Items`, without a prefix that says no more than the rest.
pub(super) fn items(arena: &mut Arena, mut prefix: Vec<Id>, rest: Id) -> Id {
    while prefix.last() == Some(&rest) {
        prefix.pop();
    }
    if prefix.is_empty() && rest == ANY {
        return ANY;
    }
    arena.items(Items {
        prefix: prefix.into(),
        rest,
    })
}

/// Holds of all but objects with this member.
pub(super) fn lacks(arena: &mut Arena, name: &str) -> Id {
    let object = arena.types(Mask::OBJECT);
    let name = arena.intern(name);
    let has = arena.add(Node::Has(name));
    let has = arena.all([object, has]);
    arena.not(has)
}

enum Scalar {
    Read(Id),
    Malformed,
    Other,
}

/// The keywords that hold no schemas.
fn scalar(arena: &mut Arena, keyword: &str, value: &Value) -> Scalar {
    let bounded = |arena: &mut Arena, node: fn(u64) -> Node, trivial: Option<u64>| {
        let bound = count(value)?;
        Some(if Some(bound) == trivial {
            ANY
        } else {
            arena.add(node(bound))
        })
    };
    let read = match keyword {
        "type" => types(value).map(|mask| arena.types(mask)),
        "const" => Some(arena.values([value])),
        "enum" => value.as_array().map(|values| arena.values(values)),
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            literal(value).and_then(|ratio| bound(arena, keyword, ratio))
        }
        "minLength" => bounded(arena, Node::LengthMin, Some(0)),
        "maxLength" => bounded(arena, Node::LengthMax, None),
        "minItems" => bounded(arena, Node::ItemsMin, Some(0)),
        "maxItems" => bounded(arena, Node::ItemsMax, None),
        "minProperties" => bounded(arena, Node::MembersMin, Some(0)),
        "maxProperties" => bounded(arena, Node::MembersMax, None),
        "uniqueItems" => value.as_bool().map(|unique| match unique {
            true => arena.add(Node::Unique),
            false => ANY,
        }),
        "pattern" => value.as_str().map(|text| pattern(arena, text)),
        "format" => value
            .as_str()
            .map(|name| match ASSERTED_FORMATS.contains(&name) {
                true => {
                    let word = arena.intern(name);
                    arena.add(Node::Format(word))
                }
                false => ANY,
            }),
        "required" => value.as_array().map(|names| {
            let parts: Vec<Id> = names
                .iter()
                .filter_map(Value::as_str)
                .map(|name| has(arena, name))
                .collect();
            arena.all(parts)
        }),
        _ => return Scalar::Other,
    };
    read.map_or(Scalar::Malformed, Scalar::Read)
}

/// A pattern. One that looks ahead from the beginning is taken apart: each look is a pattern of
/// its own, which matches or does not.
fn pattern(arena: &mut Arena, text: &str) -> Id {
    let mut parts = Vec::new();
    for (matches, part) in leading_looks(text).unwrap_or_else(|| vec![(true, text.to_owned())]) {
        let word = arena.intern(&part);
        let id = arena.add(Node::Pattern(word));
        parts.push(if matches { id } else { arena.not(id) });
    }
    arena.all(parts)
}

/// Keywords that carry what a number of JSON cannot, as text.
fn exactly(arena: &mut Arena, keyword: &str, value: &Value) -> Option<Id> {
    match (keyword, value.as_str()?) {
        ("format", "int32") => Some(range(arena, i64::from(i32::MIN), i64::from(i32::MAX))),
        ("format", "int64") => Some(range(arena, i64::MIN, i64::MAX)),
        ("const" | "enum", _) => None,
        (_, text) => bound(arena, keyword, Ratio::parse(text)?),
    }
}

fn range(arena: &mut Arena, from: i64, upto: i64) -> Id {
    let (from, upto) = (Ratio::integer(from), Ratio::integer(upto));
    let from = arena.intern_figure(from);
    let upto = arena.intern_figure(upto);
    let parts = [
        arena.add(Node::AtLeast(from)),
        arena.add(Node::AtMost(upto)),
    ];
    arena.all(parts)
}

fn bound(arena: &mut Arena, keyword: &str, ratio: Ratio) -> Option<Id> {
    if keyword == "multipleOf" && (ratio.is_zero() || ratio.abs() != ratio) {
        return None;
    }
    let figure = arena.intern_figure(ratio);
    Some(arena.add(match keyword {
        "minimum" => Node::AtLeast(figure),
        "exclusiveMinimum" => Node::Above(figure),
        "maximum" => Node::AtMost(figure),
        "exclusiveMaximum" => Node::Below(figure),
        "multipleOf" => Node::MultipleOf(figure),
        _ => return None,
    }))
}

fn has(arena: &mut Arena, name: &str) -> Id {
    let name = arena.intern(name);
    arena.add(Node::Has(name))
}

fn dependent_required(arena: &mut Arena, value: &Value) -> Option<Id> {
    let mut parts = Vec::new();
    for (name, demanded) in value.as_object()? {
        let demanded = demanded.as_array()?.iter().filter_map(Value::as_str);
        let demanded: Vec<Id> = demanded.map(|name| has(arena, name)).collect();
        let demanded = arena.all(demanded);
        let lacks = lacks(arena, name);
        parts.push(if demanded == ANY {
            ANY
        } else {
            arena.some([lacks, demanded])
        });
    }
    Some(arena.all(parts))
}

fn types(value: &Value) -> Option<Mask> {
    match value {
        Value::String(name) => Mask::named(name),
        Value::Array(names) => names.iter().try_fold(Mask::NONE, |mask, name| {
            Some(mask.or(Mask::named(name.as_str()?)?))
        }),
        _ => None,
    }
}

fn literal(value: &Value) -> Option<Ratio> {
    Ratio::of(value.as_number()?)
}

/// A count: JSON Schema allows it to be written as `2.0`.
pub(super) fn count(value: &Value) -> Option<u64> {
    literal(value)?.to_count()
}
