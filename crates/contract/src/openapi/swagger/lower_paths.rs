//! Lowers paths and path items (Swagger 2.0, Paths Object and Path Item Object).

use std::collections::HashSet;

use portcullis_json::pointer;

use super::lower_document::SwaggerLowering;
use super::lower_parameter::SwaggerParameter;
use super::swagger_object::PATH_ITEM;
use crate::openapi::written_node::WrittenNode;

/// The fields of a path item that declare operations.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

impl SwaggerLowering<'_> {
    /// Writes `paths`.
    pub(super) fn paths(&mut self, paths: &WrittenNode, root: &WrittenNode) {
        self.out.key("paths", paths.node_ref);
        self.out.begin_object(paths.node_ref);
        for (path, item) in self.node(paths).members() {
            let at = paths.at(item);
            self.out.key(path, at.node_ref);
            if path.starts_with("x-") {
                self.out.copy(at.node_ref);
            } else {
                let pointer = format!("/paths/{}", pointer::escape(path));
                self.path_item(&at, root, &pointer);
            }
        }
        self.out.end();
    }

    /// Writes a path item with the fields of the objects that its `$ref` leads to.
    fn path_item(&mut self, declared: &WrittenNode, root: &WrittenNode, pointer: &str) {
        let objects = match declared.target(self.documents) {
            Some(_) => {
                let next = |at: &WrittenNode| at.next(self.documents);
                let objects = std::iter::successors(Some(declared.clone()), next);
                objects.collect::<Vec<_>>()
            }
            // Compiling the copy reports the reference.
            None => return self.out.copy(declared.node_ref),
        };
        if objects.iter().any(|object| !self.node(object).is_object()) {
            return self.out.copy(declared.node_ref);
        }
        let fields: Vec<(&str, WrittenNode)> = objects
            .iter()
            .flat_map(|object| {
                let members = self.documents.node(object.node_ref).members();
                members.map(|(name, value)| (name, object.at(value)))
            })
            .filter(|(name, _)| *name != "$ref")
            .collect();
        let common: Vec<SwaggerParameter> = fields
            .iter()
            .filter(|(name, _)| *name == "parameters")
            .flat_map(|(_, list)| self.declared_parameters(list))
            .collect();
        self.out.begin_object(declared.node_ref);
        let mut known = HashSet::new();
        for (name, field) in &fields {
            let is_repeated = !known.insert(*name);
            let has_effect = *name == "parameters" || METHODS.contains(name);
            if is_repeated && objects.len() > 1 {
                if has_effect {
                    self.out.problem(format!(
                        "`{name}` is a field next to the `$ref` and of the path item that it leads \
                         to, and Swagger does not define which one applies: remove one"
                    ));
                }
                continue;
            }
            // OpenAPI 3 has them. Compiling reports all other fields that are unknown.
            if matches!(*name, "servers" | "trace") {
                self.unknown_field(PATH_ITEM, name, field);
                continue;
            }
            self.out.key(name, field.node_ref);
            if *name == "parameters" && self.node(field).is_array() {
                self.parameter_list(&common, field.node_ref, &format!("{pointer}/parameters"));
            } else if METHODS.contains(name) && self.node(field).is_object() {
                self.operation(field, &common, root, &format!("{pointer}/{name}"));
            } else {
                self.out.copy(field.node_ref);
            }
        }
        self.out.end();
    }

    /// The texts of a list such as `consumes`, of an operation or else of the document.
    pub(super) fn media_types(
        &self,
        operation: &WrittenNode,
        root: &WrittenNode,
        field: &str,
    ) -> Vec<(String, WrittenNode)> {
        let own = operation.get(self.documents, field);
        let Some(list) = own.or_else(|| root.get(self.documents, field)) else {
            return Vec::new();
        };
        let node = self.node(&list);
        let elements = node.elements().chain(node.as_str().map(|_| node));
        let mut found: Vec<(String, WrittenNode)> = Vec::new();
        for element in elements {
            if let Some(text) = element.as_str()
                && !found.iter().any(|(known, _)| known == text)
            {
                found.push((text.to_owned(), list.at(element)));
            }
        }
        found
    }
}
