//! Judges texts that are not JSON but are read as scalars: the texts of parameters.

use std::borrow::Cow;
use std::cell::Cell;

use super::number_rules::{NumberLiteral, ShortDecimal};
use super::schema_kinds::KindSet;
use super::value_rules::{KindRule, OnePassProgram, ValueRules};
use crate::schema::schema_surface::TypeSet;

/// The most steps that the patterns of one text may take.
const STEPS_MAX: u64 = 1 << 12;

impl OnePassProgram {
    /// Whether a text, read as a scalar of these types, is known to satisfy the schema with this
    /// number.
    pub(in crate::schema) fn accepts_scalar(&self, root: u32, text: &str, types: TypeSet) -> bool {
        self.root_rules(root)
            .is_some_and(|rules| rules.accepts_scalar(text, types))
    }

    /// Whether the array of these texts, each read as a scalar, is known to satisfy the schema with
    /// this number. A text that is missing is not known.
    pub(in crate::schema) fn accepts_scalars<'t>(
        &self,
        root: u32,
        texts: impl Iterator<Item = Option<Cow<'t, str>>>,
        types: TypeSet,
    ) -> bool {
        let rules = self.root_rules(root);
        let Some(KindRule::Array(array)) = rules.and_then(|rules| rules.of_kind(KindSet::ARRAY))
        else {
            return false;
        };
        let mut count = 0;
        for text in texts {
            let id = *array.prefix.get(count).unwrap_or(&array.items);
            let rules = self.values.get(id as usize);
            let is_accepted =
                |text: Cow<'_, str>| rules?.accepts_scalar(&text, types).then_some(());
            if text.and_then(is_accepted).is_none() {
                return false;
            }
            count += 1;
        }
        let differ = !array.unique || count == 1;
        differ && count > 0 && count >= array.items_min && count <= array.items_max
    }

    fn root_rules(&self, root: u32) -> Option<&ValueRules> {
        let id = (*self.roots.get(root as usize)?)?;
        self.values.get(id as usize)
    }
}

