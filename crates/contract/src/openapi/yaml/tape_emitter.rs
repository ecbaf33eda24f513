//! Writes items to a tape: expands aliases, resolves merge keys and rejects duplicate keys.

use std::collections::HashSet;

use super::composer::{YamlContent, YamlItem, YamlPosition};
use super::scalar::{ScalarTag, YamlScalar, resolve};
use super::yaml_error::YamlError;
use portcullis_json::{DuplicateKeys, JsonLimits, Tape};

/// How the message about a repeated key begins.
pub(in crate::openapi) const REPEATED_KEY: &str = "duplicate key";

/// The property of the tape's wrapper object that holds the document.
const DOCUMENT_KEY: &str = "document";

/// The maximum size that aliases and merge keys may add to a document, in bytes of tape and text.
const EXPANSION_BYTES_MAX: usize = 64 << 20;

/// The cost of one added entry, in addition to its text.
const ENTRY_BYTES: usize = 20;

/// Writes the document to a new tape.
pub(super) fn emit(items: &[YamlItem<'_>], limits: JsonLimits) -> Result<Tape, YamlError> {
    let mut tape = Tape::new();
    tape.begin(DOCUMENT_KEY);
    let first = items.first().map_or(1, |item| item.position.line);
    let mut emitter = TapeEmitter {
        items,
        limits,
        tape,
        lines: vec![first, first],
        expansion_bytes: EXPANSION_BYTES_MAX,
        copies: 0,
    };
    emitter.value(0, 0)?;
    let TapeEmitter {
        mut tape, lines, ..
    } = emitter;
    tape.set_lines(lines);
    tape.shrink_to_fit();
    Ok(tape)
}

struct TapeEmitter<'a> {
    items: &'a [YamlItem<'a>],
    limits: JsonLimits,
    tape: Tape,
    /// The line of each tape entry.
    lines: Vec<u32>,
    /// The remaining part of [`EXPANSION_BYTES_MAX`].
    expansion_bytes: usize,
    /// How many aliases and merges enclose the current item. Above 0, the item is a copy.
    copies: u32,
}

/// An entry of a mapping: the indices of its key and its value.
type MappingEntry = (usize, usize);

impl<'a> TapeEmitter<'a> {
    /// Emits the item at index `at`, which is inside `depth` containers. The depth limit bounds the
    /// recursion.
    fn value(&mut self, at: usize, depth: u32) -> Result<(), YamlError> {
        let item = &self.items[at];
        match &item.content {
            YamlContent::Scalar { text, plain, tag } => {
                let scalar = resolve(text, *plain, *tag).map_err(|why| item.position.error(why))?;
                self.scalar(text, scalar, item.position)
            }
            YamlContent::Alias(target) => self.copied(|this| this.value(*target, depth)),
            YamlContent::Sequence { past } => {
                self.enter(item.position, depth)?;
                self.tape.begin_array();
                let mut element = at + 1;
                while element < *past {
                    self.value(element, depth + 1)?;
                    element = self.items[element].end_index(element);
                }
                self.tape.end();
                Ok(())
            }
            YamlContent::Mapping { past } => self.mapping(at, *past, depth),
        }
    }

    fn copied<T>(&mut self, emit: impl FnOnce(&mut Self) -> T) -> T {
        self.copies += 1;
        let emitted = emit(self);
        self.copies -= 1;
        emitted
    }

    fn scalar(
        &mut self,
        text: &str,
        scalar: YamlScalar,
        position: YamlPosition,
    ) -> Result<(), YamlError> {
        self.note_entry(position, text.len())?;
        match scalar {
            YamlScalar::Null => self.tape.null(),
            YamlScalar::Boolean(value) => self.tape.boolean(value),
            YamlScalar::String => self.tape.string(text),
            YamlScalar::Number(literal) => {
                self.tape
                    .number(&literal)
                    .map_err(|error| position.error(error.to_string()))?;
            }
        }
        Ok(())
    }

    /// Checks the depth limit and records the container that is about to be opened.
    fn enter(&mut self, position: YamlPosition, depth: u32) -> Result<(), YamlError> {
        if depth >= self.limits.depth_max {
            let depth_max = self.limits.depth_max;
            return Err(position.error(format!("nested deeper than {depth_max} levels by aliases")));
        }
        self.note_entry(position, 0)
    }

    /// Records the line of the next tape entry and charges it to the budget if it is a copy.
    fn note_entry(&mut self, position: YamlPosition, text_bytes: usize) -> Result<(), YamlError> {
        if self.copies > 0 {
            self.charge(ENTRY_BYTES + text_bytes, position)?;
        }
        self.lines.push(position.line);
        Ok(())
    }

    fn charge(&mut self, bytes: usize, position: YamlPosition) -> Result<(), YamlError> {
        self.expansion_bytes = self
            .expansion_bytes
            .checked_sub(bytes)
            .ok_or_else(|| position.error("aliases expand the document beyond 64 MiB"))?;
        Ok(())
    }

