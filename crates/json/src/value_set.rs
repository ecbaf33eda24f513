//! A set of values, for the `enum` of a schema.

use hashbrown::{DefaultHashBuilder, HashTable};

use super::equality::{hash_node, nodes_equal};
use super::json_node::JsonNode;
use super::syntax_error::SyntaxError;
use super::tape::Tape;
use super::{JsonKind, JsonLimits};

/// The elements of a JSON array. Looking a value up takes time in proportion to the value, however
/// many elements there are.
pub struct ValueSet {
    tape: Tape,
    source: String,
    /// The elements by their hash and their index on the tape.
    table: HashTable<(u64, u32)>,
    seed: DefaultHashBuilder,
    kinds: Vec<JsonKind>,
}

impl ValueSet {
    /// Reads the array. Other values have no elements.
    ///
    /// # Errors
    /// Where the text is not JSON.
    pub fn parse(source: String) -> Result<Self, SyntaxError> {
        let mut tape = Tape::new();
        let limits = JsonLimits {
            depth_max: u32::MAX,
            ..JsonLimits::default()
        };
        tape.parse("", source.as_bytes(), limits)?;
        let mut set = Self {
            tape,
            source,
            table: HashTable::new(),
            seed: DefaultHashBuilder::default(),
            kinds: Vec::new(),
        };
        let list = set.tape.root(&set.source);
        for element in list.elements() {
            let hash = hash_node(element, &set.seed);
            let entry = (hash, element.index());
            set.table.insert_unique(hash, entry, |(hash, _)| *hash);
            if !set.kinds.contains(&element.kind()) {
                set.kinds.push(element.kind());
            }
        }
        Ok(set)
    }

    /// The array that the set was read from.
    pub fn list(&self) -> JsonNode<'_> {
        self.tape.root(&self.source)
    }

    /// Whether an element equals the value in JSON Schema.
    pub fn contains(&self, value: JsonNode<'_>) -> bool {
        if !self.kinds.contains(&value.kind()) {
            return false;
        }
        let hash = hash_node(value, &self.seed);
        let is_same = |&(other, index): &(u64, u32)| {
            other == hash && nodes_equal(self.tape.node(index, &self.source), value)
        };
        self.table.find(hash, is_same).is_some()
    }
}

impl std::fmt::Debug for ValueSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ValueSet")
            .field("elements", &self.table.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_contains_equal_values() {
        let list = r#"[1, 2.50, "1", null, [1, {"a": 1, "b": 1e-400}]]"#;
        let set = ValueSet::parse(list.to_owned()).unwrap();
        for (text, expected) in [
            ("1.0", true),
            ("25e-1", true),
            ("2.5000000000000000000001", false),
            ("\"1\"", true),
            ("true", false),
            ("null", true),
            (r#"[1, {"b": 10e-401, "a": 1}]"#, true),
            (r#"[1, {"b": 1e-401, "a": 1}]"#, false),
            ("{}", false),
        ] {
            let mut tape = Tape::new();
            let source = tape
                .parse("", text.as_bytes(), JsonLimits::default())
                .unwrap();
            assert_eq!(set.contains(tape.root(source)), expected, "{text}");
        }
        assert!(ValueSet::parse("[1".to_owned()).is_err());
    }
}
