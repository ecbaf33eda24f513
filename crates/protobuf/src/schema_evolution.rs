//! Which events of a writer's schema a reader with another one refuses or reads differently (Protocol
//! Buffers, Updating A Message Type; ProtoJSON Format).
//!
//! The rules say what to look at, and every answer has an event that is written by one schema and read
//! by the other. In the wire format fields match by their numbers, in JSON by their names.

use std::collections::{BTreeMap, BTreeSet};

use crate::evolution_search::{
    EvolutionSearch, NestedBreak, ProtobufEncoding, ProtobufLoss, ProtobufMeaning, TypeBreak,
};
use crate::evolution_witness::{ProtobufBreak, confirmed};
use crate::protobuf_schema::{FieldCardinality, ProtobufField, ProtobufMessage, ProtobufSchema};
use crate::wire_value::WireMessage;

/// The most breaks of a comparison.
const BREAKS_MAX: usize = 16;

/// How often two messages are compared at different places.
const VISITS_MAX: u8 = 4;

/// What a comparison of two schemas finds.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtobufEvolution {
    /// Everything that is not read as it was written, up to a bound.
    pub breaks: Vec<ProtobufBreak>,
    /// What is read as something else.
    pub meanings: Vec<ProtobufMeaning>,
    /// What is not compared: types with a JSON form of their own, and messages without a small value.
    pub unknown: Vec<String>,
}

/// Compares the schema of a writer with that of a reader.
pub fn compare_protobuf(
    writer: &ProtobufSchema,
    reader: &ProtobufSchema,
    encoding: ProtobufEncoding,
) -> ProtobufEvolution {
    let mut search = EvolutionSearch {
        writer,
        reader,
        encoding,
        open: Vec::new(),
        visits: BTreeMap::new(),
        meanings: BTreeSet::new(),
        unknown: BTreeSet::new(),
    };
    let mut found = search.messages(writer.root, reader.root);
    // The most severe ones are kept.
    found.sort_by_key(|inner| inner.loss != ProtobufLoss::Unreadable);
    let breaks = found.into_iter().take(BREAKS_MAX);
    let breaks = breaks.map(|inner| confirmed(writer, reader, encoding, inner));
    ProtobufEvolution {
        breaks: breaks.collect(),
        meanings: search.meanings.into_iter().collect(),
        unknown: search.unknown.into_iter().collect(),
    }
}

impl<'s> EvolutionSearch<'s> {
    /// Compares two messages. A message inside itself is taken to be readable there.
    pub(crate) fn messages(&mut self, written: usize, read: usize) -> Vec<NestedBreak> {
        if self.open.contains(&(written, read)) {
            return Vec::new();
        }
        // What was compared several times has shown what it breaks.
        let visits = self.visits.entry((written, read)).or_insert(0_u8);
        if *visits >= VISITS_MAX {
            return Vec::new();
        }
        *visits += 1;
        let Some(sample) = self.writer.sample_message(written) else {
            let name = &self.writer.messages[written].name;
            self.unknown.insert(format!("{name} has no small event"));
            return Vec::new();
        };
        let (own, other) = (&self.writer.messages[written], &self.reader.messages[read]);
        self.open.push((written, read));
        let mut found = Vec::new();
        for field in &other.fields {
            let is_required = field.cardinality == FieldCardinality::Required;
            let source = self.writer_field(own, field);
            let is_always_written =
                source.is_some_and(|one| one.cardinality == FieldCardinality::Required);
            if is_required && !is_always_written {
                found.push(NestedBreak {
                    path: Vec::new(),
                    pointer: String::new(),
                    reason: format!(
                        "the reader needs the field {}, which is not always written",
                        field.name
                    ),
                    loss: ProtobufLoss::Unreadable,
                    values: sample.clone(),
                });
            }
        }
        for field in &own.fields {
            match self.reader_field(other, field) {
                Some(target) => self.fields(&sample, field, target, &mut found),
                None if self.encoding == ProtobufEncoding::Json => {
                    let value = self.writer.sample_value(field.value_type);
                    let broken = value.map(|value| TypeBreak {
                        reason: "the reader does not know the name".to_owned(),
                        ..TypeBreak::of(vec![value], ProtobufLoss::Unreadable)
                    });
                    found.extend(broken.map(|one| below(&sample, field, field.number, one)));
                }
                None => {}
            }
        }
        self.oneofs(&sample, own, other, &mut found);
        self.open.pop();
        found
    }

