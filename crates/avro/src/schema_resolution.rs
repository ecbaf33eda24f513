//! Which values of a writer's schema a reader with another one cannot read (Avro 1.12, Schema
//! Resolution).
//!
//! The rules are about types, so the search is complete: a value is refused only for a type, a symbol
//! or a missing field. A type that is compared with another one inside itself is taken to be readable
//! there; if it is not, the outer comparison reports it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::avro_schema::{AvroField, AvroSchema, AvroType, NamedAvroShape};
use crate::json_encoding::judge_avro;
use crate::sample_value::{in_union, sample_value};
use crate::value_reading::read_value;

/// The most breaks of a comparison.
const BREAKS_MAX: usize = 16;

/// Something that a reader cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvroBreak {
    /// JSON Pointer into the value.
    pub pointer: String,
    /// Why it cannot be read.
    pub reason: String,
    /// A value of the writer's schema, in the JSON encoding.
    pub value: Value,
    /// Whether the writer's schema allows the value and reading it fails.
    pub is_confirmed: bool,
}

/// A field whose values are read, but mean something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AvroMeaning {
    /// The record and the field.
    pub field: String,
    /// The logical types of the writer.
    pub written: String,
    /// Those of the reader.
    pub read: String,
}

/// What a comparison of two schemas finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvroResolution {
    /// Everything that the reader cannot read, up to a bound.
    pub breaks: Vec<AvroBreak>,
    /// What it reads as something else.
    pub meanings: Vec<AvroMeaning>,
}

/// Compares the schema of a writer with that of a reader.
pub fn resolve_avro(writer: &AvroSchema, reader: &AvroSchema) -> AvroResolution {
    let mut search = ResolutionSearch {
        writer,
        reader,
        open: Vec::new(),
        meanings: BTreeSet::new(),
    };
    let found = search.types(&writer.root, &reader.root);
    let found = found.into_iter().take(BREAKS_MAX);
    let breaks = found.map(|inner| {
        let is_allowed = judge_avro(writer, &inner.value).is_empty();
        let is_read = read_value(writer, reader, &inner.value).is_ok();
        AvroBreak {
            pointer: inner.pointer,
            reason: inner.reason,
            value: inner.value,
            is_confirmed: is_allowed && !is_read,
        }
    });
    AvroResolution {
        breaks: breaks.collect(),
        meanings: search.meanings.into_iter().collect(),
    }
}

/// A break below a place, with a value of that place.
struct InnerBreak {
    pointer: String,
    reason: String,
    value: Value,
}

impl InnerBreak {
    /// The break as seen from one level above.
    fn below(self, name: &str, value: impl FnOnce(Value) -> Value) -> Self {
        let mut pointer = String::new();
        portcullis_json::pointer::push(&mut pointer, name);
        Self {
            pointer: pointer + &self.pointer,
            reason: self.reason,
            value: value(self.value),
        }
    }
}

struct ResolutionSearch<'s> {
    writer: &'s AvroSchema,
    reader: &'s AvroSchema,
    /// The named types that are being compared.
    open: Vec<(usize, usize)>,
    meanings: BTreeSet<AvroMeaning>,
}

