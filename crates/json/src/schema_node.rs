//! The tape as a representation that `jsonschema` validates, so no tree of values is built.

use std::borrow::Cow;
use std::ptr;
use std::sync::OnceLock;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node as SchemaNode, NodeIdentity, Object};
use jsonschema_value::LazyInstance;
use serde_json::{Number, Value};

use super::equality;
use super::json_node::{JsonElements, JsonKind, JsonMembers, JsonNode};
use super::member_index::digest;
use super::number::{self, Decimal};
use super::tape::Tape;
use super::work_limit::{
    LONG_NAME_BYTES, backtracks_names, take_error_steps, take_name_steps, take_steps,
};

/// The name of the representation: `jsonschema::options_for::<TapeJson>()`.
#[derive(Clone, Copy, Debug)]
pub struct TapeJson;

/// A member name of a schema, with the digest for looking it up.
#[derive(Clone, Debug)]
pub struct PreparedKey {
    name: Box<str>,
    digest: u16,
}

impl Json for TapeJson {
    type Node<'a> = JsonNode<'a>;
    type PreparedKey = PreparedKey;
    type StringBuffer = Tape;

    // A lookup walks the members up to the wanted name, so one pass over all of them pays off as
    // soon as it replaces a few lookups.
    const KEYS_PER_LOOKUP: usize = 2;

    fn prepare_key(key: &str) -> PreparedKey {
        PreparedKey {
            name: key.into(),
            digest: digest(key.as_bytes()),
        }
    }

    fn with_string_node<T>(tape: &mut Tape, string: &str, f: impl FnOnce(JsonNode<'_>) -> T) -> T {
        tape.begin("");
        tape.string(string);
        f(tape.root(""))
    }
}

impl<'a> SchemaNode<'a, TapeJson> for JsonNode<'a> {
    type Object = TapeObject<'a>;
    type Array = TapeArray<'a>;
    type Number = TapeNumber<'a>;

    #[inline]
    fn as_object(&self) -> Option<TapeObject<'a>> {
        take_steps(1);
        self.is_object().then_some(TapeObject(*self))
    }

    #[inline]
    fn as_array(&self) -> Option<TapeArray<'a>> {
        take_steps(1);
        self.is_array().then_some(TapeArray(*self))
    }

    #[inline]
    fn as_string(&self) -> Option<Cow<'a, str>> {
        let text = self.as_str();
        // Patterns and formats read the text.
        take_steps(1 + text.map_or(0, |text| text.len() as u64 / 32));
        text.map(Cow::Borrowed)
    }

    #[inline]
    fn as_number(&self) -> Option<TapeNumber<'a>> {
        take_steps(1);
        self.number_text().map(TapeNumber)
    }

    fn as_boolean(&self) -> Option<bool> {
        self.as_bool()
    }

    fn is_null(&self) -> bool {
        JsonNode::is_null(*self)
    }

    fn is_number(&self) -> bool {
        self.kind() == JsonKind::Number
    }

    fn is_string(&self) -> bool {
        self.kind() == JsonKind::String
    }

    #[inline]
    fn json_type(&self) -> JsonType {
        take_steps(1);
        match self.kind() {
            JsonKind::Null => JsonType::Null,
            JsonKind::Boolean => JsonType::Boolean,
            JsonKind::Number => JsonType::Number,
            JsonKind::String => JsonType::String,
            JsonKind::Array => JsonType::Array,
            JsonKind::Object => JsonType::Object,
        }
    }

    fn string_length(&self) -> Option<u64> {
        let text = self.as_str()?;
        take_steps(1 + text.len() as u64 / 256);
        let length = self.octets().unwrap_or_else(|| text.chars().count() as u64);
        Some(length)
    }

    fn equals_value(&self, expected: &Value) -> bool {
        take_steps(1);
        equality::equals_value(*self, expected)
    }

    fn to_value(&self) -> Cow<'a, Value> {
        take_error_steps(self.entry_count());
        Cow::Owned(JsonNode::to_value(*self))
    }

    /// Every error names its instance, but most instances are never used. So a value from JSON text
    /// is read again when it is needed, and only a built one, which is short, is copied now.
    fn lazy_value(&self) -> LazyInstance<'a> {
        take_error_steps(1);
        let offset = self.offset() as usize;
        match self.source.as_bytes().get(offset..) {
            Some(bytes) if !self.source.is_empty() && self.index() >= 2 => LazyInstance::Deferred {
                bytes,
                tag: 0,
                make: first_value,
                cell: OnceLock::new(),
            },
            _ => LazyInstance::Ready(Cow::Owned(JsonNode::to_value(*self))),
        }
    }

    fn identity(&self) -> Option<NodeIdentity> {
        take_steps(1);
        Some(NodeIdentity::tagged(
            ptr::from_ref(self.tape).addr(),
            self.index(),
        ))
    }
}

