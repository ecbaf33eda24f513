//! Reads a schema keyword by keyword.

use serde_json::{Map, Value, json};

use portcullis_contract::ASSERTED_FORMATS;

use portcullis_json::ExactFraction;

use super::super::formula::{ANY, FormulaId, FormulaNode, ItemFormulas, NEVER, PropertyFormulas};
use super::super::formula_arena::FormulaArena;
use super::super::language::split_lookarounds;
use super::super::type_mask::TypeMask;
use super::formula_reader::FormulaReader;

type KeywordMap = Map<String, Value>;

impl<'d> FormulaReader<'d> {
    /// The formula of a keyword; `None` if it only annotates or another keyword includes it.
    pub(super) fn keyword(
        &mut self,
        arena: &mut FormulaArena,
        keywords: &'d KeywordMap,
        keyword: &str,
        value: &'d Value,
    ) -> Option<FormulaId> {
        let read = match keyword.strip_prefix("x-exact-") {
            Some(exact) => exactly(arena, exact, value),
            None if keyword == "x-unknown" => Some(self.broken_parts(arena, value)),
            // The other contract has broken parts, and may have this one.
            None if keyword == "enum" && arena.has_broken_parts && *value == json!([]) => {
                let reason = "`enum` is empty, so no value is valid";
                let part = json!([{ "reason": reason, "text": "enum []" }]);
                Some(self.broken_parts(arena, &part))
            }
            None => match scalar(arena, keyword, value) {
                ScalarKeyword::Read(id) => Some(id),
                ScalarKeyword::Malformed => None,
                ScalarKeyword::Other => return self.applicator(arena, keywords, keyword, value),
            },
        };
        Some(read.unwrap_or_else(|| self.opaque(arena, keyword, value, TypeMask::ALL)))
    }

    fn applicator(
        &mut self,
        arena: &mut FormulaArena,
        keywords: &'d KeywordMap,
        keyword: &str,
        value: &'d Value,
    ) -> Option<FormulaId> {
        Some(match keyword {
            "$ref" => self.reference(arena, value),
            "$dynamicRef" | "$recursiveRef" => self.opaque(arena, keyword, value, TypeMask::ALL),
            "allOf" => {
                let parts = self.list(arena, value);
                arena.all_of(parts)
            }
            "anyOf" => {
                let parts = self.list(arena, value);
                arena.any_of(parts)
            }
            "oneOf" => {
                let parts = self.list(arena, value);
                arena.one_of(parts)
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
                    arena.add(FormulaNode::PropertyNames(schema))
                }
            }
            "dependentSchemas" => self.dependent_schemas(arena, value),
            "dependentRequired" => dependent_required(arena, value)?,
            "prefixItems" => self.items(arena, keywords),
            "items" if !keywords.contains_key("prefixItems") => self.items(arena, keywords),
            "contains" => self.contains(arena, keywords, value),
            "unevaluatedProperties" => self.unevaluated_properties(arena, keywords, value),
            "unevaluatedItems" => self.unevaluated_items(arena, keywords, value),
            _ => return None,
        })
    }

    pub(super) fn list(&mut self, arena: &mut FormulaArena, value: &'d Value) -> Vec<FormulaId> {
        let schemas = value.as_array().into_iter().flatten();
        schemas.map(|schema| self.schema(arena, schema)).collect()
    }

    fn members(&mut self, arena: &mut FormulaArena, keywords: &'d KeywordMap) -> FormulaId {
        let named = self.map(arena, keywords.get("properties"));
        let patterned = self.map(arena, keywords.get("patternProperties"));
        let rest = keywords.get("additionalProperties");
        let schema = rest.map_or(ANY, |rest| self.schema(arena, rest));
        arena.members(PropertyFormulas {
            named,
            patterned,
            rest: schema,
            declares_rest: rest.is_some() && schema != NEVER,
        })
    }

    fn map(
        &mut self,
        arena: &mut FormulaArena,
        schemas: Option<&'d Value>,
    ) -> Box<[(super::super::formula::StringId, FormulaId)]> {
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

    fn items(&mut self, arena: &mut FormulaArena, keywords: &'d KeywordMap) -> FormulaId {
        let prefix = keywords.get("prefixItems");
        let prefix = prefix.map_or_else(Vec::new, |list| self.list(arena, list));
        let rest = keywords.get("items");
        let rest = rest.map_or(ANY, |rest| self.schema(arena, rest));
        items(arena, prefix, rest)
    }

    fn contains(
        &mut self,
        arena: &mut FormulaArena,
        keywords: &'d KeywordMap,
        value: &'d Value,
    ) -> FormulaId {
        let bound = |name| keywords.get(name).and_then(count);
        let schema = self.schema(arena, value);
        let (min, max) = (bound("minContains").unwrap_or(1), bound("maxContains"));
        match (min, max) {
            (0, None) => ANY,
            _ => arena.add(FormulaNode::Contains { schema, min, max }),
        }
    }
}

/// `items` and `prefixItems`, without trailing prefix schemas that equal the rest.
pub(super) fn items(
    arena: &mut FormulaArena,
    mut prefix: Vec<FormulaId>,
    rest: FormulaId,
) -> FormulaId {
    while prefix.last() == Some(&rest) {
        prefix.pop();
    }
    if prefix.is_empty() && rest == ANY {
        return ANY;
    }
    arena.items(ItemFormulas {
        prefix: prefix.into(),
        rest,
    })
}

/// Holds for everything except objects with this property.
pub(super) fn lacks(arena: &mut FormulaArena, name: &str) -> FormulaId {
    let object = arena.types(TypeMask::OBJECT);
    let name = arena.intern(name);
    let has = arena.add(FormulaNode::RequiredProperty(name));
    let has = arena.all_of([object, has]);
    arena.not(has)
}

