//! Compiles paths: their templates, their routes and what operations inherit from them.

use std::collections::HashMap;
use std::sync::Arc;

use http::Method;
use portcullis_json::{JsonKind, JsonNode};
use portcullis_vocabulary::Tier;

use super::compile_objectives::X_SLO;
use super::contract_compiler::ContractCompiler;
use super::typed_fields::wrong_kind;
use crate::message::parameter::Parameter;
use crate::message::route::{OverlapKind, PathTemplate, RouteTable, TemplateOverlaps};
use crate::message::unread_path::UnreadPath;
use crate::message::violation::ViolationClass;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::contract_repair::ContractRepair;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::path_item::{
    ADDITIONAL_OPERATIONS, field_method, field_operations, path_item_objects,
};
use crate::openapi::reference::follow;

/// Whether a field of a path item changes how messages are checked.
fn has_effect(dialect: Dialect, field: &str) -> bool {
    matches!(field, "parameters" | "servers")
        || field_method(dialect, field).is_some()
        || (dialect == Dialect::V32 && field == ADDITIONAL_OPERATIONS)
}

/// The active `servers`, with a node of the document that contains them.
pub(super) type EffectiveServers<'d> = Option<(NodeRef, JsonNode<'d>)>;

/// What an operation inherits from its path item and document unless it overrides it.
#[derive(Clone, Default)]
pub(super) struct InheritedFields<'d> {
    pub(super) parameters: Vec<Parameter>,
    /// The parameters that could not be read.
    pub(super) unread_parameters: Vec<NodeRef>,
    pub(super) servers: EffectiveServers<'d>,
    pub(super) provider: Option<Arc<str>>,
    pub(super) tier: Option<Tier>,
    /// The path item, before its reference is followed.
    pub(super) path_item: Option<NodeRef>,
}

impl<'d> ContractCompiler<'d> {
    pub(super) fn paths(&mut self) {
        let entry = self.documents.entry_ref();
        let root = self.documents.node(entry);
        if root.get("paths").is_none() && self.surface.dialect == Dialect::V30 {
            self.refuse(entry, "`paths` is missing");
        }
        if let Some(paths) = root.get("paths").filter(|paths| !paths.is_object()) {
            let node_ref = DocumentSet::node_ref(entry, paths);
            self.refuse(
                node_ref,
                &wrong_kind("`paths`", JsonKind::Object, paths.kind()),
            );
            return;
        }
        let mut inherited = self.inherit(entry, root, &InheritedFields::default());
        if let Some(info) = root.get("info") {
            inherited = self.inherit(DocumentSet::node_ref(entry, info), info, &inherited);
        }
        self.objectives.tier = inherited.tier;
        self.service_level();
        for (key, item) in self.members(entry, root, "paths") {
            if key.starts_with("x-") {
                continue;
            }
            let node_ref = DocumentSet::node_ref(entry, item);
            match PathTemplate::parse(key) {
                Ok(template) => self.path_item(&template, node_ref, &inherited),
                Err(error) => {
                    let message = format!("path `{key}`: {error}");
                    let kind = ContractProblemKind::MalformedPath;
                    let repair = ContractRepair::UnmatchablePath;
                    if !self.flaw(repair, kind, node_ref, &message) {
                        self.leave_out_path_item(key, node_ref);
                    }
                }
            }
        }
        self.leave_out_overridden(entry, root.get("paths"));
    }

