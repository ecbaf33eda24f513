//! Joins the keywords of several schemas into rules for one kind of value, except objects.
//!
//! Each function returns nothing if a keyword that concerns the kind is not covered.

use serde_json::Value;

use super::number_rules::{BoundSide, NumberBound, NumberRules};
use super::schema_kinds::SchemaKeywords;
use super::schema_places::SchemaPlaces;
use super::text_rules::{ComparedText, StringPattern, TextFormat, TextRules};
use super::value_rules::{ArrayRules, BooleanRules, KindRule};
use crate::schema::format::ASSERTED_FORMATS;
use crate::schema::lower::EXACT;
use crate::schema::pattern_keyword::SchemaPatterns;

/// What the keyword is without the prefix of its exact form.
fn plain_name(keyword: &str) -> &str {
    keyword.strip_prefix(EXACT).unwrap_or(keyword)
}

/// The values of `enum` or `const`, if the keyword is one of them.
fn listed<'s>(keyword: &str, value: &'s Value) -> Option<&'s [Value]> {
    match keyword {
        "const" => Some(std::slice::from_ref(value)),
        "enum" => Some(value.as_array().map_or(&[], Vec::as_slice)),
        _ => None,
    }
}

/// Whether a keyword lists values as JSON text, which is not read here.
fn is_exact_list(keyword: &str) -> bool {
    keyword.starts_with(EXACT) && matches!(plain_name(keyword), "const" | "enum")
}

fn count(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}

