//! Lowers responses (Swagger 2.0, Responses Object and Response Object).

use super::lower_body::escaped;
use super::lower_document::SwaggerLowering;
use super::swagger_object::RESPONSE;
use crate::openapi::document::NodeRef;
use crate::openapi::written_node::WrittenNode;

impl SwaggerLowering<'_> {
    /// Writes `responses` of an operation that sends these media types.
    pub(super) fn responses(
        &mut self,
        responses: &WrittenNode,
        produces: &[(String, WrittenNode)],
        pointer: &str,
    ) {
        self.out.begin_object(responses.node_ref);
        for (status, response) in self.node(responses).members() {
            let declared = responses.at(response);
            self.out.key(status, declared.node_ref);
            let object = declared.target(self.documents);
            match object.filter(|object| self.node(object).is_object()) {
                Some(object) if !status.starts_with("x-") => {
                    let at = format!("{pointer}/{}", escaped(status));
                    self.response(&declared, &object, produces, &at);
                }
                // Compiling the copy reports the reference.
                _ => self.out.copy(declared.node_ref),
            }
        }
        self.out.end();
    }

    fn response(
        &mut self,
        declared: &WrittenNode,
        object: &WrittenNode,
        produces: &[(String, WrittenNode)],
        pointer: &str,
    ) {
        let any = [("*/*".to_owned(), object.clone())];
        let produces = if produces.is_empty() { &any } else { produces };
        let names: Vec<&str> = produces.iter().map(|(name, _)| &**name).collect();
        let is_shared = declared.node_ref != object.node_ref;
        let variant = names.join(",");
        if is_shared && self.is_written(object.node_ref, declared.node_ref, &variant, pointer) {
            return;
        }
        self.out.begin_object(object.node_ref);
        for (name, value) in self.node(object).members() {
            let at = object.at(value);
            match name {
                "schema" => self.content(&at, object, produces, pointer),
                "examples" => {}
                "headers" if value.is_object() => {
                    self.out.key(name, at.node_ref);
                    self.headers(&at);
                }
                _ if !RESPONSE.has(name) => self.unknown_field(RESPONSE, name, &at),
                _ => self.out.copy_member(name, at.node_ref),
            }
        }
        self.out.end();
    }

    /// Writes `content` with the schema and the examples of a response.
    fn content(
        &mut self,
        schema: &WrittenNode,
        response: &WrittenNode,
        produces: &[(String, WrittenNode)],
        pointer: &str,
    ) {
        let examples = response.get(self.documents, "examples");
        self.out.key("content", schema.node_ref);
        self.out.begin_object(schema.node_ref);
        for (name, media) in produces {
            let origin: NodeRef = media.node_ref;
            self.out.key(name, origin);
            self.out.begin_object(origin);
            let first = format!("{pointer}/content/{}/schema", escaped(&produces[0].0));
            self.shared_schema(schema, *name == produces[0].0, &first);
            let example = examples
                .as_ref()
                .and_then(|all| all.get(self.documents, name));
            if let Some(example) = example {
                self.out.copy_member("example", example.node_ref);
            }
            self.out.end();
        }
        self.out.end();
    }

    fn headers(&mut self, headers: &WrittenNode) {
        self.out.begin_object(headers.node_ref);
        for (name, header) in self.node(headers).members() {
            let at = headers.at(header);
            self.out.key(name, at.node_ref);
            if !header.is_object() || header.get("$ref").is_some() {
                self.out.copy(at.node_ref);
                continue;
            }
            self.out.begin_object(at.node_ref);
            if let Some(description) = at.get(self.documents, "description") {
                self.out.copy_member("description", description.node_ref);
            }
            self.value_schema(&at, "header");
            self.out.end();
        }
        self.out.end();
    }
}