    fn mapping(&mut self, at: usize, past: usize, depth: u32) -> Result<(), YamlError> {
        self.enter(self.items[at].position, depth)?;
        let object = self.tape.len();
        self.tape.begin_object();
        let mut merges = Vec::new();
        let mut key = at + 1;
        while key < past {
            let value = self.items[key].end_index(key);
            if self.is_merge(key) {
                merges.push(value);
            } else {
                self.member((key, value), depth)?;
            }
            key = self.items[value].end_index(value);
        }
        if !merges.is_empty() {
            let mut inherited = Vec::new();
            let mut names = self.own_names(at, past)?;
            for source in merges {
                self.merge(source, depth, &mut names, &mut inherited)?;
            }
            self.copied(|this| {
                inherited
                    .into_iter()
                    .try_for_each(|member| this.member(member, depth))
            })?;
        }
        self.close_mapping(object)
    }

    fn member(&mut self, (key, value): MappingEntry, depth: u32) -> Result<(), YamlError> {
        let position = self.items[key].position;
        let name = self.name(key)?;
        self.note_entry(position, name.len())?;
        self.tape.key(name);
        self.value(value, depth + 1)
    }

    fn close_mapping(&mut self, object: usize) -> Result<(), YamlError> {
        debug_assert!(object < self.tape.len(), "the object is on the tape");
        match (self.tape.end_checked(), self.limits.duplicate_keys) {
            (Err(repeated), DuplicateKeys::Refuse) => {
                let first = self.lines[repeated.first as usize];
                let line = self.lines[repeated.second as usize];
                let name = self.tape.name_at(repeated.second);
                let message = format!("{REPEATED_KEY} {name:?}, first used on line {first}");
                Err(YamlError {
                    line,
                    column: 1,
                    message,
                })
            }
            _ => Ok(()),
        }
    }

    /// The text of a key, as it is written.
    fn name(&self, key: usize) -> Result<&'a str, YamlError> {
        let position = self.items[key].position;
        match &self.items[self.target(key)].content {
            YamlContent::Scalar {
                text,
                plain: true,
                tag: None,
            } if text.is_empty() => Err(position.error("the key is empty")),
            YamlContent::Scalar {
                tag: Some(ScalarTag::Merge),
                ..
            } => Err(position.error("the tag `!!merge` belongs to the key `<<`: remove it")),
            YamlContent::Scalar { text, .. } => Ok(text),
            YamlContent::Sequence { .. } | YamlContent::Mapping { .. } | YamlContent::Alias(_) => {
                Err(position.error("the key is not a scalar"))
            }
        }
    }

    fn target(&self, mut at: usize) -> usize {
        while let YamlContent::Alias(target) = self.items[at].content {
            at = target;
        }
        at
    }

    /// Whether a key is the merge key: `<<` without quotes, or with its tag.
    fn is_merge(&self, key: usize) -> bool {
        match &self.items[key].content {
            YamlContent::Scalar { text, plain, tag } => {
                text == "<<" && (*tag == Some(ScalarTag::Merge) || (*plain && tag.is_none()))
            }
            YamlContent::Sequence { .. } | YamlContent::Mapping { .. } | YamlContent::Alias(_) => {
                false
            }
        }
    }

    fn own_names(&self, at: usize, past: usize) -> Result<HashSet<&'a str>, YamlError> {
        let mut names = HashSet::new();
        let mut key = at + 1;
        while key < past {
            if !self.is_merge(key) {
                names.insert(self.name(key)?);
            }
            let value = self.items[key].end_index(key);
            key = self.items[value].end_index(value);
        }
        Ok(names)
    }

    /// Collects the entries that the mapping at index `at`, or each mapping of the sequence there,
    /// adds to `names`. Earlier sources take precedence, and the entries of a mapping take
    /// precedence over those that it merges.
    fn merge(
        &mut self,
        at: usize,
        depth: u32,
        names: &mut HashSet<&'a str>,
        inherited: &mut Vec<MappingEntry>,
    ) -> Result<(), YamlError> {
        let position = self.items[at].position;
        self.charge(ENTRY_BYTES, position)?;
        if depth >= self.limits.depth_max {
            return Err(position.error("merge keys refer to each other too deeply"));
        }
        let source = self.target(at);
        match self.items[source].content {
            YamlContent::Sequence { past } => {
                let mut element = source + 1;
                while element < past {
                    self.merge(element, depth + 1, names, inherited)?;
                    element = self.items[element].end_index(element);
                }
                Ok(())
            }
            YamlContent::Mapping { past } => {
                let mut merges = Vec::new();
                let mut key = source + 1;
                while key < past {
                    self.charge(ENTRY_BYTES, position)?;
                    let value = self.items[key].end_index(key);
                    if self.is_merge(key) {
                        merges.push(value);
                    } else if names.insert(self.name(key)?) {
                        inherited.push((key, value));
                    }
                    key = self.items[value].end_index(value);
                }
                merges
                    .into_iter()
                    .try_for_each(|at| self.merge(at, depth + 1, names, inherited))
            }
            YamlContent::Scalar { .. } | YamlContent::Alias(_) => Err(position
                .error("the value of the merge key `<<` must be a mapping or a list of mappings")),
        }
    }
}
