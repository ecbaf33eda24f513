//! Lowers parameters and header fields (Swagger 2.0, Parameter Object and Header Object).

use portcullis_json::{JsonKind, JsonNode};

use super::lower_document::SwaggerLowering;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::NodeRef;
use crate::openapi::written_node::{WrittenNode, text_of};

/// The most lists inside each other that are read.
const NESTED_LISTS_MAX: usize = 4;

/// A parameter of an operation or path item.
#[derive(Clone, Debug)]
pub(super) struct SwaggerParameter {
    /// The element of the list.
    pub(super) declared: WrittenNode,
    /// The Parameter Object: the element, or what its reference leads to.
    pub(super) object: WrittenNode,
    pub(super) name: String,
    pub(super) location: String,
}

impl SwaggerParameter {
    pub(super) fn is_body(&self) -> bool {
        self.location == "body"
    }

    pub(super) fn is_form(&self) -> bool {
        self.location == "formData"
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.location == other.location && (self.is_body() || self.name == other.name)
    }

    fn is_shared(&self) -> bool {
        self.declared.node_ref != self.object.node_ref
    }
}

impl SwaggerLowering<'_> {
    /// The elements of a list of parameters. An element whose reference does not resolve stays
    /// itself, so compiling reports it.
    pub(super) fn declared_parameters(&self, list: &WrittenNode) -> Vec<SwaggerParameter> {
        let elements = self.node(list).elements();
        let parameters = elements.map(|element| {
            let declared = list.at(element);
            let target = declared.target(self.documents);
            let object = target.unwrap_or_else(|| declared.clone());
            let node = self.node(&object);
            SwaggerParameter {
                name: text_of(node, "name").unwrap_or_default().to_owned(),
                location: text_of(node, "in").unwrap_or_default().to_owned(),
                declared,
                object,
            }
        });
        parameters.collect()
    }

    /// Writes the parameters that are not in the body.
    pub(super) fn parameter_list(
        &mut self,
        parameters: &[SwaggerParameter],
        origin: NodeRef,
        pointer: &str,
    ) {
        self.out.begin_array(origin);
        let others = parameters
            .iter()
            .filter(|one| !one.is_body() && !one.is_form());
        for (number, parameter) in others.enumerate() {
            self.parameter(parameter, &format!("{pointer}/{number}"));
        }
        self.out.end();
    }

    fn parameter(&mut self, parameter: &SwaggerParameter, pointer: &str) {
        let at = &parameter.object;
        let node = self.node(at);
        let is_known = matches!(&*parameter.location, "query" | "path" | "header");
        if !node.is_object() || !is_known || node.get("$ref").is_some() {
            if node.is_object() && node.get("$ref").is_none() {
                self.out.problem(
                    "`in` must be query, header, path, formData or body (Swagger 2.0, Parameter \
                     Object)",
                );
                return self.placeholder(at.node_ref);
            }
            return self.out.copy(parameter.declared.node_ref);
        }
        if parameter.is_shared() && self.refers_to_written(parameter, "", pointer) {
            return;
        }
        self.out.begin_object(at.node_ref);
        for (name, value) in node.members() {
            let is_kept = matches!(
                name,
                "name" | "in" | "description" | "required" | "allowEmptyValue"
            );
            if is_kept || name.starts_with("x-") {
                self.out.copy_member(name, at.at(value).node_ref);
            }
        }
        self.value_schema(at, &parameter.location);
        self.out.end();
    }

    /// A parameter in place of one that cannot be lowered, which has been reported.
    fn placeholder(&mut self, origin: NodeRef) {
        self.out.begin_object(origin);
        self.out.text_member("name", "x-unknown", origin);
        self.out.text_member("in", "header", origin);
        self.out.key("schema", origin);
        self.out.begin_object(origin);
        self.out.end();
        self.out.end();
    }

    /// Writes a reference to a shared object that was written before. Otherwise the object will be
    /// written at `pointer`. `variant` distinguishes what depends on the operation.
    pub(super) fn refers_to_written(
        &mut self,
        shared: &SwaggerParameter,
        variant: &str,
        pointer: &str,
    ) -> bool {
        self.is_written(
            shared.object.node_ref,
            shared.declared.node_ref,
            variant,
            pointer,
        )
    }

    pub(super) fn is_written(
        &mut self,
        object: NodeRef,
        declared: NodeRef,
        variant: &str,
        pointer: &str,
    ) -> bool {
        let key = (object, variant.to_owned());
        if let Some(known) = self.written.get(&key) {
            let known = known.clone();
            self.out.begin_object(declared);
            self.out.text_member("$ref", &known, declared);
            self.out.end();
            return true;
        }
        let reference = format!("#{}", pointer.replace('%', "%25"));
        self.written.insert(key, reference);
        false
    }

    /// Writes `schema`, `style` and `explode` of a value that is text.
    pub(super) fn value_schema(&mut self, at: &WrittenNode, location: &str) {
        let node = self.node(at);
        if text_of(node, "type") == Some("array") {
            self.list_style(at, location);
        }
        let own = at.get(self.documents, "schema");
        self.out.key("schema", at.node_ref);
        self.warn_of_type(node, own.is_some());
        match own.filter(|_| node.get("type").is_none()) {
            Some(schema) => self.schema(&schema),
            None => {
                self.out.begin_object(at.node_ref);
                self.schema_members(at, &is_schema_keyword);
                self.out.end();
            }
        }
    }

    /// Warns about a value that is text and whose type is missing or for forms only.
    fn warn_of_type(&mut self, node: JsonNode<'_>, has_schema: bool) {
        let message = match text_of(node, "type") {
            Some("file") => {
                "`type: file` is for parameters with `in: formData` only, so the value may be any text"
            }
            None if !has_schema
                && !["type", "enum"]
                    .iter()
                    .any(|known| node.get(known).is_some()) =>
            {
                "`type` is missing, so the value may be any text: Swagger 2.0 requires it"
            }
            _ => return,
        };
        self.out
            .warn(ContractProblemKind::MalformedParameter, message.to_owned());
    }

    /// Writes the `style` that `collectionFormat` corresponds to. `tabDelimited` is not a style of
    /// OpenAPI.
    pub(super) fn list_style(&mut self, at: &WrittenNode, location: &str) {
        let node = self.node(at);
        let format = node.get("collectionFormat");
        let is_plain = matches!(location, "path" | "header");
        let style = match format.map(|format| format.as_str().unwrap_or_default()) {
            None | Some("csv") if is_plain => "simple",
            None | Some("csv" | "multi") if !is_plain => "form",
            Some("ssv") => "spaceDelimited",
            Some("tsv") => "tabDelimited",
            Some("pipes") => "pipeDelimited",
            Some("multi") => {
                self.out.problem(
                    "`collectionFormat: multi` is for query and formData parameters only: write \
                     csv, ssv, tsv or pipes",
                );
                "simple"
            }
            _ => {
                self.out
                    .problem("`collectionFormat` must be csv, ssv, tsv, pipes or multi");
                "form"
            }
        };
        let origin = format.map_or(at.node_ref, |format| at.at(format).node_ref);
        self.out.text_member("style", style, origin);
        self.out.key("explode", origin);
        let repeats = format.and_then(JsonNode::as_str) == Some("multi");
        self.out.boolean(repeats && !is_plain, origin);
        if nested_lists(node) > NESTED_LISTS_MAX {
            self.out.problem(format!(
                "more than {NESTED_LISTS_MAX} lists inside each other cannot be read from one text"
            ));
        }
    }
}

/// How many lists a parameter has inside each other.
fn nested_lists(parameter: JsonNode<'_>) -> usize {
    let mut count = 0;
    let mut here = Some(parameter);
    while let Some(node) = here.filter(|node| text_of(*node, "type") == Some("array")) {
        count += 1;
        here = node.get("items");
    }
    count
}

/// Whether a field of a parameter constrains its value, and not its place in a message.
pub(super) fn is_schema_keyword(name: &str) -> bool {
    const OTHERS: [&str; 8] = [
        "name",
        "in",
        "description",
        "required",
        "allowEmptyValue",
        "schema",
        "x-example",
        "deprecated",
    ];
    !OTHERS.contains(&name)
}

/// Whether a value is an object with a reference.
pub(super) fn is_reference(node: JsonNode<'_>) -> bool {
    node.kind() == JsonKind::Object && node.get("$ref").is_some()
}
