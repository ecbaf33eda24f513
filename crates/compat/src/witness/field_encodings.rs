//! The Encoding Objects of the fields of a form, and of parts by their position, as far as they decide
//! the text of a body.

use serde_json::Value;

use portcullis_contract::{
    CompiledContract, DocumentSet, MediaRange, MediaType, NodeRef, Parameter, ParameterStyle,
};
use portcullis_json::JsonNode;

use super::serialise::{ValueStyle, plain};

/// How one field of a form, or the part at a position, is written where the contract leaves a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldForm {
    /// The name of the field, `prefixEncoding/0` or `itemEncoding`.
    pub(crate) name: String,
    /// The media type of the part; `None` for a part that does not name one.
    pub(crate) content_type: Option<String>,
    /// The text of the header fields that the part requires.
    pub(crate) header_text: String,
    /// A header field with another text.
    pub(crate) header: Option<(String, String)>,
}

/// The Encoding Objects of a media type.
pub(super) struct FieldEncodings<'d> {
    pub(super) contract: &'d CompiledContract,
    pub(super) media: NodeRef,
    pub(super) decisive: Option<&'d FieldForm>,
}

impl<'d> FieldEncodings<'d> {
    pub(super) fn of(&self, name: &str) -> FieldEncoding<'d> {
        let media = self.contract.documents().node(self.media);
        let node = match PartPosition::parse(name) {
            Some(PartPosition::Prefix(position)) => prefix_encoding(media, position),
            Some(PartPosition::Rest) => media.get("itemEncoding"),
            None => media
                .get("encoding")
                .and_then(|encodings| encodings.get(name)),
        };
        FieldEncoding {
            contract: self.contract,
            near: self.media,
            node,
            form: self.decisive.filter(|form| form.name == name),
        }
    }

    /// The encoding of the part at a position.
    pub(super) fn at(&self, position: usize) -> FieldEncoding<'d> {
        let media = self.contract.documents().node(self.media);
        let name = format!("prefixEncoding/{position}");
        let is_decisive = self.decisive.is_some_and(|form| form.name == name);
        if is_decisive || prefix_encoding(media, position).is_some() {
            return self.of(&name);
        }
        self.of("itemEncoding")
    }
}

/// The place of an Encoding Object of parts by their position (OpenAPI 3.2.0, Encoding By Position).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartPosition {
    Prefix(usize),
    Rest,
}

impl PartPosition {
    /// Parses `prefixEncoding/0` and `itemEncoding`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name.strip_prefix("prefixEncoding/") {
            Some(position) => position.parse().ok().map(Self::Prefix),
            None => (name == "itemEncoding").then_some(Self::Rest),
        }
    }

    /// A position of the part, among those of a media type.
    pub(crate) fn number(self, contract: &CompiledContract, media: &MediaType) -> usize {
        match self {
            Self::Prefix(position) => position,
            Self::Rest => {
                let media = contract.documents().node(media.node_ref);
                let prefix = media.get("prefixEncoding");
                prefix.map_or(0, |prefix| prefix.elements().count())
            }
        }
    }
}

/// The declared header fields of the parts of a field, or of the part at a position.
pub(crate) fn part_headers<'m>(
    contract: &CompiledContract,
    media: &'m MediaType,
    name: &str,
) -> &'m [Parameter] {
    match PartPosition::parse(name) {
        Some(position) => media.ordered_part_headers(position.number(contract, media)),
        None => media.part_headers(name),
    }
}

fn prefix_encoding(media: JsonNode<'_>, position: usize) -> Option<JsonNode<'_>> {
    media.get("prefixEncoding")?.elements().nth(position)
}

/// The Encoding Object of a field, as far as it decides the text.
pub(super) struct FieldEncoding<'d> {
    contract: &'d CompiledContract,
    near: NodeRef,
    node: Option<JsonNode<'d>>,
    form: Option<&'d FieldForm>,
}

