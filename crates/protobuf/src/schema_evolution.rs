//! Which events of a writer's schema a reader with another one refuses or reads differently (Protocol
//! Buffers, Updating A Message Type; ProtoJSON Format).
//!
//! The rules say what to look at, and every answer has an event that is written by one schema and read
//! by the other. In the wire format fields match by their numbers, in JSON by their names.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json_reading::read_json;
use crate::json_writing::json_of;
use crate::protobuf_schema::{FieldCardinality, ProtobufField, ProtobufMessage, ProtobufSchema};
use crate::type_evolution::{TypeBreak, types_evolution};
use crate::wire_reading::read_message;
use crate::wire_value::{WireMessage, WireValue};
use crate::wire_writing::write_message;

/// The most breaks of a comparison.
const BREAKS_MAX: usize = 16;

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtobufEncoding {
    /// The wire format.
    Binary,
    /// ProtoJSON.
    Json,
}

/// What becomes of a value that a reader does not read as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtobufLoss {
    /// Every value is lost or misread, or the event is refused.
    Unreadable,
    /// The types are compatible by the rules of Protobuf, and some values are cut.
    Narrowed,
}

/// Something that a reader does not read as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtobufBreak {
    /// JSON Pointer into the event.
    pub pointer: String,
    /// What is not read.
    pub reason: String,
    /// How much of it.
    pub loss: ProtobufLoss,
    /// An event of the writer's schema, in ProtoJSON.
    pub value: Value,
    /// Its bytes in the wire format, as hexadecimal digits. Empty for JSON.
    pub bytes: String,
    /// What the reader does with it. `None` if it reads what was written.
    pub outcome: Option<String>,
}

/// A field whose values are read, but mean something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProtobufMeaning {
    /// The message and the field, or the enumeration.
    pub place: String,
    /// What the writer means.
    pub written: String,
    /// What the reader takes it for.
    pub read: String,
}

/// What a comparison of two schemas finds.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtobufEvolution {
    /// Everything that is not read as it was written, up to a bound.
    pub breaks: Vec<ProtobufBreak>,
    /// What is read as something else.
    pub meanings: Vec<ProtobufMeaning>,
    /// The types whose form in JSON is not compared.
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
        meanings: BTreeSet::new(),
        unknown: BTreeSet::new(),
    };
    let found = search.messages(writer.root, reader.root);
    let breaks = found.into_iter().take(BREAKS_MAX);
    let breaks = breaks.map(|inner| confirmed(writer, reader, encoding, inner));
    ProtobufEvolution {
        breaks: breaks.collect(),
        meanings: search.meanings.into_iter().collect(),
        unknown: search.unknown.into_iter().collect(),
    }
}

/// The numbers of a field in the writer's and the reader's schema.
type FieldStep = (u32, u32);

/// A break below a message, with an event of that message.
pub(crate) struct InnerBreak {
    pub(crate) path: Vec<FieldStep>,
    pub(crate) pointer: String,
    pub(crate) reason: String,
    pub(crate) loss: ProtobufLoss,
    pub(crate) values: WireMessage,
}

/// Writes the event by one schema and reads it by the other.
fn confirmed(
    writer: &ProtobufSchema,
    reader: &ProtobufSchema,
    encoding: ProtobufEncoding,
    inner: InnerBreak,
) -> ProtobufBreak {
    let value = json_of(writer, writer.root, &inner.values);
    let mut bytes = String::new();
    let (written, read) = match encoding {
        ProtobufEncoding::Binary => {
            let encoded = write_message(writer, writer.root, &inner.values);
            encoded
                .iter()
                .for_each(|byte| bytes.push_str(&format!("{byte:02x}")));
            (
                read_message(writer, writer.root, &encoded).ok(),
                read_message(reader, reader.root, &encoded),
            )
        }
        ProtobufEncoding::Json => {
            let refused = read_json(reader, &value).map_err(|found| {
                let found = found.into_iter().next();
                found.map_or_else(String::new, |one| one.message)
            });
            (read_json(writer, &value).ok(), refused)
        }
    };
    let outcome = match (written, read) {
        (None, _) => None,
        (Some(_), Err(reason)) => Some(format!("refused: {reason}")),
        (Some(written), Ok(read)) => {
            let own = at_path(&written, &inner.path, |step| step.0);
            let other = at_path(&read, &inner.path, |step| step.1);
            (own != other && own.is_some()).then(|| match other {
                None => "read without the value".to_owned(),
                Some(_) => "read with another value".to_owned(),
            })
        }
    };
    ProtobufBreak {
        pointer: inner.pointer,
        reason: inner.reason,
        loss: inner.loss,
        value,
        bytes,
        outcome,
    }
}

/// The values at a place.
fn at_path<'v>(
    message: &'v WireMessage,
    path: &[FieldStep],
    number: fn(&FieldStep) -> u32,
) -> Option<&'v Vec<WireValue>> {
    let (last, before) = path.split_last()?;
    let mut message = message;
    for step in before {
        message = message.get(&number(step))?.first()?.as_message()?;
    }
    message.get(&number(last))
}

pub(crate) struct EvolutionSearch<'s> {
    pub(crate) writer: &'s ProtobufSchema,
    pub(crate) reader: &'s ProtobufSchema,
    pub(crate) encoding: ProtobufEncoding,
    /// The messages that are being compared.
    open: Vec<(usize, usize)>,
    pub(crate) meanings: BTreeSet<ProtobufMeaning>,
    pub(crate) unknown: BTreeSet<String>,
}

impl<'s> EvolutionSearch<'s> {
    /// Compares two messages. A message inside itself is taken to be readable there.
    pub(crate) fn messages(&mut self, written: usize, read: usize) -> Vec<InnerBreak> {
        if self.open.contains(&(written, read)) {
            return Vec::new();
        }
        // A message without a smallest value has no values at all.
        let Some(sample) = self.writer.sample_message(written) else {
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
                found.push(InnerBreak {
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
        found: &mut Vec<InnerBreak>,
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
                let mut broken = types_evolution(self, written.value_type, read.value_type);
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
        found: &mut Vec<InnerBreak>,
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
                // A value of another wire type is no value of the reader's field.
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
) -> InnerBreak {
    let mut values = sample.clone();
    values.insert(field.number, broken.values);
    let mut pointer = String::new();
    portcullis_json::pointer::push(&mut pointer, &field.json_name);
    if field.is_repeated() && !broken.pointer.is_empty() {
        portcullis_json::pointer::push(&mut pointer, "0");
    }
    let step = (field.number, read_number);
    InnerBreak {
        path: std::iter::once(step).chain(broken.path).collect(),
        pointer: pointer + &broken.pointer,
        reason: format!("{}: {}", field.name, broken.reason),
        loss: broken.loss,
        values,
    }
}
