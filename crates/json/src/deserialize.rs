//! Reads typed models from a tape, through serde.
//!
//! Errors carry the entry where they happened, so the caller can report its line and pointer.

use std::fmt;

use serde::de::{self, DeserializeSeed, IntoDeserializer, Unexpected, Visitor};

use super::json_node::{JsonElements, JsonKind, JsonMembers, JsonNode};

/// Why a value does not fit the model that it is read into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonReadError {
    /// The entry of the innermost value that could not be read, see
    /// [`Tape::node`](super::Tape::node).
    pub index: Option<u32>,
    /// What was expected and what was found.
    pub message: String,
}

impl JsonReadError {
    /// Sets the entry, unless that of a deeper value is set already.
    fn within(mut self, node: JsonNode<'_>) -> Self {
        self.index.get_or_insert(node.index());
        self
    }
}

impl fmt::Display for JsonReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for JsonReadError {}

impl de::Error for JsonReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            index: None,
            message: message.to_string(),
        }
    }

    /// Reports the kind of the value and not the value, which may be payload.
    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let found = match unexpected {
            Unexpected::Unit => "null",
            Unexpected::Bool(_) => "a boolean",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
            Unexpected::Float(_) => "a number",
            Unexpected::Str(_) => "a string",
            Unexpected::Seq => "an array",
            Unexpected::Map => "an object",
            _ => "another value",
        };
        Self::custom(format_args!("expected {expected}, found {found}"))
    }
}

impl<'de> de::Deserializer<'de> for JsonNode<'de> {
    type Error = JsonReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonReadError> {
        let read = match self.kind() {
            JsonKind::Null => visitor.visit_unit(),
            JsonKind::Boolean => visitor.visit_bool(self.as_bool().unwrap_or_default()),
            JsonKind::Number => visit_number(self, visitor),
            JsonKind::String => visitor.visit_borrowed_str(self.as_str().unwrap_or_default()),
            JsonKind::Array => visitor.visit_seq(TapeSeqAccess(self.elements())),
            JsonKind::Object => visitor.visit_map(TapeMapAccess {
                members: self.members(),
                value: None,
            }),
        };
        read.map_err(|error| error.within(self))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonReadError> {
        if self.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, JsonReadError> {
        visitor.visit_newtype_struct(self)
    }

    /// A string is a unit variant; an object with one member is a variant with content.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonReadError> {
        let mut members = self.members();
        let read = match (self.as_str(), members.next(), members.next()) {
            (Some(variant), _, _) => visitor.visit_enum(TapeEnumAccess {
                name: variant,
                content: None,
            }),
            (None, Some((name, content)), None) => visitor.visit_enum(TapeEnumAccess {
                name,
                content: Some(content),
            }),
            _ => Err(de::Error::custom(
                "expected a string or an object of one member",
            )),
        };
        read.map_err(|error| error.within(self))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, JsonReadError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

impl<'de> IntoDeserializer<'de, JsonReadError> for JsonNode<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn visit_number<'de, V: Visitor<'de>>(
    node: JsonNode<'de>,
    visitor: V,
) -> Result<V::Value, JsonReadError> {
    if let Some(integer) = node.as_u64() {
        visitor.visit_u64(integer)
    } else if let Some(integer) = node.as_i64() {
        visitor.visit_i64(integer)
    } else {
        visitor.visit_f64(node.as_f64().unwrap_or_default())
    }
}

struct TapeSeqAccess<'de>(JsonElements<'de>);

impl<'de> de::SeqAccess<'de> for TapeSeqAccess<'de> {
    type Error = JsonReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, JsonReadError> {
        let Some(element) = self.0.next() else {
            return Ok(None);
        };
        seed.deserialize(element)
            .map(Some)
            .map_err(|error| error.within(element))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct TapeMapAccess<'de> {
    members: JsonMembers<'de>,
    /// The value whose name was read last.
    value: Option<JsonNode<'de>>,
}

impl<'de> de::MapAccess<'de> for TapeMapAccess<'de> {
    type Error = JsonReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, JsonReadError> {
        let Some((name, value)) = self.members.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        let name = de::value::BorrowedStrDeserializer::new(name);
        seed.deserialize(name)
            .map(Some)
            .map_err(|error: JsonReadError| error.within(value))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, JsonReadError> {
        let value = self.value.take();
        let value = value.ok_or_else(|| de::Error::custom("a value was read before its name"))?;
        seed.deserialize(value).map_err(|error| error.within(value))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}

struct TapeEnumAccess<'de> {
    name: &'de str,
    content: Option<JsonNode<'de>>,
}

impl<'de> de::EnumAccess<'de> for TapeEnumAccess<'de> {
    type Error = JsonReadError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), JsonReadError> {
        let name = de::value::BorrowedStrDeserializer::new(self.name);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for TapeEnumAccess<'de> {
    type Error = JsonReadError;

    fn unit_variant(self) -> Result<(), JsonReadError> {
        match self.content {
            None => Ok(()),
            Some(content) if content.is_null() => Ok(()),
            Some(_) => Err(de::Error::custom("expected a variant without content")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, JsonReadError> {
        seed.deserialize(self.some_content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, JsonReadError> {
        de::Deserializer::deserialize_any(self.some_content()?, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonReadError> {
        de::Deserializer::deserialize_any(self.some_content()?, visitor)
    }
}

impl<'de> TapeEnumAccess<'de> {
    fn some_content(self) -> Result<JsonNode<'de>, JsonReadError> {
        self.content
            .ok_or_else(|| de::Error::custom("expected a variant with content"))
    }
}
