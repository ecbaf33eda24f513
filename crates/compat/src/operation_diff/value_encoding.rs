//! The encoding of the value of a parameter, a header field or a body.

use portcullis_contract::{
    CompiledContract, MediaRange, MediaType, MessageDirection, MessagePart, Parameter,
    ParameterStyle,
};

use super::super::containment::{ItemSeparation, TextCarrier, TextForm, ValueEncoding};
use super::contract_comparison::OperationPair;

/// The serialization of a value in both revisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrittenForms {
    Same,
    Different,
    /// They differ, and the receiver accepts every text.
    AnyText,
}

/// The encoding of a parameter or a header field that both revisions write in the same style.
pub(super) fn encoding_of(
    pair: OperationPair<'_>,
    direction: MessageDirection,
    old: &Parameter,
    new: &Parameter,
) -> ValueEncoding {
    if old.is_json_text() && new.is_json_text() {
        return ValueEncoding::Json;
    }
    let new_sends = (direction == MessageDirection::Response) != pair.is_outbound;
    let (sender, receiver) = if new_sends { (new, old) } else { (old, new) };
    let form = text_form(sender);
    let is_segment = form.carrier == TextCarrier::Path && form.excludes_empty;
    ValueEncoding::Text(TextForm {
        excludes_empty: is_segment || receiver.allow_empty,
        ..form
    })
}

/// How the text of a parameter or a header field carries its value.
pub(super) fn text_form(sender: &Parameter) -> TextForm {
    let carrier = match sender.part {
        MessagePart::Path => TextCarrier::Path,
        MessagePart::Query => TextCarrier::Query,
        MessagePart::Cookie => TextCarrier::Cookie,
        _ => TextCarrier::Header,
    };
    let items = match (carrier, sender.style) {
        (TextCarrier::Query, _) | (_, ParameterStyle::Cookie) if sender.explode => {
            ItemSeparation::Pairs
        }
        (TextCarrier::Query, ParameterStyle::SpaceDelimited) => ItemSeparation::Space,
        (TextCarrier::Query, ParameterStyle::PipeDelimited) => ItemSeparation::Pipe,
        _ => ItemSeparation::Comma,
    };
    // A path segment is not empty; style `matrix` writes the name, too.
    let is_segment = carrier == TextCarrier::Path && sender.style != ParameterStyle::Matrix;
    TextForm {
        carrier,
        items,
        excludes_empty: is_segment || sender.allow_empty,
    }
}

/// The encoding of a body. Records in JSON are JSON.
pub(super) fn body_encoding(contract: &CompiledContract, media: &MediaType) -> ValueEncoding {
    let range = MediaRange::parse(&media.key);
    let Some(range) = range.filter(|_| !media.is_json && !media.is_opaque()) else {
        return ValueEncoding::Json;
    };
    let kind = range.kind().to_ascii_lowercase();
    let subtype = range.subtype().to_ascii_lowercase();
    let has_encodings = contract
        .documents()
        .node(media.node_ref)
        .get("encoding")
        .is_some();
    let form = |carrier, excludes_empty| {
        ValueEncoding::Text(TextForm {
            carrier,
            items: ItemSeparation::Pairs,
            excludes_empty,
        })
    };
    match (kind.as_str(), subtype.as_str()) {
        ("application", "x-www-form-urlencoded") | ("multipart", "form-data") => {
            form(TextCarrier::Form, !has_encodings)
        }
        // The example of a wide range is JSON.
        ("*" | "application", "*") => ValueEncoding::Json,
        _ if is_records(&subtype) => ValueEncoding::Json,
        _ => form(TextCarrier::Body, true),
    }
}

/// Whether a media type with this subtype is a sequence of JSON texts.
pub(super) fn is_records(subtype: &str) -> bool {
    const RECORDS: [&str; 6] = [
        "x-ndjson",
        "ndjson",
        "jsonl",
        "x-jsonl",
        "x-jsonlines",
        "json-seq",
    ];
    RECORDS.contains(&subtype) || subtype.ends_with("+json-seq")
}