/// The first JSON value of a text that has already been parsed.
fn first_value(bytes: &[u8], _tag: u32) -> Value {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter();
    values.next().and_then(Result::ok).unwrap_or_default()
}

/// A number literal.
#[derive(Clone, Copy, Debug)]
pub struct TapeNumber<'a>(&'a str);

impl JsonNumber for TapeNumber<'_> {
    fn as_u64(&self) -> Option<u64> {
        number::as_u64(self.0)
    }

    fn as_i64(&self) -> Option<i64> {
        number::as_i64(self.0)
    }

    fn as_f64(&self) -> Option<f64> {
        number::as_f64(self.0)
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0)
    }

    fn to_number(&self) -> Cow<'_, Number> {
        Cow::Owned(number::to_number(self.0))
    }

    fn is_integer(&self) -> bool {
        self.is_written_as_integer() || Decimal::new(self.0).is_integer()
    }

    fn is_written_as_integer(&self) -> bool {
        !self
            .0
            .bytes()
            .any(|byte| matches!(byte, b'.' | b'e' | b'E'))
    }
}

/// A value that is known to be an object.
#[derive(Clone, Copy, Debug)]
pub struct TapeObject<'a>(JsonNode<'a>);

impl<'a> Object<'a, TapeJson> for TapeObject<'a> {
    type Node = JsonNode<'a>;
    type MemberName = &'a str;
    type MembersIter = CountedMembers<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn get(&self, key: &PreparedKey) -> Option<JsonNode<'a>> {
        self.0.member(&key.name, key.digest)
    }

    #[inline]
    fn members(&self) -> CountedMembers<'a> {
        let members = self.0.members();
        take_steps(members.len() as u64);
        CountedMembers {
            members,
            backtracks_names: backtracks_names(),
        }
    }
}

/// The members of an object, which have taken a step each of the message's limit. A name that is long
/// or matched by a backtracking engine takes more when it is reached.
#[derive(Clone, Debug)]
pub struct CountedMembers<'a> {
    members: JsonMembers<'a>,
    backtracks_names: bool,
}

impl<'a> Iterator for CountedMembers<'a> {
    type Item = (&'a str, JsonNode<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let member = self.members.next()?;
        if self.backtracks_names || member.0.len() >= LONG_NAME_BYTES {
            take_name_steps(member.0, self.backtracks_names);
        }
        Some(member)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.members.size_hint()
    }
}

impl ExactSizeIterator for CountedMembers<'_> {}

/// A value that is known to be an array.
#[derive(Clone, Copy, Debug)]
pub struct TapeArray<'a>(JsonNode<'a>);

impl<'a> Array<'a, TapeJson> for TapeArray<'a> {
    type Node = JsonNode<'a>;
    type ElementsIter = JsonElements<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn elements(&self) -> JsonElements<'a> {
        self.0.elements()
    }

    fn is_unique(&self) -> bool {
        take_steps(u64::from(self.0.entry_count()));
        equality::is_unique(self.0)
    }
}
