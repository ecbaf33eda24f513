//! Lowers operations (Swagger 2.0, Operation Object).

use super::lower_document::SwaggerLowering;
use super::lower_parameter::SwaggerParameter;
use super::swagger_object::OPERATION;
use crate::openapi::written_node::WrittenNode;

impl SwaggerLowering<'_> {
    /// Writes an operation. `common` has the parameters of its path item, `pointer` leads to the
    /// operation.
    pub(super) fn operation(
        &mut self,
        operation: &WrittenNode,
        common: &[SwaggerParameter],
        root: &WrittenNode,
        pointer: &str,
    ) {
        let list = operation.get(self.documents, "parameters");
        let own = list.iter().flat_map(|list| self.declared_parameters(list));
        let own: Vec<SwaggerParameter> = own.collect();
        let in_body = self.body_parameters(&own, common);
        if let Some(message) = contradiction(&own, &in_body) {
            self.out.problem(message);
        }
        self.out.begin_object(operation.node_ref);
        for (name, value) in self.node(operation).members() {
            let at = operation.at(value);
            if self.wrong_field(name, &at, false) {
                continue;
            }
            match name {
                "consumes" | "produces" | "schemes" => {}
                "parameters" if value.is_array() => {
                    self.out.key(name, at.node_ref);
                    self.parameter_list(&own, at.node_ref, &format!("{pointer}/parameters"));
                }
                "responses" if value.is_object() => {
                    self.out.key(name, at.node_ref);
                    let produces = self.media_types(operation, root, "produces");
                    self.responses(&at, &produces, &format!("{pointer}/responses"));
                }
                _ if !OPERATION.has(name) => self.unknown_field(OPERATION, name, &at),
                _ => self.out.copy_member(name, at.node_ref),
            }
        }
        if !in_body.is_empty() {
            let consumes = self.media_types(operation, root, "consumes");
            self.request_body(&in_body, &consumes, &format!("{pointer}/requestBody"));
        }
        self.out.end();
    }

    /// The parameters in the body: those of the operation, and those of the path item that it does
    /// not override. An own body replaces all of them.
    fn body_parameters(
        &self,
        own: &[SwaggerParameter],
        common: &[SwaggerParameter],
    ) -> Vec<SwaggerParameter> {
        let in_body = |parameter: &&SwaggerParameter| parameter.is_body() || parameter.is_form();
        let mut found: Vec<SwaggerParameter> = own.iter().filter(in_body).cloned().collect();
        let has_body = found.iter().any(SwaggerParameter::is_body);
        let has_form = found.iter().any(SwaggerParameter::is_form);
        for parameter in common.iter().filter(in_body) {
            let is_replaced = has_body || (has_form && parameter.is_body());
            if !is_replaced && !found.iter().any(|known| known.is_same(parameter)) {
                found.push(parameter.clone());
            }
        }
        found
    }
}

/// What is wrong with the parameters in the body of an operation.
fn contradiction(own: &[SwaggerParameter], in_body: &[SwaggerParameter]) -> Option<String> {
    let bodies = own.iter().filter(|parameter| parameter.is_body()).count();
    if bodies > 1 {
        return Some(
            "an operation has one parameter with `in: body` at most: remove one".to_owned(),
        );
    }
    let has_both = in_body.iter().any(SwaggerParameter::is_body)
        && in_body.iter().any(SwaggerParameter::is_form);
    has_both.then(|| {
        "an operation has a parameter with `in: body` or parameters with `in: formData`, not both: \
         remove one of them"
            .to_owned()
    })
}
