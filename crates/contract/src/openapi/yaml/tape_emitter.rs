//! Items onto a tape: aliases expanded, merge keys resolved, repeated names refused.

use std::collections::HashSet;

use super::composer::{YamlContent, YamlItem, YamlPosition};
use super::scalar::{YamlScalar, resolve};
use super::yaml_error::YamlError;
use portcullis_json::{DuplicateKeys, JsonLimits, Tape};

/// The member of the tape's wrapper that holds a document.
const DOCUMENT_KEY: &str = "document";

/// What aliases and merge keys may add to a document, in bytes of tape and text.
const EXPANSION_BYTES_MAX: usize = 64 << 20;

/// What one more entry costs of that, beside its text.
const ENTRY_BYTES: usize = 20;

/// Puts the document on a new tape.
pub(super) fn emit(items: &[YamlItem<'_>], limits: JsonLimits) -> Result<Tape, YamlError> {
    let mut tape = Tape::new();
    tape.begin(DOCUMENT_KEY);
    let first = items.first().map_or(1, |item| item.place.line);
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
    /// The line of each entry of the tape.
    lines: Vec<u32>,
    /// What is left of [`EXPANSION_BYTES_MAX`].
    expansion_bytes: usize,
    /// Aliases and merges around the item at hand; what is emitted within is a copy.
    copies: u32,
}

/// A member of a mapping: the positions of its key and its value.
type MappingEntry = (usize, usize);

impl<'a> TapeEmitter<'a> {
    /// Emits the item at `at`, inside `depth` containers. Recursive within the depth limit.
    fn value(&mut self, at: usize, depth: u32) -> Result<(), YamlError> {
        let item = &self.items[at];
        match &item.content {
            YamlContent::Scalar { text, plain, tag } => {
                let scalar = resolve(text, *plain, *tag).map_err(|why| item.place.error(why))?;
                self.scalar(text, scalar, item.place)
            }
            YamlContent::Alias(target) => self.copied(|this| this.value(*target, depth)),
            YamlContent::Sequence { past } => {
                self.enter(item.place, depth)?;
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
        place: YamlPosition,
    ) -> Result<(), YamlError> {
        self.note_entry(place, text.len())?;
        match scalar {
            YamlScalar::Null => self.tape.null(),
            YamlScalar::Boolean(value) => self.tape.boolean(value),
            YamlScalar::String => self.tape.string(text),
            YamlScalar::Number(literal) => {
                self.tape
                    .number(&literal)
                    .map_err(|error| place.error(error.to_string()))?;
            }
        }
        Ok(())
    }

    /// Counts the container that is about to be opened.
    fn enter(&mut self, place: YamlPosition, depth: u32) -> Result<(), YamlError> {
        if depth >= self.limits.depth_max {
            let depth_max = self.limits.depth_max;
            return Err(place.error(format!("nested deeper than {depth_max} levels by aliases")));
        }
        self.note_entry(place, 0)
    }

    /// Notes the line of the entry that is about to be put on the tape.
    fn note_entry(&mut self, place: YamlPosition, text_bytes: usize) -> Result<(), YamlError> {
        if self.copies > 0 {
            self.charge(ENTRY_BYTES + text_bytes, place)?;
        }
        self.lines.push(place.line);
        Ok(())
    }

    fn charge(&mut self, bytes: usize, place: YamlPosition) -> Result<(), YamlError> {
        self.expansion_bytes = self
            .expansion_bytes
            .checked_sub(bytes)
            .ok_or_else(|| place.error("the document grows beyond all bounds by its aliases"))?;
        Ok(())
    }

    fn mapping(&mut self, at: usize, past: usize, depth: u32) -> Result<(), YamlError> {
        self.enter(self.items[at].place, depth)?;
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
        let place = self.items[key].place;
        let name = self.name(key)?;
        self.note_entry(place, name.len())?;
        self.tape.key(name);
        self.value(value, depth + 1)
    }

    fn close_mapping(&mut self, object: usize) -> Result<(), YamlError> {
        debug_assert!(object < self.tape.len(), "the object was put on the tape");
        match (self.tape.end_checked(), self.limits.duplicate_keys) {
            (Err(repeated), DuplicateKeys::Refuse) => {
                let first = self.lines[repeated.first as usize];
                let line = self.lines[repeated.second as usize];
                let name = self.tape.name_at(repeated.second);
                let message = format!("member {name:?} repeats that of line {first}");
                Err(YamlError {
                    line,
                    column: 1,
                    message,
                })
            }
            _ => Ok(()),
        }
    }

    /// The text of a key, whatever scalar it stands for.
    fn name(&self, key: usize) -> Result<&'a str, YamlError> {
        let place = self.items[key].place;
        match &self.items[self.target(key)].content {
            YamlContent::Scalar {
                text,
                plain: true,
                tag: None,
            } if text.is_empty() => Err(place.error("a member without a name")),
            YamlContent::Scalar { text, .. } => Ok(text),
            YamlContent::Sequence { .. } | YamlContent::Mapping { .. } | YamlContent::Alias(_) => {
                Err(place.error("a member name that is not a scalar"))
            }
        }
    }

    fn target(&self, mut at: usize) -> usize {
        while let YamlContent::Alias(target) = self.items[at].content {
            at = target;
        }
        at
    }

    /// Whether a key is the merge key, `<<` without quotes.
    fn is_merge(&self, key: usize) -> bool {
        let content = &self.items[key].content;
        matches!(content, YamlContent::Scalar { text, plain: true, tag: None } if text == "<<")
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

    /// Collects what the mapping at `at`, or each mapping of the sequence there, adds to `names`.
    /// Earlier sources win, and a mapping's own members win over those it merges itself.
    fn merge(
        &mut self,
        at: usize,
        depth: u32,
        names: &mut HashSet<&'a str>,
        inherited: &mut Vec<MappingEntry>,
    ) -> Result<(), YamlError> {
        let place = self.items[at].place;
        self.charge(ENTRY_BYTES, place)?;
        if depth >= self.limits.depth_max {
            return Err(place.error("merge keys refer to each other too deeply"));
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
                    self.charge(ENTRY_BYTES, place)?;
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
            YamlContent::Scalar { .. } | YamlContent::Alias(_) => {
                Err(place.error("the merge key `<<` takes a mapping or a list of mappings"))
            }
        }
    }
}
