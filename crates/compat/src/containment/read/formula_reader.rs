//! Reads one document: its schemas and the definitions that they refer to.

use hashbrown::HashMap;

use serde_json::{Map, Value};

use super::super::formula::{ANY, FormulaId, FormulaNode, NEVER};
use super::super::formula_arena::FormulaArena;
use super::super::type_mask::TypeMask;
use super::edited_definitions::{EditedDefinitions, in_other};

/// The base URI of a lowered document with embedded resources.
const ROOT: &str = "urn:portcullis:contract";
const RESOURCE: &str = "urn:portcullis:resource:";

/// The first word of what identifies a broken part.
const BROKEN: &str = "broken";

/// A document while it is read.
#[derive(Debug)]
pub(crate) struct FormulaReader<'d> {
    pub(super) document: &'d Value,
    /// The annotation of properties that are not sent in this direction.
    unsent: &'static str,
    /// Distinguishes opaque nodes of this document from those of the other.
    side: &'static str,
    /// The number of this document's first definition.
    first: u32,
    numbers: DefinitionNumbers,
    queue: Vec<&'d Value>,
    /// Schemas whose unevaluated keywords are being resolved.
    pub(super) resolving: Vec<&'d Map<String, Value>>,
    /// Whether all definitions are read. After that, unnumbered references are unknown.
    is_complete: bool,
    /// Definitions to read in an edited form.
    edits: Option<EditedReading<'d>>,
}

/// What an edited schema is read with.
#[derive(Debug)]
struct EditedReading<'d> {
    definitions: &'d EditedDefinitions,
    /// The edited definitions that are being read, outermost first, with the number of each that
    /// refers to itself.
    open: Vec<(String, Option<u32>)>,
    /// What a reference to an edited definition inside of itself means.
    recursion: EditedRecursion,
    /// The edited definitions that refer to themselves, by number.
    recursive: Vec<(u32, FormulaId)>,
    /// The edited definitions that were read.
    done: HashMap<String, FormulaId>,
    other: OtherDocument<'d>,
}

/// What a reference to an edited definition inside of itself means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EditedRecursion {
    /// The definition without the edit. The search is short, because deeper values differ in
    /// nothing.
    Unedited,
    /// The edited definition: the edit applies at every depth.
    Edited,
}

/// The other document, from which edits take their new parts. It is already read.
#[derive(Debug)]
pub(crate) struct OtherDocument<'d> {
    pub(crate) document: &'d Value,
    pub(crate) numbers: DefinitionNumbers,
}

/// The numbers of definitions by JSON pointer.
pub(crate) type DefinitionNumbers = HashMap<String, u32>;

/// The formulas of a document.
#[derive(Debug)]
pub(crate) struct DefinitionFormulas {
    /// The formulas of `properties`, in which references are numbers.
    pub(crate) roots: HashMap<String, FormulaId>,
    /// The bodies of the definitions, starting with the first number.
    pub(crate) bodies: Vec<FormulaId>,
    pub(crate) numbers: DefinitionNumbers,
}

