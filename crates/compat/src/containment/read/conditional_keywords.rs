//! Reads the keywords that apply schemas under a condition: `if` and `dependentSchemas`.

use serde_json::{Map, Value};

use super::super::formula::{ANY, FormulaId, PropertyFormulas};
use super::super::formula_arena::FormulaArena;
use super::formula_reader::FormulaReader;
use super::schema_keywords::lacks;

impl<'d> FormulaReader<'d> {
    pub(super) fn condition(
        &mut self,
        arena: &mut FormulaArena,
        keywords: &'d Map<String, Value>,
        value: &'d Value,
    ) -> Option<FormulaId> {
        let (then, otherwise) = (keywords.get("then"), keywords.get("else"));
        if then.is_none() && otherwise.is_none() {
            return None;
        }
        let condition = self.schema(arena, value);
        let mut branch = |arena: &mut FormulaArena, schema: Option<&'d Value>| {
            schema.map_or(ANY, |schema| self.schema(arena, schema))
        };
        let then = branch(arena, then);
        let otherwise = branch(arena, otherwise);
        let fails = arena.not(condition);
        let holds = arena.all_of([condition, then]);
        let fails = arena.all_of([fails, otherwise]);
        let either = arena.any_of([holds, fails]);
        let parts = ["if", "then", "else"];
        let parts = parts.into_iter().filter_map(|name| keywords.get(name));
        let named = self.named_in(arena, parts.collect(), Vec::new());
        Some(arena.all_of([either, named]))
    }

    /// Holds for all values, and declares the properties that conditional schemas name: a producer
    /// may send them whether the condition holds or not.
    fn named_in(
        &self,
        arena: &mut FormulaArena,
        conditional: Vec<&'d Value>,
        mut names: Vec<&'d String>,
    ) -> FormulaId {
        let (mut open, mut seen) = (conditional, Vec::new());
        while let Some(schema) = open.pop() {
            if seen.iter().any(|known| std::ptr::eq(*known, schema)) {
                continue;
            }
            seen.push(schema);
            let properties = schema.get("properties").and_then(Value::as_object);
            names.extend(properties.into_iter().flatten().map(|(name, _)| name));
            for keyword in ["allOf", "anyOf", "oneOf"] {
                open.extend(
                    schema
                        .get(keyword)
                        .and_then(Value::as_array)
                        .into_iter()
                        .flatten(),
                );
            }
            open.extend(
                ["not", "if", "then", "else"]
                    .iter()
                    .filter_map(|name| schema.get(name)),
            );
            let reference = schema.get("$ref").and_then(Value::as_str);
            open.extend(reference.and_then(|reference| self.target(reference)));
        }
        if names.is_empty() {
            return ANY;
        }
        let mut named: Vec<_> = names.iter().map(|name| (arena.intern(name), ANY)).collect();
        named.sort_unstable();
        named.dedup();
        arena.members(PropertyFormulas {
            named: named.into(),
            patterned: Box::new([]),
            rest: ANY,
            declares_rest: false,
        })
    }

    pub(super) fn dependent_schemas(
        &mut self,
        arena: &mut FormulaArena,
        value: &'d Value,
    ) -> FormulaId {
        let mut parts = Vec::new();
        for (name, schema) in value.as_object().into_iter().flatten() {
            let schema = self.schema(arena, schema);
            let lacks = lacks(arena, name);
            parts.push(arena.any_of([lacks, schema]));
        }
        let (names, schemas) = value.as_object().into_iter().flatten().unzip();
        parts.push(self.named_in(arena, schemas, names));
        arena.all_of(parts)
    }
}