impl ValueRules {
    /// Judges a text as the first of the types that it has, which is how it is written to a tape.
    fn accepts_scalar(&self, text: &str, types: TypeSet) -> bool {
        if types.has(TypeSet::NUMBER) {
            // Another text may be a long number or a value of another type.
            let scanned = ShortDecimal::scan(text.as_bytes(), 0);
            return match (scanned, self.of_kind(KindSet::NUMBER)) {
                (Some((short, past)), Some(KindRule::Number(rules))) if past == text.len() => rules
                    .accepts(NumberLiteral {
                        text,
                        from: 0,
                        past,
                        short: Some(short),
                    }),
                _ => false,
            };
        }
        if types.has(TypeSet::BOOLEAN) && matches!(text, "true" | "false") {
            return match self.of_kind(KindSet::BOOLEAN) {
                Some(KindRule::Boolean(rules)) if text == "true" => rules.admits_true,
                Some(KindRule::Boolean(rules)) => rules.admits_false,
                _ => false,
            };
        }
        match self.of_kind(KindSet::STRING) {
            Some(KindRule::AnyText) => true,
            Some(KindRule::Text(rules)) => {
                let steps = Cell::new(0);
                rules.accepts(text, &steps) && steps.get() <= STEPS_MAX
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{document, is_valid};
    use super::*;
    use crate::schema::pattern_keyword::SchemaPatterns;

    const NUMBER: TypeSet = TypeSet::NUMBER;
    const STRING: TypeSet = TypeSet::STRING;
    const BOOLEAN: TypeSet = TypeSet::BOOLEAN;

    fn accepts(schema: &Value, text: &str, types: TypeSet) -> bool {
        let document = document(schema, &[]);
        OnePassProgram::new(&document, &[0], &SchemaPatterns::default())
            .accepts_scalar(0, text, types)
    }

    fn accepts_array(schema: &Value, texts: &[&str], types: TypeSet) -> bool {
        let document = document(schema, &[]);
        let texts = texts.iter().map(|text| Some(Cow::Borrowed(*text)));
        OnePassProgram::new(&document, &[0], &SchemaPatterns::default())
            .accepts_scalars(0, texts, types)
    }

    #[test]
    fn plain_parameters_are_covered() {
        let covered = [
            (json!({"type": "integer", "minimum": 1}), "20", NUMBER),
            (json!({"type": "number", "maximum": 2}), "-1.5", NUMBER),
            (json!({"type": "string", "enum": ["open"]}), "open", STRING),
            (json!({"type": "string", "maxLength": 3}), "é\"\\", STRING),
            (json!({"type": "string"}), "true", STRING),
            (json!({"type": "boolean"}), "true", BOOLEAN),
            (json!({"const": false}), "false", BOOLEAN),
        ];
        for (schema, text, types) in covered {
            assert!(accepts(&schema, text, types), "{schema} {text}");
        }
    }

    #[test]
    fn what_is_accepted_is_valid_as_the_first_type_of_the_text() {
        let schemas = [
            json!({}),
            json!(false),
            json!({"type": ["integer", "null"], "minimum": -1, "multipleOf": 2}),
            json!({"type": "number", "exclusiveMaximum": 20, "enum": [1, 20, "a"]}),
            json!({"type": ["string", "boolean"], "minLength": 1, "pattern": "^[a-z]+$"}),
            json!({"type": "string", "format": "uuid"}),
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
            json!({"const": true}),
            json!({"not": {"type": "string"}}),
        ];
        let texts = [
            "",
            "0",
            "-0",
            "01",
            "1.0",
            "2",
            "-2",
            "20",
            "1e2",
            "+1",
            " 1",
            "1 ",
            "-",
            "null",
            "true",
            "false",
            "a",
            "é",
            "\"a\"",
            "123456789012345678901",
            "7f9c24e5-5f1b-4c1e-9d4b-2f0c1f1f7a10",
        ];
        for schema in &schemas {
            let document = document(schema, &[]);
            for (text, types) in texts.iter().flat_map(|text| {
                [NUMBER, STRING, BOOLEAN, TypeSet::SCALAR].map(|types| (text, types))
            }) {
                let is_number = types.has(NUMBER) && serde_json::from_str::<f64>(text).is_ok();
                let is_boolean = types.has(BOOLEAN) && matches!(*text, "true" | "false");
                let value = if is_number || is_boolean {
                    (*text).to_owned()
                } else {
                    json!(text).to_string()
                };
                let accepted = accepts(schema, text, types);
                assert!(!accepted || is_valid(&document, &value), "{schema} {value}");
            }
        }
    }

    #[test]
    fn arrays_follow_their_rules() {
        let schema = json!({
            "type": "array", "maxItems": 2, "items": {"type": "string", "enum": ["open", "paid"]}
        });
        assert!(accepts_array(&schema, &["open", "paid"], STRING));
        assert!(!accepts_array(&schema, &["open", "shut"], STRING));
        assert!(!accepts_array(&schema, &["open", "paid", "paid"], STRING));
        assert!(!accepts_array(&schema, &[], STRING));
        let schema = json!({"type": "array", "minItems": 2, "prefixItems": [{"type": "integer"}]});
        assert!(!accepts_array(&schema, &["1"], NUMBER));
        assert!(accepts_array(&schema, &["1", "2"], NUMBER));
        let schema = json!({"type": "array", "uniqueItems": true, "items": {"type": "integer"}});
        assert!(accepts_array(&schema, &["1"], NUMBER));
        assert!(!accepts_array(&schema, &["1", "1"], NUMBER));
        let missing =
            OnePassProgram::new(&document(&json!({}), &[]), &[0], &SchemaPatterns::default());
        assert!(!missing.accepts_scalars(0, [None].into_iter(), STRING));
    }
}