impl<'d> FormulaReader<'d> {
    /// Creates a reader that numbers definitions from `first`.
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
            edits: None,
        }
    }

    /// Creates a reader for single schemas of a document that is already read.
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

    /// Reads some definitions in an edited form.
    pub(crate) fn with_edits(
        self,
        definitions: &'d EditedDefinitions,
        other: OtherDocument<'d>,
        recursion: EditedRecursion,
    ) -> Self {
        Self {
            edits: Some(EditedReading {
                definitions,
                open: Vec::new(),
                recursion,
                recursive: Vec::new(),
                done: HashMap::new(),
                other,
            }),
            ..self
        }
    }

    /// Returns the numbers for the next reader: those of this document and, if it was read with
    /// edits, of the other.
    pub(crate) fn into_numbers(self) -> (DefinitionNumbers, DefinitionNumbers) {
        let other = self.edits.map(|edits| edits.other.numbers);
        (self.numbers, other.unwrap_or_default())
    }

    /// The edited definitions that refer to themselves, by number.
    pub(crate) fn take_recursive(&mut self) -> Vec<(u32, FormulaId)> {
        let edits = self.edits.as_mut();
        edits.map_or_else(Vec::new, |edits| std::mem::take(&mut edits.recursive))
    }

    /// Reads `properties` of the document and everything it refers to.
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

    /// The formula of one keyword of a schema.
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

    /// Reads `$ref`.
    pub(super) fn reference(
        &mut self,
        arena: &mut FormulaArena,
        reference: &'d Value,
    ) -> FormulaId {
        let text = reference.as_str();
        if let Some(text) = text.and_then(in_other) {
            return self.reference_to_other(arena, text, reference);
        }
        let Some((pointer, target)) = text.and_then(|text| resolve(self.document, text)) else {
            // The meta-schema, which is the same in both documents.
            let word = arena.intern(&format!("$ref {reference}"));
            return arena.add(FormulaNode::Opaque(word, TypeMask::ALL));
        };
        if let Some(edited) = self.edited_definition(arena, &pointer, target) {
            return edited;
        }
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

    /// The broken parts of a schema. Parts with the same text mean the same.
    pub(super) fn broken_parts(&mut self, arena: &mut FormulaArena, parts: &Value) -> FormulaId {
        let parts = parts.as_array().into_iter().flatten();
        let parts: Vec<FormulaId> = parts
            .map(|part| {
                let text = |name: &str| part.get(name).and_then(Value::as_str);
                let reason = text("reason").unwrap_or_default();
                let word = match text("text") {
                    Some(text) => arena.intern(&format!("{BROKEN} {text}")),
                    None => arena.intern(&format!("{BROKEN} {reason} {}", self.side)),
                };
                let reasons = &mut arena.broken_parts;
                reasons.entry(word).or_insert_with(|| reason.to_owned());
                arena.add(FormulaNode::Opaque(word, TypeMask::ALL))
            })
            .collect();
        arena.all_of(parts)
    }

    fn reference_to_other(
        &mut self,
        arena: &mut FormulaArena,
        text: &str,
        reference: &'d Value,
    ) -> FormulaId {
        let number = self.edits.as_ref().and_then(|edits| {
            let (pointer, _) = resolve(edits.other.document, text)?;
            edits.other.numbers.get(&pointer).copied()
        });
        match number {
            Some(number) => arena.add(FormulaNode::Reference(number)),
            None => self.opaque(arena, "$ref", reference, TypeMask::ALL),
        }
    }

    /// The formula of a definition in its edited form; `None` if it is not edited, or if it is being
    /// read already and counts as unedited there.
    fn edited_definition(
        &mut self,
        arena: &mut FormulaArena,
        pointer: &str,
        target: &'d Value,
    ) -> Option<FormulaId> {
        let edits = self.edits.as_mut()?;
        if !edits.definitions.touched.contains(pointer) {
            return None;
        }
        if let Some((_, number)) = edits.open.iter_mut().find(|(open, _)| open == pointer) {
            return match edits.recursion {
                EditedRecursion::Unedited => None,
                EditedRecursion::Edited => {
                    let number = *number.get_or_insert_with(|| arena.add_definition());
                    Some(arena.add(FormulaNode::Reference(number)))
                }
            };
        }
        if let Some(done) = edits.done.get(pointer) {
            return Some(*done);
        }
        let body = edits.definitions.bodies.get(pointer).unwrap_or(target);
        edits.open.push((pointer.to_owned(), None));
        let id = self.schema(arena, body);
        let edits = self.edits.as_mut()?;
        if let Some((_, Some(number))) = edits.open.pop() {
            edits.recursive.push((number, id));
        }
        edits.done.insert(pointer.to_owned(), id);
        Some(id)
    }

    /// The target of a reference, in its edited form if it has one.
    pub(super) fn target(&self, reference: &str) -> Option<&'d Value> {
        let edits = self.edits.as_ref();
        if let Some(text) = in_other(reference) {
            return Some(resolve(edits?.other.document, text)?.1);
        }
        let (pointer, target) = resolve(self.document, reference)?;
        let edited = edits.and_then(|edits| edits.definitions.bodies.get(&pointer));
        Some(edited.unwrap_or(target))
    }

    /// A keyword that cannot be interpreted. It equals the same keyword of the same document only,
    /// because its meaning can depend on its context.
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

/// Resolves a reference within a document to a JSON pointer and its target.
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
