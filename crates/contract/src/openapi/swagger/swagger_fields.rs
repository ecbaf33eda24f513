//! Reports the fields of Swagger 2.0 objects that their objects do not have, and those of the wrong type.
//! A field without effect is kept as an extension, and `check` warns about it.

use portcullis_json::{JsonKind, JsonNode};

use super::lower_document::SwaggerLowering;
use super::swagger_object::SwaggerObject;
use crate::openapi::written_node::WrittenNode;

impl SwaggerLowering<'_> {
    /// Writes a field that its object does not have.
    pub(super) fn unknown_field(&mut self, object: SwaggerObject, name: &str, at: &WrittenNode) {
        let (advice, kind) = object.advice(name);
        let title = object.title;
        let message = format!("`{name}` is not a field of {title} and has no effect: {advice}");
        self.out.key(&format!("x-{name}"), at.node_ref);
        self.out.warn(kind, message);
        self.out.copy(at.node_ref);
    }

    /// Reports a field of the root or of an operation that has the wrong type. Returns whether it does.
    pub(super) fn wrong_field(&mut self, name: &str, at: &WrittenNode, is_root: bool) -> bool {
        let value = self.node(at);
        if value.is_null() {
            return false;
        }
        let expected = match name {
            "host" | "basePath" if value.kind() != JsonKind::String => match name {
                "host" => "a host name, such as api.example.com",
                _ => "a path, such as /v1",
            },
            "consumes" | "produces" if !is_list_of_texts(value) => {
                "a list of media types, such as [application/json]"
            }
            "definitions" | "parameters" | "responses" | "securityDefinitions"
                if is_root && !value.is_object() =>
            {
                "an object"
            }
            "schemes" if !is_list_of_texts(value) => "a list of schemes, such as [https]",
            _ => return false,
        };
        let found = value.kind().with_article();
        self.out.key(&format!("x-{name}"), at.node_ref);
        self.out
            .problem(format!("`{name}` must be {expected}, not {found}"));
        self.out.copy(at.node_ref);
        true
    }
}

fn is_list_of_texts(value: JsonNode<'_>) -> bool {
    value.is_array() && value.elements().all(|one| one.as_str().is_some())
}
