//! One document: its definitions, and what references lead to.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::formula::{ANY, FormulaId, FormulaNode, NEVER};
use super::super::formula_arena::FormulaArena;
use super::super::type_mask::TypeMask;

/// What the lowered document calls itself where it holds other resources.
const ROOT: &str = "urn:portcullis:contract";
const RESOURCE: &str = "urn:portcullis:resource:";

/// A document while it is read.
#[derive(Debug)]
pub(crate) struct FormulaReader<'d> {
    pub(super) document: &'d Value,
    /// The annotation of members that this direction does not send.
    unsent: &'static str,
    /// Makes opaque nodes of this document unlike those of another.
    side: &'static str,
    /// The number of the first definition that is this document's.
    first: u32,
    numbers: DefinitionNumbers,
    queue: Vec<&'d Value>,
    /// Schemas whose unevaluated parts are being worked out.
    pub(super) resolving: Vec<&'d Map<String, Value>>,
    /// Whether all definitions are read, and what is not numbered is not known.
    is_complete: bool,
}

/// The numbers of definitions, by the pointers that lead to them.
pub(crate) type DefinitionNumbers = HashMap<String, u32>;

/// What a document says.
#[derive(Debug)]
pub(crate) struct DefinitionFormulas {
    /// The nodes of the members of `properties`; they hold references by number.
    pub(crate) roots: HashMap<String, FormulaId>,
    /// What the definitions say, from the first number on.
    pub(crate) bodies: Vec<FormulaId>,
    pub(crate) numbers: DefinitionNumbers,
}

impl<'d> FormulaReader<'d> {
    /// Begins to read; its definitions are numbered from `first`.
    pub(crate) fn new(
        document: &'d Value,
        unsent: &'static str,
        side: &'static str,
        first: usize,
    ) -> Self {
        Self {
            document,
            unsent,
            side,
            first: u32::try_from(first).expect("memory ends before u32 does"),
            numbers: HashMap::new(),
            queue: Vec::new(),
            resolving: Vec::new(),
            is_complete: false,
        }
    }

    /// Reads single schemas of a document that was read before.
    pub(crate) fn again(
        document: &'d Value,
        unsent: &'static str,
        side: &'static str,
        numbers: DefinitionNumbers,
    ) -> Self {
        Self {
            numbers,
            is_complete: true,
            ..Self::new(document, unsent, side, 0)
        }
    }

    /// The numbers, for another time.
    pub(crate) fn into_numbers(self) -> DefinitionNumbers {
        self.numbers
    }

    /// Reads all that `properties` of the document refers to.
    pub(crate) fn read(mut self, arena: &mut FormulaArena) -> DefinitionFormulas {
        let document = self.document;
        let roots = document.get("properties").and_then(Value::as_object);
        let roots = roots.into_iter().flatten();
        let roots = roots
            .map(|(key, schema)| (key.clone(), self.schema(arena, schema)))
            .collect();
        let mut bodies = Vec::new();
        while let Some(body) = self.queue.get(bodies.len()).copied() {
            bodies.push(self.schema(arena, body));
        }
        DefinitionFormulas {
            roots,
            bodies,
            numbers: self.numbers,
        }
    }

    pub(crate) fn schema(&mut self, arena: &mut FormulaArena, schema: &'d Value) -> FormulaId {
        match schema {
            Value::Bool(true) => ANY,
            Value::Bool(false) => NEVER,
            Value::Object(keywords) => self.object(arena, keywords),
            other => self.opaque(arena, "schema", other, TypeMask::ALL),
        }
    }

    /// What one keyword of a schema says.
    pub(crate) fn only(
        &mut self,
        arena: &mut FormulaArena,
        keywords: &'d Map<String, Value>,
        keyword: &str,
    ) -> FormulaId {
        let read = keywords
            .get(keyword)
            .and_then(|value| self.keyword(arena, keywords, keyword, value));
        read.unwrap_or(ANY)
    }

    fn object(&mut self, arena: &mut FormulaArena, keywords: &'d Map<String, Value>) -> FormulaId {
        let mut parts = Vec::new();
        for (keyword, value) in keywords {
            parts.extend(self.keyword(arena, keywords, keyword, value));
        }
        if keywords.get(self.unsent) == Some(&Value::Bool(true)) {
            parts.push(arena.add(FormulaNode::Unsent));
        }
        arena.all_of(parts)
    }

    /// `$ref`.
    pub(super) fn reference(
        &mut self,
        arena: &mut FormulaArena,
        reference: &'d Value,
    ) -> FormulaId {
        let Some((pointer, target)) = reference
            .as_str()
            .and_then(|text| resolve(self.document, text))
        else {
            // The meta-schema, which is the same everywhere.
            let word = arena.intern(&format!("$ref {reference}"));
            return arena.add(FormulaNode::Opaque(word, TypeMask::ALL));
        };
        if self.is_complete && !self.numbers.contains_key(&pointer) {
            return self.opaque(arena, "$ref", reference, TypeMask::ALL);
        }
        let next = self.first + u32::try_from(self.queue.len()).expect("memory ends before");
        let number = *self.numbers.entry(pointer).or_insert(next);
        if number == next {
            self.queue.push(target);
        }
        arena.add(FormulaNode::Reference(number))
    }

    /// A keyword that cannot be read. It equals the same words in the same document only, since
    /// what they mean may depend on what is around them.
    pub(super) fn opaque(
        &mut self,
        arena: &mut FormulaArena,
        keyword: &str,
        value: &Value,
        types: TypeMask,
    ) -> FormulaId {
        let word = arena.intern(&format!("{keyword} {value} {}", self.side));
        arena.add(FormulaNode::Opaque(word, types))
    }
}

/// The JSON Pointer that a reference within a document leads by, and what is there.
pub(crate) fn resolve<'d>(document: &'d Value, reference: &str) -> Option<(String, &'d Value)> {
    let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let fragment = percent_decoded(fragment);
    if !fragment.is_empty() && !fragment.starts_with('/') {
        return None;
    }
    let base = match base {
        "" | ROOT => String::new(),
        other => format!("/$defs/resource {}", other.strip_prefix(RESOURCE)?),
    };
    let pointer = base + &fragment;
    let target = document.pointer(&pointer)?;
    Some((pointer, target))
}

fn percent_decoded(fragment: &str) -> String {
    percent_encoding::percent_decode_str(fragment)
        .decode_utf8_lossy()
        .into_owned()
}
