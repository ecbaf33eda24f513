//! Reports the fields of Encoding Objects that are malformed or have no effect (OpenAPI 3.0.4, 3.1.1
//! and 3.2.0, Encoding Object).

use portcullis_json::{JsonKind, JsonNode};

use super::compile_content::nested_encodings;
use super::contract_compiler::ContractCompiler;
use crate::message::media_range::{MediaRange, split_unquoted};
use crate::message::parameter::header;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::schema::schema_set::SchemaKey;

/// The styles of fields in `application/x-www-form-urlencoded`.
const STYLES: [&str; 4] = ["form", "spaceDelimited", "pipeDelimited", "deepObject"];

/// The style of `collectionFormat: tsv` in Swagger 2.0.
const TAB_DELIMITED: &str = "tabDelimited";

impl<'d> ContractCompiler<'d> {
    /// Checks the Encoding Objects of a media type, and those inside them.
    pub(super) fn check_encodings(
        &mut self,
        media: NodeRef,
        node: JsonNode<'d>,
        range: &MediaRange<'_>,
    ) {
        // Only parts of multipart bodies have header fields.
        let has_parts = range.is_range() || range.kind().eq_ignore_ascii_case("multipart");
        self.check_encoding_lists(media, node);
        for encoding in nested_encodings(node) {
            self.check_encoding(media, encoding, has_parts);
            self.check_encoding_lists(media, encoding);
            for nested in nested_encodings(encoding) {
                self.check_encoding(media, nested, has_parts);
            }
        }
    }

    /// Checks that the fields with Encoding Objects hold them.
    fn check_encoding_lists(&mut self, near: NodeRef, owner: JsonNode<'d>) {
        let by_name = self.members(near, owner, "encoding");
        let mut encodings: Vec<JsonNode<'d>> = by_name.map(|(_, encoding)| encoding).collect();
        if self.surface.dialect == Dialect::V32 {
            encodings.extend(self.elements(near, owner, "prefixEncoding"));
            encodings.extend(owner.get("itemEncoding"));
        }
        for encoding in encodings {
            let at = DocumentSet::node_ref(near, encoding);
            self.has_kind(JsonKind::Object, at, "an Encoding Object");
        }
    }

    fn check_encoding(&mut self, near: NodeRef, encoding: JsonNode<'d>, has_parts: bool) {
        self.flag(near, encoding, "explode");
        self.flag(near, encoding, "allowReserved");
        self.check_style(near, encoding);
        self.check_content_type(near, encoding);
        for (name, field) in self.members(near, encoding, "headers") {
            let declared = DocumentSet::node_ref(near, field);
            let Ok(target) = self.object_or_unread(declared, "a header") else {
                continue;
            };
            self.check_fields(target);
            // The keys of schemas are those of the compiled shape.
            let unused_key = &mut |_| SchemaKey::new(0);
            if has_parts && let Err(error) = header(self.surface, name, target, unused_key) {
                let kind = ContractProblemKind::MalformedParameter;
                self.error(kind, error.at, &error.to_string());
            }
        }
    }

    fn check_style(&mut self, near: NodeRef, encoding: JsonNode<'d>) {
        let Some(style) = encoding.get("style") else {
            return;
        };
        let at = DocumentSet::node_ref(near, style);
        if !self.has_kind(JsonKind::String, at, "`style`") {
            return;
        }
        let name = style.as_str().unwrap_or_default();
        let is_swagger = self.documents.is_swagger() && name == TAB_DELIMITED;
        if !style.is_null() && !STYLES.contains(&name) && !is_swagger {
            let message = format!(
                "`style: {name}` does not exist for fields of forms, so they are read by `form`: use {}",
                STYLES.join(", ")
            );
            self.warn_ineffective(ContractProblemKind::MalformedDocument, at, &message);
        }
    }

    /// Warns about elements of `contentType` that name no media type.
    fn check_content_type(&mut self, near: NodeRef, encoding: JsonNode<'d>) {
        let Some(types) = encoding.get("contentType") else {
            return;
        };
        let at = DocumentSet::node_ref(near, types);
        if !self.has_kind(JsonKind::String, at, "`contentType`") {
            return;
        }
        let list = types.as_str().unwrap_or_default();
        for range in split_unquoted(list, ',').map(str::trim) {
            if !types.is_null() && MediaRange::parse(range).is_none() {
                let message = format!(
                    "`{range}` is not a media type and has no effect: write type/subtype, such as image/png"
                );
                self.warn_ineffective(ContractProblemKind::MalformedDocument, at, &message);
            }
        }
    }
}