impl ResolutionSearch<'_> {
    fn types(&mut self, written: &AvroType, read: &AvroType) -> Vec<InnerBreak> {
        if let AvroType::Union(branches) = written {
            let found = branches.iter().flat_map(|branch| {
                let found = self.types(branch, read);
                let found = found.into_iter().map(|inner| match branch {
                    AvroType::Null => inner,
                    _ => {
                        let name = self.writer.name_of(branch);
                        inner.below(name, |value| in_union(self.writer, branch, value))
                    }
                });
                found.collect::<Vec<_>>()
            });
            return found.collect();
        }
        if let AvroType::Union(branches) = read {
            let found = branches
                .iter()
                .map(|branch| (branch, self.types(written, branch)));
            let found: Vec<_> = found.collect();
            if found.iter().any(|(_, breaks)| breaks.is_empty()) {
                return Vec::new();
            }
            // A branch of the same type says best what is wrong.
            let is_alike = |branch: &AvroType| self.is_alike(written, branch);
            let alike = found.into_iter().find(|(branch, _)| is_alike(branch));
            return match alike {
                Some((_, breaks)) => breaks,
                None => self.other_type(written, read),
            };
        }
        match (written, read) {
            (AvroType::Array(written), AvroType::Array(read)) => {
                let found = self.types(written, read).into_iter();
                found
                    .map(|inner| inner.below("0", |value| json!([value])))
                    .collect()
            }
            (AvroType::Map(written), AvroType::Map(read)) => {
                let found = self.types(written, read).into_iter();
                found
                    .map(|inner| inner.below("a", |value| json!({"a": value})))
                    .collect()
            }
            (AvroType::Named(written_number), AvroType::Named(read_number)) => {
                self.named(written, (*written_number, *read_number))
            }
            _ if is_readable(written, read) => Vec::new(),
            _ => self.other_type(written, read),
        }
    }

    /// Whether two types are of one kind.
    fn is_alike(&self, written: &AvroType, read: &AvroType) -> bool {
        match (written, read) {
            (AvroType::Named(one), AvroType::Named(other)) => {
                self.reader.named[*other].is_named_as(&self.writer.named[*one])
            }
            _ => std::mem::discriminant(written) == std::mem::discriminant(read),
        }
    }

    fn other_type(&self, written: &AvroType, read: &AvroType) -> Vec<InnerBreak> {
        let (one, other) = (self.writer.name_of(written), self.describe(read));
        self.broken(written, format!("{one} is written, and {other} is read"))
    }

    fn describe(&self, read: &AvroType) -> String {
        match read {
            AvroType::Union(branches) => {
                let names = branches.iter().map(|branch| self.reader.name_of(branch));
                names.collect::<Vec<_>>().join(" or ")
            }
            _ => self.reader.name_of(read).to_owned(),
        }
    }

    /// A break of every value of a type. A type without values breaks nothing.
    fn broken(&self, written: &AvroType, reason: String) -> Vec<InnerBreak> {
        let value = sample_value(self.writer, written);
        let found = value.map(|value| InnerBreak {
            pointer: String::new(),
            reason,
            value,
        });
        found.into_iter().collect()
    }

    fn named(&mut self, written: &AvroType, numbers: (usize, usize)) -> Vec<InnerBreak> {
        let (own, other) = (&self.writer.named[numbers.0], &self.reader.named[numbers.1]);
        if !other.is_named_as(own) {
            let reason = format!("{} is written, and {} is read", own.name, other.name);
            return self.broken(written, reason);
        }
        match (&own.shape, &other.shape) {
            (NamedAvroShape::Record(fields), NamedAvroShape::Record(read)) => {
                if self.open.contains(&numbers) {
                    return Vec::new();
                }
                self.open.push(numbers);
                let found = self.records(written, fields, read);
                self.open.pop();
                found
            }
            (
                NamedAvroShape::Enum { symbols, .. },
                NamedAvroShape::Enum {
                    symbols: known,
                    default,
                },
            ) => {
                let unknown = symbols.iter().filter(|one| !known.contains(one));
                let unknown = unknown.filter(|_| default.is_none());
                let breaks = unknown.map(|symbol| InnerBreak {
                    pointer: String::new(),
                    reason: format!(
                        "the reader of {} does not know the symbol {symbol}",
                        own.name
                    ),
                    value: json!(symbol),
                });
                breaks.collect()
            }
            (
                NamedAvroShape::Fixed { size, decimal },
                NamedAvroShape::Fixed {
                    size: read,
                    decimal: read_decimal,
                },
            ) => {
                if size == read && is_same_decimal(*decimal, *read_decimal) {
                    return Vec::new();
                }
                let reason = format!("{} has another size, precision or scale", own.name);
                self.broken(written, reason)
            }
            _ => self.broken(written, format!("{} is another kind of type", own.name)),
        }
    }

    fn records(
        &mut self,
        written: &AvroType,
        fields: &[AvroField],
        read: &[AvroField],
    ) -> Vec<InnerBreak> {
        let mut found = Vec::new();
        for field in read {
            match written_field(fields, field) {
                Some(own) => {
                    if own.logical_types != field.logical_types {
                        self.meanings.insert(AvroMeaning {
                            field: format!("{}.{}", self.writer.name_of(written), own.name),
                            written: names_of(&own.logical_types),
                            read: names_of(&field.logical_types),
                        });
                    }
                    let breaks = self.types(&own.data_type, &field.data_type);
                    for inner in breaks {
                        // The other fields have their smallest values.
                        let Some(whole) = sample_record(self.writer, fields, &own.name) else {
                            continue;
                        };
                        found.push(inner.below(&own.name, |value| {
                            let mut whole = whole;
                            whole[own.name.as_str()] = value;
                            whole
                        }));
                    }
                }
                None if field.default.is_none() => {
                    let reason = format!(
                        "the reader needs the field {}, which is not written and has no default",
                        field.name
                    );
                    found.extend(self.broken(written, reason));
                }
                None => {}
            }
        }
        found
    }
}

fn names_of(logical_types: &[String]) -> String {
    if logical_types.is_empty() {
        "none".to_owned()
    } else {
        logical_types.join(", ")
    }
}

/// The field of a writer that a field of a reader reads: by its name, else by an alias.
pub(crate) fn written_field<'f>(
    written: &'f [AvroField],
    read: &AvroField,
) -> Option<&'f AvroField> {
    let mut names = std::iter::once(&read.name).chain(&read.aliases);
    names.find_map(|name| written.iter().find(|field| field.name == *name))
}

/// A record with the smallest values of all fields but one.
fn sample_record(schema: &AvroSchema, fields: &[AvroField], without: &str) -> Option<Value> {
    let mut whole = json!({});
    for field in fields.iter().filter(|field| field.name != without) {
        whole[field.name.as_str()] = sample_value(schema, &field.data_type)?;
    }
    Some(whole)
}

/// Whether a reader of one type reads another one, apart from those with parts.
pub(crate) fn is_readable(written: &AvroType, read: &AvroType) -> bool {
    use AvroType::{Boolean, Bytes, Double, Float, Int, Long, Null, String};
    match (written, read) {
        (Bytes(one), Bytes(other)) => is_same_decimal(*one, *other),
        (Null, Null)
        | (Boolean, Boolean)
        | (Int, Int | Long | Float | Double)
        | (Long, Long | Float | Double)
        | (Float, Float | Double)
        | (Double, Double)
        | (String, String | Bytes(_))
        | (Bytes(_), String) => true,
        _ => false,
    }
}

/// Decimal numbers need the same precision and scale; bytes are read as they are.
pub(crate) fn is_same_decimal(one: Option<(u64, u64)>, other: Option<(u64, u64)>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}