    fn reader_field(
        &self,
        message: &'s ProtobufMessage,
        written: &ProtobufField,
    ) -> Option<&'s ProtobufField> {
        match self.encoding {
            ProtobufEncoding::Binary => message.field(written.number),
            ProtobufEncoding::Json => message.field_of_name(&written.json_name),
        }
    }

    fn writer_field(
        &self,
        message: &'s ProtobufMessage,
        read: &ProtobufField,
    ) -> Option<&'s ProtobufField> {
        match self.encoding {
            ProtobufEncoding::Binary => message.field(read.number),
            ProtobufEncoding::Json => {
                let mut fields = message.fields.iter();
                fields.find(|own| own.json_name == read.json_name || own.json_name == read.name)
            }
        }
    }

    fn fields(
        &mut self,
        sample: &WireMessage,
        written: &ProtobufField,
        read: &ProtobufField,
        found: &mut Vec<NestedBreak>,
    ) {
        if written.default != read.default && !written.is_repeated() && !read.is_repeated() {
            let text = |default: &Option<String>| match default {
                Some(text) => format!("{text} if it is absent"),
                None => "no default".to_owned(),
            };
            self.meanings.insert(ProtobufMeaning {
                place: written.name.clone(),
                written: text(&written.default),
                read: text(&read.default),
            });
        }
        let is_single = !written.is_repeated() || read.is_repeated();
        let is_alike = written.is_repeated() == read.is_repeated();
        let sample_value = || self.writer.sample_value(written.value_type);
        let broken = match self.encoding {
            ProtobufEncoding::Json if !is_alike => {
                let (one, other) = if is_single {
                    ("a value", "a list")
                } else {
                    ("a list", "a value")
                };
                let values = sample_value().into_iter().collect();
                vec![TypeBreak {
                    reason: format!("{one} is written, and {other} is read"),
                    ..TypeBreak::of(values, ProtobufLoss::Unreadable)
                }]
            }
            ProtobufEncoding::Binary if !is_single && written.is_packed => {
                let values = sample_value().into_iter().collect();
                vec![TypeBreak {
                    reason: "a packed list is written, and one value is read".to_owned(),
                    ..TypeBreak::of(values, ProtobufLoss::Unreadable)
                }]
            }
            ProtobufEncoding::Binary | ProtobufEncoding::Json => {
                let mut broken = self.types(written.value_type, read.value_type);
                if !is_single && broken.is_empty() {
                    let values = sample_value().into_iter();
                    broken.push(TypeBreak {
                        reason: "several values are written, and one is read".to_owned(),
                        ..TypeBreak::of(
                            values.flat_map(|value| [value.clone(), value]).collect(),
                            ProtobufLoss::Narrowed,
                        )
                    });
                }
                broken
            }
        };
        let broken = broken.into_iter().filter(|one| !one.values.is_empty());
        found.extend(broken.map(|one| below(sample, written, read.number, one)));
    }

    /// Fields that can have values at the same time, and of which the reader keeps one.
    fn oneofs(
        &self,
        sample: &WireMessage,
        own: &ProtobufMessage,
        other: &ProtobufMessage,
        found: &mut Vec<NestedBreak>,
    ) {
        let mut known = BTreeSet::new();
        for target in &other.fields {
            let Some(oneof) = target.oneof.filter(|oneof| !known.contains(oneof)) else {
                continue;
            };
            let members = other
                .fields
                .iter()
                .filter(|field| field.oneof == Some(oneof));
            let members = members.filter_map(|field| {
                let source = self.writer_field(own, field)?;
                // A value of another wire type does not count as a value of the reader's field.
                let is_read = self.encoding == ProtobufEncoding::Json
                    || !source.is_packed
                        && source.value_type.wire_type() == field.value_type.wire_type();
                is_read.then_some((source, field.number))
            });
            let members: Vec<_> = members.collect();
            let pairs = members.iter().enumerate();
            let mut pairs =
                pairs.flat_map(|(at, one)| members[at + 1..].iter().map(move |two| (one, two)));
            let together =
                pairs.find(|((one, _), (two, _))| one.oneof.is_none() || one.oneof != two.oneof);
            let Some(((one, number), (two, _))) = together else {
                continue;
            };
            known.insert(oneof);
            let values = (
                self.writer.sample_value(one.value_type),
                self.writer.sample_value(two.value_type),
            );
            let (Some(first), Some(second)) = values else {
                continue;
            };
            // The later number is written last, and is kept.
            let mut broken = below(
                sample,
                one,
                *number,
                TypeBreak {
                    reason: format!(
                        "{} and {} can both be written, and the reader keeps one",
                        one.name, two.name
                    ),
                    ..TypeBreak::of(vec![first], ProtobufLoss::Unreadable)
                },
            );
            broken.values.insert(two.number, vec![second]);
            found.push(broken);
        }
    }
}

/// A break of a field as a break of its message.
fn below(
    sample: &WireMessage,
    field: &ProtobufField,
    read_number: u32,
    broken: TypeBreak,
) -> NestedBreak {
    let mut values = sample.clone();
    values.insert(field.number, broken.values);
    let mut pointer = String::new();
    portcullis_json::pointer::push(&mut pointer, &field.json_name);
    if field.is_repeated() && !broken.pointer.is_empty() {
        portcullis_json::pointer::push(&mut pointer, "0");
    }
    let step = (field.number, read_number);
    NestedBreak {
        path: std::iter::once(step).chain(broken.path).collect(),
        pointer: pointer + &broken.pointer,
        reason: format!("{}: {}", field.name, broken.reason),
        loss: broken.loss,
        values,
    }
}
