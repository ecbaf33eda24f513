//! Lowers the parameters in a body (Swagger 2.0, Parameter Object, `in: body` and `in: formData`).

use portcullis_json::JsonNode;

use super::lower_document::SwaggerLowering;
use super::lower_parameter::{SwaggerParameter, is_reference, is_schema_keyword};
use super::swagger_object::BODY_PARAMETER;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::NodeRef;
use crate::openapi::written_node::{WrittenNode, text_of};

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

impl SwaggerLowering<'_> {
    /// Writes `requestBody`, at `pointer`, from the parameters in the body.
    pub(super) fn request_body(
        &mut self,
        in_body: &[SwaggerParameter],
        consumes: &[(String, WrittenNode)],
        pointer: &str,
    ) {
        let body = in_body.iter().find(|parameter| parameter.is_body());
        let origin = body
            .or(in_body.first())
            .map(|first| first.declared.node_ref);
        let Some(origin) = origin else { return };
        self.out.key("requestBody", origin);
        match body {
            Some(body) => self.body(body, consumes, pointer),
            None => self.form(in_body, consumes, origin, pointer),
        }
    }

    fn body(&mut self, body: &SwaggerParameter, consumes: &[(String, WrittenNode)], pointer: &str) {
        let at = &body.object;
        let default = [("application/json".to_owned(), at.clone())];
        let consumes = if consumes.is_empty() {
            &default
        } else {
            consumes
        };
        let names: Vec<&str> = consumes.iter().map(|(name, _)| &**name).collect();
        let is_shared = body.declared.node_ref != at.node_ref;
        if is_shared && self.refers_to_written(body, &names.join(","), pointer) {
            return;
        }
        self.out.begin_object(at.node_ref);
        for (name, value) in self.node(at).members() {
            if matches!(name, "description" | "required") || name.starts_with("x-") {
                self.out.copy_member(name, at.at(value).node_ref);
            } else if !BODY_PARAMETER.has(name) {
                self.unknown_field(BODY_PARAMETER, name, &at.at(value));
            }
        }
        let schema = at.get(self.documents, "schema");
        self.out.key("content", at.node_ref);
        if schema.is_none() {
            let message = "`schema` is missing, so the body may be anything: Swagger 2.0 requires it next to `in: body`";
            self.out
                .warn(ContractProblemKind::MissingField, message.to_owned());
        }
        self.out.begin_object(at.node_ref);
        for (name, media) in consumes {
            self.out.key(name, media.node_ref);
            self.out.begin_object(media.node_ref);
            if let Some(schema) = &schema {
                let first = format!("{pointer}/content/{}/schema", escaped(&consumes[0].0));
                self.shared_schema(schema, *name == consumes[0].0, &first);
            }
            self.out.end();
        }
        self.out.end();
        self.out.end();
    }

    /// Writes `schema`: the schema itself the first time or if it is a reference, and otherwise a
    /// reference to the first one.
    pub(super) fn shared_schema(&mut self, schema: &WrittenNode, is_first: bool, first: &str) {
        self.out.key("schema", schema.node_ref);
        if is_first || is_reference(self.node(schema)) {
            self.schema(schema);
        } else {
            self.reference(first, schema.node_ref);
        }
    }

    fn reference(&mut self, pointer: &str, origin: NodeRef) {
        let reference = format!("#{}", pointer.replace('%', "%25"));
        self.out.begin_object(origin);
        self.out.text_member("$ref", &reference, origin);
        self.out.end();
    }

    fn form(
        &mut self,
        fields: &[SwaggerParameter],
        consumes: &[(String, WrittenNode)],
        origin: NodeRef,
        pointer: &str,
    ) {
        let is_file =
            |field: &SwaggerParameter| text_of(self.node(&field.object), "type") == Some("file");
        let has_file = fields.iter().any(is_file);
        let named = |known: &str| consumes.iter().any(|(name, _)| is_type(name, known));
        let media: Vec<&str> = match (named(FORM), named(MULTIPART)) {
            (true, true) => vec![FORM, MULTIPART],
            (true, false) => vec![FORM],
            (false, true) => vec![MULTIPART],
            (false, false) if has_file => vec![MULTIPART],
            (false, false) => vec![FORM, MULTIPART],
        };
        let required: Vec<&SwaggerParameter> = fields
            .iter()
            .filter(|field| self.is_required(field))
            .collect();
        if has_file && media == [FORM] {
            let message = "a file in application/x-www-form-urlencoded must be UTF-8 text, and other octets are refused: write `consumes: [multipart/form-data]`";
            self.out
                .warn(ContractProblemKind::NotJudged, message.to_owned());
        }
        self.out.begin_object(origin);
        if let Some(first) = required.first() {
            self.out.key("required", first.object.node_ref);
            self.out.boolean(true, first.object.node_ref);
        }
        self.out.key("content", origin);
        self.out.begin_object(origin);
        for (number, name) in media.iter().enumerate() {
            self.out.key(name, origin);
            self.out.begin_object(origin);
            self.out.key("schema", origin);
            if number == 0 {
                self.form_schema(fields, &required, origin);
            } else {
                let first = format!("{pointer}/content/{}/schema", escaped(media[0]));
                self.reference(&first, origin);
            }
            self.form_styles(fields, origin);
            self.out.end();
        }
        self.out.end();
        self.out.end();
    }

    /// Writes the styles of the lists that are in one value each. `multi` is the default of 3.0.
    fn form_styles(&mut self, fields: &[SwaggerParameter], origin: NodeRef) {
        let is_list = |field: &&SwaggerParameter| {
            let node = self.node(&field.object);
            let format = text_of(node, "collectionFormat");
            text_of(node, "type") == Some("array") && format != Some("multi")
        };
        let lists: Vec<&SwaggerParameter> = fields.iter().filter(is_list).collect();
        if lists.is_empty() {
            return;
        }
        self.out.key("encoding", origin);
        self.out.begin_object(origin);
        for field in lists {
            self.out.key(&field.name, field.object.node_ref);
            self.out.begin_object(field.object.node_ref);
            self.list_style(&field.object, &field.location);
            self.out.end();
        }
        self.out.end();
    }

    fn form_schema(
        &mut self,
        fields: &[SwaggerParameter],
        required: &[&SwaggerParameter],
        origin: NodeRef,
    ) {
        self.out.begin_object(origin);
        self.out.text_member("type", "object", origin);
        if !required.is_empty() {
            self.out.key("required", origin);
            self.out.begin_array(origin);
            for field in required {
                let name = field.object.get(self.documents, "name");
                self.out
                    .copy(name.unwrap_or_else(|| field.object.clone()).node_ref);
            }
            self.out.end();
        }
        self.out.key("properties", origin);
        self.out.begin_object(origin);
        for (number, field) in fields.iter().enumerate() {
            let at = &field.object;
            if fields[..number].iter().any(|known| known.is_same(field)) {
                let name = &field.name;
                self.out.problem(format!(
                    "the formData parameter `{name}` is declared twice here: remove one"
                ));
                continue;
            }
            self.out.key(&field.name, at.node_ref);
            let own = at.get(self.documents, "schema");
            match own.filter(|_| self.node(at).get("type").is_none()) {
                Some(schema) => self.schema(&schema),
                None => {
                    self.out.begin_object(at.node_ref);
                    self.schema_members(at, &|name| {
                        name == "description" || is_schema_keyword(name)
                    });
                    self.out.end();
                }
            }
        }
        self.out.end();
        self.out.end();
    }

    fn is_required(&self, field: &SwaggerParameter) -> bool {
        let required = self.node(&field.object).get("required");
        required.and_then(JsonNode::as_bool) == Some(true)
    }
}

/// Whether a media type is another one, parameters excepted.
fn is_type(name: &str, known: &str) -> bool {
    let kind = name.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(known)
}

pub(super) fn escaped(name: &str) -> String {
    portcullis_json::pointer::escape(name).into()
}
