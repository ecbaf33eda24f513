//! The languages in which an AsyncAPI document describes payloads (AsyncAPI 3.0, Multi Format Schema
//! Object; 2.6, Message Object, `schemaFormat`).

use std::sync::Arc;

use super::event_contract::essence_of;
use crate::openapi::document::NodeRef;
use crate::openapi::proto_imports::PROTOBUF;

/// The language of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum SchemaFormat {
    /// AsyncAPI's own Schema Object, a superset of JSON Schema draft-07, and draft-07 itself.
    Draft07,
    /// JSON Schema 2020-12, and OpenAPI 3.1, which uses it.
    Draft2020,
    /// The Schema Object of OpenAPI 3.0.
    OpenApi30,
    /// A language that is not judged, as the document names it.
    Opaque(Arc<str>),
}

impl SchemaFormat {
    /// Reads `schemaFormat`.
    pub(super) fn of(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let mut parts = lower.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let media_type = media_type
            .trim_end_matches("+json")
            .trim_end_matches("+yaml");
        let version = parts.find_map(|part| part.strip_prefix("version="));
        let version = version.unwrap_or_default().trim_matches('"');
        let is = |start: &str| version.trim_start_matches("draft-").starts_with(start);
        match media_type {
            "application/vnd.aai.asyncapi" => Self::Draft07,
            "application/schema" if version.is_empty() || is("07") || is("06") => Self::Draft07,
            "application/schema" if is("2020-12") => Self::Draft2020,
            "application/vnd.oai.openapi" if is("3.0") => Self::OpenApi30,
            "application/vnd.oai.openapi" if is("3.1") => Self::Draft2020,
            _ => Self::Opaque(text.into()),
        }
    }

    /// Whether schemas of this language are not judged.
    pub(super) const fn is_opaque(&self) -> bool {
        matches!(self, Self::Opaque(_))
    }

    /// Whether it is Avro, whose schemas are judged apart from the event.
    pub(super) fn is_avro(&self) -> bool {
        self.is_opaque_type("application/vnd.apache.avro")
    }

    /// Whether it is Protobuf, whose schemas are judged apart from the event.
    pub(super) fn is_protobuf(&self) -> bool {
        self.is_opaque_type(PROTOBUF)
    }

    /// Whether payloads are judged apart from the event.
    pub(super) fn is_apart(&self) -> bool {
        self.is_avro() || self.is_protobuf()
    }

    fn is_opaque_type(&self, expected: &str) -> bool {
        let Self::Opaque(name) = self else {
            return false;
        };
        let media_type = essence_of(name);
        let media_type = media_type.trim_end_matches("+json");
        media_type.trim_end_matches("+yaml") == expected
    }

    /// Why values cannot be judged by a schema of this language.
    pub(super) fn reason(&self) -> Option<String> {
        let Self::Opaque(name) = self else {
            return None;
        };
        let language = match self {
            _ if self.is_avro() => "Avro",
            _ if self.is_protobuf() => "Protobuf",
            _ => return Some(format!("schemas in the language `{name}` are not compared")),
        };
        Some(format!(
            "a message in {language} is compared only with one message of the other contract"
        ))
    }
}

/// A schema that a message uses, and its language.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SchemaUse {
    pub(super) node_ref: NodeRef,
    pub(super) format: SchemaFormat,
}

#[cfg(test)]
mod tests {
    use super::SchemaFormat;

    #[test]
    fn avro_is_known_in_all_its_forms() {
        for (text, expected) in [
            ("application/vnd.apache.avro", true),
            ("application/vnd.apache.avro;version=1.9.0", true),
            ("application/vnd.apache.avro+json; version=1.12.0", true),
            ("application/vnd.apache.avro+yaml;version=1.12.0", true),
            ("application/vnd.apache.avro2", false),
            ("application/schema+json", false),
        ] {
            assert_eq!(SchemaFormat::of(text).is_avro(), expected, "{text}");
        }
    }

    #[test]
    fn reads_names_of_languages() {
        let check = |text: &str, expected: SchemaFormat| {
            assert_eq!(SchemaFormat::of(text), expected, "{text}");
        };
        check(
            "application/vnd.aai.asyncapi;version=2.6.0",
            SchemaFormat::Draft07,
        );
        check(
            "application/vnd.aai.asyncapi+yaml;version=3.0.0",
            SchemaFormat::Draft07,
        );
        check(
            "application/schema+json;version=draft-07",
            SchemaFormat::Draft07,
        );
        check(
            "application/schema+json; version=draft-2020-12",
            SchemaFormat::Draft2020,
        );
        check(
            "application/vnd.oai.openapi;version=3.0.3",
            SchemaFormat::OpenApi30,
        );
        let avro = "application/vnd.apache.avro;version=1.9.0";
        check(avro, SchemaFormat::Opaque(avro.into()));
        let protobuf = "application/vnd.google.protobuf;version=3";
        check(protobuf, SchemaFormat::Opaque(protobuf.into()));
        assert!(SchemaFormat::of(protobuf).is_protobuf());
        let draft04 = "application/schema+json;version=draft-04";
        check(draft04, SchemaFormat::Opaque(draft04.into()));
    }
}