    fn path_item(
        &mut self,
        template: &PathTemplate,
        declared: NodeRef,
        inherited: &InheritedFields<'d>,
    ) {
        let Some(fields) = self.path_item_fields(declared) else {
            self.leave_out_path_item(template.key(), declared);
            return;
        };
        let inherited = self.inherit_path_item(declared, inherited, template);
        if let Some(part) = self.unread_path(declared) {
            for base in self.bases(inherited.servers) {
                let builder = std::mem::replace(&mut self.routes, RouteTable::builder());
                self.routes = builder.add_unread(&base, template, part);
            }
        }
        let mut by_servers: Vec<(EffectiveServers<'d>, Vec<(Method, u32)>)> =
            vec![(inherited.servers, vec![])];
        for (method, node_ref) in self.path_item_operations(fields) {
            let value = self.documents.node(node_ref);
            if self.documents.is_overridden(node_ref) {
                continue;
            }
            let Some(id) = self.operation(template, &method, node_ref, &inherited) else {
                self.leave_out(Some(method.as_str()), template.key(), node_ref);
                continue;
            };
            match value.get("servers") {
                Some(servers) => by_servers.push((Some((node_ref, servers)), vec![(method, id)])),
                None => by_servers[0].1.push((method, id)),
            }
        }
        for (servers, operations) in by_servers {
            if !operations.is_empty() {
                self.add_routes(servers, template, &operations);
            }
        }
    }

    /// The fields of a path item and of the objects that its `$ref` leads to. Reports a reference
    /// that does not lead to an object, and a field that several of them have.
    pub(super) fn path_item_fields(
        &mut self,
        declared: NodeRef,
    ) -> Option<Vec<(&'d str, NodeRef)>> {
        let is_found = self.object(declared, "a path item").is_some();
        if !is_found && self.dangling_path_item(declared).is_none() {
            return None;
        }
        let documents = self.documents;
        let mut fields: Vec<(&'d str, NodeRef)> = Vec::new();
        for object in path_item_objects(documents, declared) {
            let known: HashMap<&str, NodeRef> = fields.iter().copied().collect();
            for (name, value) in documents.node(object).members() {
                let node_ref = DocumentSet::node_ref(object, value);
                match known.get(name) {
                    Some(first) if has_effect(self.surface.dialect, name) => {
                        let first = documents.location(*first);
                        let message = format!(
                            "`{name}` is also a field next to the `$ref` to this path item ({}:{}), \
                             and OpenAPI does not define which one applies: remove one",
                            first.file, first.line
                        );
                        let kind = ContractProblemKind::MalformedDocument;
                        self.error(kind, node_ref, &message);
                    }
                    Some(_) => {}
                    None => fields.push((name, node_ref)),
                }
            }
        }
        fields.retain(|(name, _)| *name != "$ref");
        Some(fields)
    }

    /// The object whose reference leads nowhere, if this path item has one and the tolerant reading
    /// leaves what it declares unknown.
    fn dangling_path_item(&self, declared: NodeRef) -> Option<NodeRef> {
        let is_tolerant = self.documents.reading().is_tolerant() && !self.tolerates();
        let dangling = follow(self.documents, declared).err();
        dangling.map(|(at, _)| at).filter(|_| is_tolerant)
    }

    /// The number of a path item that cannot be read. It stays a path of the contract: if it were left
    /// out, another template could serve its requests by other rules.
    fn unread_path(&mut self, declared: NodeRef) -> Option<u32> {
        let node_ref = self.dangling_path_item(declared)?;
        let root = self.documents.node(self.documents.entry_ref());
        let has_credentials = !self.schemes.is_empty() || root.get("security").is_some();
        let class = if has_credentials {
            ViolationClass::UnreadableCredentials
        } else {
            ViolationClass::Unreadable
        };
        let part = u32::try_from(self.unread_paths.len()).ok()?;
        self.unread_paths.push(UnreadPath { class, node_ref });
        Some(part)
    }

    /// The operations among the fields of a path item. Warns about unknown fields.
    pub(super) fn path_item_operations(
        &mut self,
        fields: Vec<(&'d str, NodeRef)>,
    ) -> Vec<(Method, NodeRef)> {
        let (documents, dialect) = (self.documents, self.surface.dialect);
        let mut operations = Vec::new();
        for (name, node_ref) in fields {
            if let Some(method) = field_method(dialect, name) {
                operations.push((method, node_ref));
            } else if dialect == Dialect::V32 && name == ADDITIONAL_OPERATIONS {
                if self.is_a(JsonKind::Object, node_ref, "`additionalOperations`") {
                    for (method, at) in field_operations(documents, dialect, name, node_ref) {
                        let method = self.additional_method(method, at);
                        operations.extend(method.map(|method| (method, at)));
                    }
                }
            } else {
                self.warn_unknown_field(name, node_ref);
            }
        }
        operations
    }

    /// The method that a name in `additionalOperations` stands for (OpenAPI 3.2.0, Path Item
    /// Object): the same capitalization, and none that a fixed field has.
    fn additional_method(&mut self, name: &str, at: NodeRef) -> Option<Method> {
        let kind = ContractProblemKind::MalformedDocument;
        let Ok(method) = Method::from_bytes(name.as_bytes()) else {
            let message = format!("`{name}` is not a method: write a token such as COPY");
            self.error(kind, at, &message);
            return None;
        };
        let field = name.to_ascii_lowercase();
        if field_method(self.surface.dialect, &field).is_some() {
            if name != field {
                let message = format!(
                    "`additionalOperations` must not have `{name}`: declare it as the field `{field}` of the path item"
                );
                self.error(kind, at, &message);
                return None;
            }
            let upper = name.to_ascii_uppercase();
            let message = format!(
                "methods are case-sensitive: `{name}` is not {upper}, which is the field `{field}` of the path item"
            );
            self.warn(kind, at, &message);
        }
        Some(method)
    }

    /// What operations inherit from a path item. The fields next to its `$ref` come first.
    pub(super) fn inherit_path_item(
        &mut self,
        declared: NodeRef,
        above: &InheritedFields<'d>,
        template: &PathTemplate,
    ) -> InheritedFields<'d> {
        let mut inherited = above.clone();
        for object in path_item_objects(self.documents, declared)
            .into_iter()
            .rev()
        {
            let node = self.documents.node(object);
            let mut own = self.inherit(object, node, &inherited);
            own.parameters = inherited.parameters;
            own.unread_parameters = inherited.unread_parameters;
            let unread = &mut own.unread_parameters;
            let found = self.parameters(object, node, template, unread);
            own.parameters.extend(found);
            inherited = own;
        }
        inherited
            .unread_parameters
            .extend(self.dangling_path_item(declared));
        inherited.path_item = Some(declared);
        inherited
    }

    fn add_routes(
        &mut self,
        servers: EffectiveServers<'d>,
        path: &PathTemplate,
        operations: &[(Method, u32)],
    ) {
        for base in self.bases(servers) {
            let builder = std::mem::replace(&mut self.routes, RouteTable::builder());
            self.routes = builder.add(&base, path, operations);
        }
    }

    pub(super) fn inherit(
        &mut self,
        node_ref: NodeRef,
        node: JsonNode<'d>,
        above: &InheritedFields<'d>,
    ) -> InheritedFields<'d> {
        let text = |name| node.get(name).and_then(|value| value.as_str());
        InheritedFields {
            parameters: Vec::new(),
            unread_parameters: Vec::new(),
            servers: node
                .get("servers")
                .map(|servers| (node_ref, servers))
                .or(above.servers),
            provider: text("x-squad-owner")
                .map(Arc::from)
                .or_else(|| above.provider.clone()),
            tier: self.tier(node_ref, node).or(above.tier),
            path_item: above.path_item,
        }
    }

    fn tier(&mut self, near: NodeRef, node: JsonNode<'d>) -> Option<Tier> {
        let value = node.get("x-sla-tier")?;
        let tier = value.as_str().and_then(|text| text.parse().ok());
        if tier.is_none() {
            self.warn(
                ContractProblemKind::MalformedDocument,
                DocumentSet::node_ref(near, value),
                "`x-sla-tier` must be gold, silver or bronze; it is ignored",
            );
        }
        tier
    }

    /// Warns about an unknown field of a path item, which may be a misspelt method.
    fn warn_unknown_field(&mut self, name: &str, node_ref: NodeRef) {
        if name == X_SLO {
            let message = "`x-slo` of a path item is ignored: write it in its operations";
            return self.warn_of_objective(node_ref, message);
        }
        const KNOWN: [&str; 4] = ["summary", "description", "servers", "parameters"];
        if KNOWN.contains(&name) || name.starts_with("x-") {
            return;
        }
        let dialect = self.surface.dialect;
        let is_of_32 = name == ADDITIONAL_OPERATIONS || name == "query";
        let advice = match field_method(dialect, &name.to_lowercase()) {
            Some(_) => format!("write `{}`", name.to_lowercase()),
            None if is_of_32 => "it belongs to OpenAPI 3.2: change the document to `openapi: 3.2.0`".to_owned(),
            None if dialect == Dialect::V32 => {
                "methods are get, put, post, delete, options, head, patch, trace, query, and others in `additionalOperations`".to_owned()
            }
            None => "methods are get, put, post, delete, options, head, patch, trace".to_owned(),
        };
        let message = format!("`{name}` is not a field of a path item and is ignored: {advice}");
        self.warn_ineffective(ContractProblemKind::MalformedDocument, node_ref, &message);
    }

    /// Reports templates that match the same paths.
    pub(super) fn report_overlaps(&mut self, routes: &RouteTable) {
        let entry = self.documents.entry_ref();
        let paths = self.documents.node(entry).get("paths");
        let by_key: HashMap<&str, NodeRef> = paths
            .into_iter()
            .flat_map(|paths| paths.members())
            .map(|(key, item)| (key, DocumentSet::node_ref(entry, item)))
            .collect();
        let TemplateOverlaps { found, is_partial } = routes.overlaps();
        for overlap in &found {
            // The path follows the base.
            let mut suffixes = overlap.second.match_indices('/');
            let at = suffixes.find_map(|(at, _)| by_key.get(&overlap.second[at..]));
            let at = at.copied().unwrap_or(entry);
            match overlap.kind {
                OverlapKind::Duplicate => {
                    let kind = ContractProblemKind::AmbiguousPath;
                    self.flaw(ContractRepair::SamePath, kind, at, &overlap.to_string());
                }
                OverlapKind::SameShape | OverlapKind::EquallySpecific => {
                    self.warn(ContractProblemKind::AmbiguousPath, at, &overlap.to_string());
                }
            }
        }
        if is_partial {
            let message = "too many paths are equally specific to compare and report all of them: give them different literal segments";
            let at = paths.map_or(entry, |paths| DocumentSet::node_ref(entry, paths));
            self.warn(ContractProblemKind::AmbiguousPath, at, message);
        }
    }
}
