//! The objects of Swagger 2.0 whose fields are read one by one, and the fields of each.

use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::near_name::nearest_name;

/// An object of Swagger 2.0 with its fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct SwaggerObject {
    pub(super) title: &'static str,
    fields: &'static [&'static str],
}

pub(super) const ROOT: SwaggerObject = SwaggerObject {
    title: "the Swagger Object",
    fields: &[
        "swagger",
        "info",
        "host",
        "basePath",
        "schemes",
        "consumes",
        "produces",
        "paths",
        "definitions",
        "parameters",
        "responses",
        "securityDefinitions",
        "security",
        "tags",
        "externalDocs",
    ],
};

pub(super) const PATH_ITEM: SwaggerObject = SwaggerObject {
    title: "a Path Item Object of Swagger 2.0",
    fields: &[
        "$ref",
        "get",
        "put",
        "post",
        "delete",
        "options",
        "head",
        "patch",
        "parameters",
    ],
};

pub(super) const OPERATION: SwaggerObject = SwaggerObject {
    title: "an Operation Object of Swagger 2.0",
    fields: &[
        "tags",
        "summary",
        "description",
        "externalDocs",
        "operationId",
        "consumes",
        "produces",
        "parameters",
        "responses",
        "schemes",
        "deprecated",
        "security",
    ],
};

pub(super) const RESPONSE: SwaggerObject = SwaggerObject {
    title: "a Response Object of Swagger 2.0",
    fields: &["description", "schema", "headers", "examples"],
};

pub(super) const BODY_PARAMETER: SwaggerObject = SwaggerObject {
    title: "a Parameter Object with `in: body`",
    fields: &["name", "in", "description", "required", "schema"],
};

impl SwaggerObject {
    pub(super) fn has(self, name: &str) -> bool {
        self.fields.contains(&name) || name.starts_with("x-")
    }

    /// What to do about a field that the object does not have.
    pub(super) fn advice(self, name: &str) -> (String, ContractProblemKind) {
        let fields = self.fields.iter().copied();
        if let Some(meant) = nearest_name(fields, name) {
            let advice = format!("did you mean `{meant}`?");
            return (advice, ContractProblemKind::MisspeltKeyword);
        }
        let advice = match name {
            "components" => "move its schemas to `definitions`, or write `openapi: 3.0.4`",
            "servers" => "write `host`, `basePath` and `schemes`",
            "requestBody" => "write a parameter with `in: body`",
            "content" => "write `schema`, and the media types in `produces`",
            "type" | "properties" | "items" | "format" | "enum" => "write it below `schema`",
            _ => "remove it; only names with `x-` are extensions",
        };
        (advice.to_owned(), ContractProblemKind::UnknownField)
    }
}
