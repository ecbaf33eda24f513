//! Lowers the documents of a Swagger contract (Swagger 2.0, Swagger Object).

use std::collections::HashMap;

use portcullis_json::JsonNode;

use super::swagger_object::ROOT;
use crate::openapi::document::{DocumentSet, DocumentTranslation, NodeRef, TranslatedTape};
use crate::openapi::written_node::WrittenNode;

/// A contract whose documents are OpenAPI 3: those of Swagger 2.0 are translated.
pub(crate) fn translated(mut documents: DocumentSet) -> DocumentSet {
    if is_swagger(documents.entry().root()) {
        let translations = lower_documents(&documents);
        documents.translate(translations);
        documents.set_swagger();
    }
    documents
}

/// Whether a document is Swagger 2.0.
fn is_swagger(root: JsonNode<'_>) -> bool {
    let version = root.get("swagger");
    let text = version.and_then(|version| version.as_str().or(version.number_text()));
    matches!(text, Some("2.0" | "2")) && root.get("openapi").is_none()
}

/// Lowers all documents, in their order.
fn lower_documents(documents: &DocumentSet) -> Vec<DocumentTranslation> {
    let count = u32::try_from(documents.list().len()).expect("files are counted in limits");
    let lowered = (0..count).map(|document| {
        let lowering = SwaggerLowering {
            documents,
            out: TranslatedTape::new(documents, documents.root_ref(document)),
            written: HashMap::new(),
        };
        let root = WrittenNode {
            node_ref: documents.root_ref(document),
            file: String::new(),
        };
        if document == 0 {
            lowering.entry(&root)
        } else {
            lowering.other(&root)
        }
    });
    lowered.collect()
}

/// Lowers one document.
pub(super) struct SwaggerLowering<'d> {
    pub(super) documents: &'d DocumentSet,
    pub(super) out: TranslatedTape<'d>,
    /// Shared parameters, bodies and responses that were written, with a reference to them. What
    /// depends on the operation is part of the key.
    pub(super) written: HashMap<(NodeRef, String), String>,
}

impl<'d> SwaggerLowering<'d> {
    fn entry(mut self, root: &WrittenNode) -> DocumentTranslation {
        let node = self.node(root);
        self.out.begin_object(root.node_ref);
        self.out.text_member("openapi", "3.0.4", root.node_ref);
        self.servers(root);
        for (name, value) in node.members() {
            let at = root.at(value);
            if self.wrong_field(name, &at, true) {
                continue;
            }
            match name {
                "swagger" | "host" | "basePath" | "schemes" | "consumes" | "produces" => {}
                "paths" if value.is_object() => self.paths(&at, root),
                "definitions" | "parameters" | "responses" => {
                    self.out.key(name, at.node_ref);
                    self.structure(&at);
                }
                "securityDefinitions" if value.is_object() => self.security_schemes(&at),
                _ if !ROOT.has(name) => self.unknown_field(ROOT, name, &at),
                _ => self.out.copy_member(name, at.node_ref),
            }
        }
        self.out.end();
        self.out.finish()
    }

    /// A file that the entry document refers to: its schemas are lowered where they are, and its
    /// other objects where the entry document uses them.
    fn other(mut self, root: &WrittenNode) -> DocumentTranslation {
        self.structure(root);
        self.out.finish()
    }

    pub(super) fn node(&self, at: &WrittenNode) -> JsonNode<'d> {
        self.documents.node(at.node_ref)
    }

    /// `servers`, from `schemes`, `host` and `basePath`.
    fn servers(&mut self, root: &WrittenNode) {
        let node = self.node(root);
        let text = |name: &str| node.get(name).and_then(JsonNode::as_str);
        let origin = ["basePath", "host"]
            .into_iter()
            .find_map(|name| node.get(name));
        let Some(origin) = origin.map(|origin| DocumentSet::node_ref(root.node_ref, origin)) else {
            return;
        };
        let path = match text("basePath").unwrap_or_default().trim_end_matches('/') {
            path if path.is_empty() || path.starts_with('/') => path.to_owned(),
            path => format!("/{path}"),
        };
        let host = text("host").map(|host| host.split_once("://").map_or(host, |(_, host)| host));
        let host = host.and_then(|host| host.split('/').next());
        let schemes = node.get("schemes").into_iter().flat_map(JsonNode::elements);
        let schemes: Vec<&str> = schemes.filter_map(JsonNode::as_str).collect();
        let urls: Vec<String> = match host.filter(|host| !host.is_empty()) {
            None => vec![if path.is_empty() {
                "/".to_owned()
            } else {
                path
            }],
            Some(host) if schemes.is_empty() => vec![format!("//{host}{path}")],
            Some(host) => {
                let urls = schemes
                    .iter()
                    .map(|scheme| format!("{scheme}://{host}{path}"));
                urls.collect()
            }
        };
        self.out.key("servers", origin);
        self.out.begin_array(origin);
        for url in urls {
            self.out.begin_object(origin);
            self.out.text_member("url", &url, origin);
            self.out.end();
        }
        self.out.end();
    }

    /// `components.securitySchemes`, from `securityDefinitions`.
    fn security_schemes(&mut self, definitions: &WrittenNode) {
        let origin = definitions.node_ref;
        self.out.key("components", origin);
        self.out.begin_object(origin);
        self.out.key("securitySchemes", origin);
        self.out.begin_object(origin);
        for (name, scheme) in self.node(definitions).members() {
            let at = definitions.at(scheme);
            self.out.key(name, at.node_ref);
            match scheme.get("type").and_then(JsonNode::as_str) {
                Some("basic") => {
                    self.out.begin_object(at.node_ref);
                    self.out.text_member("type", "http", at.node_ref);
                    self.out.text_member("scheme", "basic", at.node_ref);
                    self.out.end();
                }
                Some("oauth2") => self.oauth_scheme(&at),
                _ => self.out.copy(at.node_ref),
            }
        }
        self.out.end();
        self.out.end();
    }

    fn oauth_scheme(&mut self, scheme: &WrittenNode) {
        let node = self.node(scheme);
        let flow = node.get("flow");
        let name = match flow.and_then(JsonNode::as_str) {
            Some("accessCode") => "authorizationCode",
            Some("application") => "clientCredentials",
            Some("password") => "password",
            _ => "implicit",
        };
        let origin = flow.map_or(scheme.node_ref, |flow| scheme.at(flow).node_ref);
        self.out.begin_object(scheme.node_ref);
        self.out.text_member("type", "oauth2", scheme.node_ref);
        self.out.key("flows", origin);
        self.out.begin_object(origin);
        self.out.key(name, origin);
        self.out.begin_object(origin);
        for field in ["authorizationUrl", "tokenUrl", "scopes"] {
            if let Some(value) = scheme.get(self.documents, field) {
                self.out.copy_member(field, value.node_ref);
            }
        }
        self.out.end();
        self.out.end();
        self.out.end();
    }
}