impl<'d> FieldEncoding<'d> {
    /// The media types and ranges that are listed.
    pub(super) fn content_types(&self) -> Vec<&'d str> {
        let list = self.node.and_then(|node| node.get("contentType")?.as_str());
        let all = list.into_iter().flat_map(|list| list.split(','));
        all.map(str::trim)
            .filter(|one| MediaRange::parse(one).is_some())
            .collect()
    }

    /// The names of the header fields that a part must have.
    pub(super) fn required_headers(&self) -> Vec<&'d str> {
        let documents = self.contract.documents();
        let headers = self.node.and_then(|node| node.get("headers"));
        let members = headers.into_iter().flat_map(|headers| headers.members());
        let is_required = |header: JsonNode<'_>| {
            let header = DocumentSet::node_ref(self.near, header);
            let header = documents.node(self.contract.resolved(header));
            header.get("required").and_then(|flag| flag.as_bool()) == Some(true)
        };
        members
            .filter(|(name, header)| {
                !name.eq_ignore_ascii_case("content-type") && is_required(*header)
            })
            .map(|(name, _)| name)
            .collect()
    }

    /// The style of a field that is written like a query parameter.
    pub(super) fn style<'n>(&self, name: &'n str) -> Option<ValueStyle<'n>> {
        let node = self.node?;
        let (style, explode) = (node.get("style"), node.get("explode"));
        if style.is_none() && explode.is_none() && node.get("allowReserved").is_none() {
            return None;
        }
        let style = match style.and_then(|style| style.as_str()) {
            Some("spaceDelimited") => ParameterStyle::SpaceDelimited,
            Some("pipeDelimited") => ParameterStyle::PipeDelimited,
            Some("tabDelimited") => ParameterStyle::TabDelimited,
            Some("deepObject") => ParameterStyle::DeepObject,
            _ => ParameterStyle::Form,
        };
        let explode = explode.and_then(|explode| explode.as_bool());
        Some(ValueStyle {
            name,
            style,
            explode: explode.unwrap_or(style == ParameterStyle::Form),
        })
    }

    /// The media type that was chosen, else the first one of the field that is not a range.
    fn content_type(&self) -> Option<&'d str> {
        match self.form {
            Some(form) => form.content_type.as_deref(),
            None => {
                let all = self.content_types();
                all.into_iter().find(|one| !one.contains('*'))
            }
        }
    }

    fn is_json(&self) -> bool {
        let range = self.content_type().and_then(MediaRange::parse);
        range.is_some_and(|range| range.is_json())
    }

    /// The rest of a part with this value: its other header fields and its content.
    pub(super) fn part(&self, value: &Value) -> String {
        let media = match (self.content_type(), value) {
            (Some(media), _) => Some(media),
            (None, Value::Object(_) | Value::Array(_)) => Some("application/json"),
            (None, _) => None,
        };
        let mut part = media.map_or_else(String::new, |media| format!("content-type: {media}\r\n"));
        let usual = self.form.map_or("1", |form| &form.header_text);
        let decisive = self.form.and_then(|form| form.header.as_ref());
        let is_usual =
            |name: &&str| decisive.is_none_or(|(decisive, _)| !decisive.eq_ignore_ascii_case(name));
        for name in self.required_headers().into_iter().filter(is_usual) {
            part.push_str(&format!("{name}: {usual}\r\n"));
        }
        if let Some((name, text)) = decisive {
            part.push_str(&format!("{name}: {text}\r\n"));
        }
        format!("{part}\r\n{}\r\n", self.text(value))
    }

    pub(super) fn text(&self, value: &Value) -> String {
        if self.is_json() {
            value.to_string()
        } else {
            plain_or_json(value)
        }
    }
}

/// A null property of a form can only be written as JSON.
fn plain_or_json(value: &Value) -> String {
    if value.is_null() {
        "null".to_owned()
    } else {
        plain(value)
    }
}