enum ScalarKeyword {
    Read(FormulaId),
    Malformed,
    Other,
}

/// Reads keywords without subschemas.
fn scalar(arena: &mut FormulaArena, keyword: &str, value: &Value) -> ScalarKeyword {
    let bounded = |arena: &mut FormulaArena, node: fn(u64) -> FormulaNode, trivial: Option<u64>| {
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
        "minLength" => bounded(arena, FormulaNode::LengthMin, Some(0)),
        "maxLength" => bounded(arena, FormulaNode::LengthMax, None),
        "minItems" => bounded(arena, FormulaNode::ItemsMin, Some(0)),
        "maxItems" => bounded(arena, FormulaNode::ItemsMax, None),
        "minProperties" => bounded(arena, FormulaNode::PropertiesMin, Some(0)),
        "maxProperties" => bounded(arena, FormulaNode::PropertiesMax, None),
        "uniqueItems" => value.as_bool().map(|unique| {
            if unique {
                arena.add(FormulaNode::Unique)
            } else {
                ANY
            }
        }),
        "pattern" => value.as_str().map(|text| pattern(arena, text)),
        "format" => value.as_str().map(|name| {
            if ASSERTED_FORMATS.contains(&name) {
                let word = arena.intern(name);
                arena.add(FormulaNode::Format(word))
            } else {
                ANY
            }
        }),
        "required" => value.as_array().map(|names| {
            let parts: Vec<FormulaId> = names
                .iter()
                .filter_map(Value::as_str)
                .map(|name| has(arena, name))
                .collect();
            arena.all_of(parts)
        }),
        _ => return ScalarKeyword::Other,
    };
    read.map_or(ScalarKeyword::Malformed, ScalarKeyword::Read)
}

/// Reads a pattern. Lookaheads at the beginning are split off: each becomes a separate pattern,
/// positive or negative.
fn pattern(arena: &mut FormulaArena, text: &str) -> FormulaId {
    let mut parts = Vec::new();
    for (matches, part) in split_lookarounds(text).unwrap_or_else(|| vec![(true, text.to_owned())])
    {
        let word = arena.intern(&part);
        let id = arena.add(FormulaNode::Pattern(word));
        parts.push(if matches {
            id
        } else {
            // A pattern holds for all other types, so its negation alone would refuse them.
            let string = arena.types(TypeMask::STRING);
            let refused = arena.all_of([string, id]);
            arena.not(refused)
        });
    }
    arena.all_of(parts)
}

/// Reads keywords that carry exact numbers as text.
fn exactly(arena: &mut FormulaArena, keyword: &str, value: &Value) -> Option<FormulaId> {
    match (keyword, value.as_str()?) {
        ("format", "int32") => Some(range(arena, i64::from(i32::MIN), i64::from(i32::MAX))),
        ("format", "int64") => Some(range(arena, i64::MIN, i64::MAX)),
        ("const" | "enum", _) => None,
        (_, text) => bound(arena, keyword, ExactFraction::parse(text)?),
    }
}

fn range(arena: &mut FormulaArena, from: i64, upto: i64) -> FormulaId {
    let (from, upto) = (ExactFraction::integer(from), ExactFraction::integer(upto));
    let from = arena.intern_number(from);
    let upto = arena.intern_number(upto);
    let parts = [
        arena.add(FormulaNode::AtLeast(from)),
        arena.add(FormulaNode::AtMost(upto)),
    ];
    arena.all_of(parts)
}

fn bound(arena: &mut FormulaArena, keyword: &str, ratio: ExactFraction) -> Option<FormulaId> {
    if keyword == "multipleOf" && !ratio.is_positive() {
        return None;
    }
    let number_id = arena.intern_number(ratio);
    Some(arena.add(match keyword {
        "minimum" => FormulaNode::AtLeast(number_id),
        "exclusiveMinimum" => FormulaNode::Above(number_id),
        "maximum" => FormulaNode::AtMost(number_id),
        "exclusiveMaximum" => FormulaNode::Below(number_id),
        "multipleOf" => FormulaNode::MultipleOf(number_id),
        _ => return None,
    }))
}

fn has(arena: &mut FormulaArena, name: &str) -> FormulaId {
    let name = arena.intern(name);
    arena.add(FormulaNode::RequiredProperty(name))
}

fn dependent_required(arena: &mut FormulaArena, value: &Value) -> Option<FormulaId> {
    let mut parts = Vec::new();
    for (name, demanded) in value.as_object()? {
        let demanded = demanded.as_array()?.iter().filter_map(Value::as_str);
        let demanded: Vec<FormulaId> = demanded.map(|name| has(arena, name)).collect();
        let demanded = arena.all_of(demanded);
        let lacks = lacks(arena, name);
        parts.push(if demanded == ANY {
            ANY
        } else {
            arena.any_of([lacks, demanded])
        });
    }
    Some(arena.all_of(parts))
}

fn types(value: &Value) -> Option<TypeMask> {
    match value {
        Value::String(name) => TypeMask::named(name),
        Value::Array(names) => names.iter().try_fold(TypeMask::NONE, |mask, name| {
            Some(mask.or(TypeMask::named(name.as_str()?)?))
        }),
        _ => None,
    }
}

fn literal(value: &Value) -> Option<ExactFraction> {
    ExactFraction::of(value.as_number()?)
}

/// Reads a count, which JSON Schema also allows as `2.0`.
pub(super) fn count(value: &Value) -> Option<u64> {
    literal(value)?.to_count()
}
