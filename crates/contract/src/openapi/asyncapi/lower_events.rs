//! Lowers the documents of an AsyncAPI contract.
//!
//! A document keeps its structure, so references lead where they led; only its schemas are translated.
//! What OpenAPI reads differently is left out: servers, credentials, and components that belong to no
//! event.

use std::sync::Arc;

use portcullis_json::{JsonKind, JsonNode};

use super::asyncapi_version::{AsyncApiVersion, version_text};
use super::event_contract::EventContract;
use super::read_events::{EventReading, read_events};
use super::schema_roots::{SchemaRoots, schema_roots};
use crate::openapi::document::{
    DocumentSet, DocumentTranslation, NodeRef, OpaqueSchema, TranslatedTape,
};
use crate::openapi::written_node::WrittenNode;

/// The most schemas of a document that are merged with those of traits.
pub(super) const MERGES_MAX: u32 = 256;

/// A contract whose documents are OpenAPI 3: those of AsyncAPI are translated.
pub(in crate::openapi) fn translated(mut documents: DocumentSet) -> DocumentSet {
    let root = documents.entry().root();
    let version = version_text(root).and_then(|_| AsyncApiVersion::of(root));
    let Some(version) = version else {
        return documents;
    };
    let LoweredEvents {
        contract,
        translations,
        opaque,
        ignored,
    } = lower_documents(&documents, version);
    documents.translate(translations);
    documents.set_events(contract, opaque, ignored);
    documents
}

/// The translations of all documents, in their order.
struct LoweredEvents {
    contract: EventContract,
    translations: Vec<DocumentTranslation>,
    opaque: Vec<OpaqueSchema>,
    ignored: Vec<(NodeRef, String)>,
}

fn lower_documents(documents: &DocumentSet, version: AsyncApiVersion) -> LoweredEvents {
    let reading = read_events(documents, version);
    let roots = schema_roots(documents, &reading.schemas);
    let count = u32::try_from(documents.list().len()).expect("files are counted in limits");
    let (mut opaque, mut ignored) = (Vec::new(), Vec::new());
    let translations = (0..count).map(|document| {
        let mut lowering = EventLowering {
            documents,
            out: TranslatedTape::new(documents, documents.root_ref(document)),
            roots: &roots,
            opaque: Vec::new(),
            ignored: Vec::new(),
            merges_left: MERGES_MAX,
        };
        let root = WrittenNode {
            node_ref: documents.root_ref(document),
            file: String::new(),
        };
        if document == 0 {
            lowering.entry(&root, &reading);
        } else {
            lowering.structure(&root);
        }
        let found = lowering
            .opaque
            .into_iter()
            .map(|(node, reason)| OpaqueSchema {
                node_ref: NodeRef { document, node },
                reason: Arc::from(reason),
            });
        opaque.extend(found);
        let mut translation = lowering.out.finish();
        let keywords = lowering.ignored.into_iter().map(|(schema, keyword)| {
            let node = index_of(&translation.origins, schema);
            (NodeRef { document, node }, keyword)
        });
        ignored.extend(keywords);
        let problems = reading.problems.iter();
        let own = problems.filter(|(node_ref, _)| node_ref.document == document);
        let own = own.map(|(node_ref, message)| {
            let index = index_of(&translation.origins, *node_ref);
            (index, message.clone())
        });
        let own: Vec<(u32, String)> = own.collect();
        translation.problems.extend(own);
        translation
    });
    let translations = translations.collect();
    LoweredEvents {
        contract: reading.contract(),
        translations,
        opaque,
        ignored,
    }
}

/// The index of the value that was written from a node. What is left out is named by the document.
fn index_of(origins: &[NodeRef], node_ref: NodeRef) -> u32 {
    let first = origins.iter().position(|origin| *origin == node_ref);
    // The name of a member has the origin of its value.
    let value = first.map(|at| match origins.get(at + 1) {
        Some(next) if *next == node_ref => at + 1,
        _ => at,
    });
    let value = value.and_then(|at| u32::try_from(at).ok());
    value.unwrap_or(ROOT)
}

/// The index of the root of a translation.
const ROOT: u32 = 2;

/// Lowers one document.
pub(super) struct EventLowering<'d> {
    pub(super) documents: &'d DocumentSet,
    pub(super) out: TranslatedTape<'d>,
    roots: &'d SchemaRoots,
    /// The schemas in languages that are not judged: their place on the tape, and the reason.
    pub(super) opaque: Vec<(u32, String)>,
    /// The keywords that the language of their schema does not have, with the schema as written.
    pub(super) ignored: Vec<(NodeRef, String)>,
    /// How many more schemas may be merged.
    pub(super) merges_left: u32,
}

impl<'d> EventLowering<'d> {
    pub(super) fn node(&self, at: &WrittenNode) -> JsonNode<'d> {
        self.documents.node(at.node_ref)
    }

    fn entry(&mut self, root: &WrittenNode, reading: &EventReading<'d>) {
        self.out.begin_object(root.node_ref);
        self.out.text_member("openapi", "3.1.0", root.node_ref);
        for (name, value) in self.node(root).members() {
            let at = root.at(value);
            let is_kept = matches!(
                name,
                "info" | "channels" | "operations" | "components" | "id"
            ) || name.starts_with("x-");
            match name {
                "components" if value.is_object() => self.components(&at),
                _ if is_kept => {
                    self.out.key(name, at.node_ref);
                    self.structure(&at);
                }
                _ => {}
            }
        }
        self.webhooks(root, reading);
        self.out.end();
    }

    fn components(&mut self, components: &WrittenNode) {
        self.out.key("components", components.node_ref);
        self.out.begin_object(components.node_ref);
        for (name, value) in self.node(components).members() {
            let is_kept = matches!(
                name,
                "schemas"
                    | "channels"
                    | "operations"
                    | "messages"
                    | "messageTraits"
                    | "operationTraits"
                    | "messageBindings"
                    | "replies"
            );
            if is_kept || name.starts_with("x-") {
                let at = components.at(value);
                self.out.key(name, at.node_ref);
                self.structure(&at);
            }
        }
        self.out.end();
    }

    /// Writes a value that may contain schemas.
    fn structure(&mut self, at: &WrittenNode) {
        if let Some(format) = self.roots.get(&at.node_ref) {
            return self.schema(at, &format.clone());
        }
        let node = self.node(at);
        match node.kind() {
            JsonKind::Object => {
                self.out.begin_object(at.node_ref);
                for (name, value) in node.members() {
                    let value = at.at(value);
                    self.out.key(name, value.node_ref);
                    self.structure(&value);
                }
                self.out.end();
            }
            JsonKind::Array => {
                self.out.begin_array(at.node_ref);
                for element in node.elements() {
                    self.structure(&at.at(element));
                }
                self.out.end();
            }
            JsonKind::Null | JsonKind::Boolean | JsonKind::Number | JsonKind::String => {
                self.out.copy(at.node_ref);
            }
        }
    }
}
