//! What a comparison of two schemas looks at and has found so far.

use std::collections::{BTreeMap, BTreeSet};

use crate::protobuf_schema::ProtobufSchema;
use crate::wire_value::{WireMessage, WireValue};

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

/// The numbers of a field in the writer's and the reader's schema.
pub(crate) type FieldStep = (u32, u32);

/// A break below a message, with an event of that message.
pub(crate) struct NestedBreak {
    pub(crate) path: Vec<FieldStep>,
    pub(crate) pointer: String,
    pub(crate) reason: String,
    pub(crate) loss: ProtobufLoss,
    pub(crate) values: WireMessage,
}

/// A break of the values of a field.
pub(crate) struct TypeBreak {
    /// The values of the field that show it.
    pub(crate) values: Vec<WireValue>,
    /// The fields below the field, if it is a message.
    pub(crate) path: Vec<(u32, u32)>,
    pub(crate) pointer: String,
    pub(crate) reason: String,
    pub(crate) loss: ProtobufLoss,
}

impl TypeBreak {
    /// A break of the field itself.
    pub(crate) fn of(values: Vec<WireValue>, loss: ProtobufLoss) -> Self {
        Self {
            values,
            path: Vec::new(),
            pointer: String::new(),
            reason: String::new(),
            loss,
        }
    }
}

/// A comparison of two schemas.
pub(crate) struct EvolutionSearch<'s> {
    pub(crate) writer: &'s ProtobufSchema,
    pub(crate) reader: &'s ProtobufSchema,
    pub(crate) encoding: ProtobufEncoding,
    /// The messages that are being compared.
    pub(crate) open: Vec<(usize, usize)>,
    /// How often messages were compared.
    pub(crate) visits: BTreeMap<(usize, usize), u8>,
    pub(crate) meanings: BTreeSet<ProtobufMeaning>,
    pub(crate) unknown: BTreeSet<String>,
}