pub(super) fn null_rules(schemas: &[SchemaKeywords<'_>]) -> Option<()> {
    for (keyword, value) in schemas.iter().copied().flatten() {
        if is_exact_list(keyword) {
            return None;
        }
        if let Some(values) = listed(keyword, value) {
            values.contains(&Value::Null).then_some(())?;
        }
    }
    Some(())
}

pub(super) fn boolean_rules(schemas: &[SchemaKeywords<'_>]) -> Option<BooleanRules> {
    let mut rules = BooleanRules {
        admits_true: true,
        admits_false: true,
    };
    for (keyword, value) in schemas.iter().copied().flatten() {
        if is_exact_list(keyword) {
            return None;
        }
        if let Some(values) = listed(keyword, value) {
            rules.admits_true &= values.contains(&Value::Bool(true));
            rules.admits_false &= values.contains(&Value::Bool(false));
        }
    }
    Some(rules)
}

pub(super) fn number_rules(schemas: &[SchemaKeywords<'_>]) -> Option<NumberRules> {
    let mut rules = NumberRules::default();
    for (keyword, value) in schemas.iter().copied().flatten() {
        if is_exact_list(keyword) {
            return None;
        }
        if let Some(values) = listed(keyword, value) {
            rules.limit_to(integers(values)?);
            continue;
        }
        let literal = || match value {
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) => Some(text.clone()),
            _ => None,
        };
        let mut bound = |side, is_exclusive| {
            let bound = NumberBound::new(side, is_exclusive, &literal()?);
            rules.add_bound(bound);
            Some(())
        };
        match plain_name(keyword) {
            "type" if !names_number(value) => rules.require_integer(),
            "minimum" => bound(BoundSide::Lower, false)?,
            "exclusiveMinimum" => bound(BoundSide::Lower, true)?,
            "maximum" => bound(BoundSide::Upper, false)?,
            "exclusiveMaximum" => bound(BoundSide::Upper, true)?,
            "multipleOf" => rules.add_divisor(&literal()?),
            "format" if keyword.starts_with(EXACT) => {
                let (min, max) = match value.as_str()? {
                    "int32" => (i64::from(i32::MIN), i64::from(i32::MAX)),
                    "int64" => (i64::MIN, i64::MAX),
                    _ => return None,
                };
                let bound = |side, limit: i64| NumberBound::new(side, false, &limit.to_string());
                rules.add_bound(bound(BoundSide::Lower, min));
                rules.add_bound(bound(BoundSide::Upper, max));
            }
            _ => {}
        }
    }
    Some(rules)
}

/// Whether a `type` names `number`, not only `integer`.
fn names_number(types: &Value) -> bool {
    let is_number = |name: &Value| name.as_str() == Some("number");
    match types {
        Value::Array(names) => names.iter().any(is_number),
        name => is_number(name),
    }
}

/// The numbers among listed values, sorted. `None` if one of them is not a 64-bit integer.
fn integers(values: &[Value]) -> Option<Vec<i64>> {
    let numbers = values.iter().filter(|value| value.is_number());
    let mut integers: Vec<i64> = numbers.map(Value::as_i64).collect::<Option<_>>()?;
    integers.sort_unstable();
    Some(integers)
}

pub(super) fn text_rules(
    schemas: &[SchemaKeywords<'_>],
    patterns: &SchemaPatterns,
) -> Option<KindRule> {
    let mut rules = ComparedText::default();
    let (mut length_min, mut length_max) = (0, None);
    for (keyword, value) in schemas.iter().copied().flatten() {
        if is_exact_list(keyword) {
            return None;
        }
        if let Some(values) = listed(keyword, value) {
            rules.limit_to(values);
            continue;
        }
        match keyword.as_str() {
            "minLength" => length_min = length_min.max(count(value)?),
            "maxLength" => {
                let length = count(value)?;
                length_max = Some(length_max.map_or(length, |max| length.min(max)));
            }
            "pattern" => {
                let compiled = patterns.compiled(value.as_str()?).ok()?;
                rules.patterns.push(StringPattern::new(compiled)?);
            }
            "format" => {
                let name = value.as_str()?;
                if ASSERTED_FORMATS.contains(&name) {
                    rules.formats.push(TextFormat::of_name(name)?);
                }
            }
            _ => {}
        }
    }
    let rules = TextRules::new(rules, length_min, length_max);
    Some(rules.map_or(KindRule::AnyText, |rules| KindRule::Text(Box::new(rules))))
}

impl ComparedText {
    fn limit_to(&mut self, values: &[Value]) {
        let mut texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        texts.sort_unstable();
        match &mut self.one_of {
            Some(known) => known.retain(|text| texts.binary_search(&&**text).is_ok()),
            None => self.one_of = Some(texts.into_iter().map(Into::into).collect()),
        }
    }
}

pub(super) fn array_rules<'s>(
    places: &mut SchemaPlaces<'s>,
    schemas: &[SchemaKeywords<'s>],
) -> Option<ArrayRules> {
    let mut rules = ArrayRules {
        items_min: 0,
        items_max: usize::MAX,
        prefix: Box::default(),
        items: 0,
        unique: false,
    };
    let mut prefix_length = 0;
    for (keyword, value) in schemas.iter().copied().flatten() {
        match keyword.as_str() {
            "minItems" => rules.items_min = rules.items_min.max(count(value)?),
            "maxItems" => rules.items_max = rules.items_max.min(count(value)?),
            "uniqueItems" => rules.unique |= value.as_bool()?,
            "prefixItems" => prefix_length = prefix_length.max(value.as_array()?.len()),
            "contains" | "unevaluatedItems" => return None,
            _ if is_exact_list(keyword) || listed(keyword, value).is_some() => return None,
            _ => {}
        }
    }
    let mut place = |at: usize| places.place(element_schemas(schemas, at));
    rules.prefix = (0..prefix_length).map(&mut place).collect::<Option<_>>()?;
    rules.items = place(prefix_length)?;
    Some(rules)
}

/// The schemas that apply to the element at an index.
fn element_schemas<'s>(schemas: &[SchemaKeywords<'s>], at: usize) -> Vec<&'s Value> {
    let of_schema = |keywords: &SchemaKeywords<'s>| {
        let prefix = keywords.get("prefixItems").and_then(Value::as_array);
        match prefix.and_then(|prefix| prefix.get(at)) {
            Some(schema) => Some(schema),
            None => keywords.get("items"),
        }
    };
    schemas.iter().filter_map(of_schema).collect()
}
