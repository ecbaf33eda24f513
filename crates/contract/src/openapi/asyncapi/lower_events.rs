//! Lowers the documents of an AsyncAPI contract.
//!
//! A document keeps its structure, so references lead where they led; only its schemas are translated.
//! What `kept_parts` leaves out is copied under another name.

use std::sync::Arc;

use portcullis_json::{JsonKind, JsonNode};

use super::asyncapi_version::{AsyncApiVersion, version_text};
use super::event_contract::EventContract;
use super::event_fields::event_field_faults;
use super::kept_parts::{LEFT_OUT, is_kept, is_kept_component};
use super::read_events::{EventReading, read_events};
use super::schema_roots::{COPIES, SchemaRoots};
use crate::openapi::document::{
    DocumentSet, DocumentTranslation, NodeRef, OpaqueSchema, TranslatedTape, UnknownSourceField,
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
        unknown,
    } = lower_documents(&documents, version);
    documents.translate(translations);
    documents.set_events(contract, opaque, ignored, unknown);
    documents
}

/// The translations of all documents, in their order.
struct LoweredEvents {
    contract: EventContract,
    translations: Vec<DocumentTranslation>,
    opaque: Vec<OpaqueSchema>,
    ignored: Vec<(NodeRef, String)>,
    unknown: Vec<UnknownSourceField>,
}

fn lower_documents(documents: &DocumentSet, version: AsyncApiVersion) -> LoweredEvents {
    let mut reading = read_events(documents, version);
    let faults = event_field_faults(documents, version);
    for fault in faults.errors {
        if !reading.problems.contains(&fault) {
            reading.problems.push(fault);
        }
    }
    let roots = SchemaRoots::of(documents, &reading.schemas, &reading.shared_schemas);
    let count = u32::try_from(documents.list().len()).expect("files are counted in limits");
    let (mut opaque, mut ignored) = (Vec::new(), Vec::new());
    let mut unknown = Vec::new();
    let translations = (0..count).map(|document| {
        let mut lowering = EventLowering {
            documents,
            out: TranslatedTape::new(documents, documents.root_ref(document)),
            roots: &roots,
            is_copying: false,
            opaque: Vec::new(),
            ignored: Vec::new(),
            unjudged: &reading.unjudged,
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
            .map(|(node, reason, is_apart)| OpaqueSchema {
                node_ref: NodeRef { document, node },
                reason: Arc::from(reason),
                is_apart,
            });
        opaque.extend(found);
        let mut translation = lowering.out.finish();
        let keywords = lowering.ignored.into_iter().map(|(schema, keyword)| {
            let node = index_of(&translation.origins, schema);
            (NodeRef { document, node }, keyword)
        });
        ignored.extend(keywords);
        unknown.extend(unknown_fields(
            &faults.unknown,
            document,
            &translation.origins,
        ));
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
        unknown,
    }
}

/// The unknown fields of a document, at the places of its translation.
fn unknown_fields(
    fields: &[UnknownSourceField],
    document: u32,
    origins: &[NodeRef],
) -> impl Iterator<Item = UnknownSourceField> {
    let own = fields.iter();
    let own = own.filter(move |field| field.node_ref.document == document);
    own.map(move |field| UnknownSourceField {
        node_ref: NodeRef {
            document,
            node: index_of(origins, field.node_ref),
        },
        ..field.clone()
    })
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
    pub(super) roots: &'d SchemaRoots,
    /// Whether copies of schemas are being written.
    pub(super) is_copying: bool,
    /// The schemas in languages that are not judged: their place on the tape, the reason, and whether
    /// they are judged apart from the event.
    pub(super) opaque: Vec<(u32, String, bool)>,
    /// The keywords that the language of their schema does not have, with the schema as written.
    pub(super) ignored: Vec<(NodeRef, String)>,
    /// The schemas that cannot be judged, and why.
    pub(super) unjudged: &'d [(NodeRef, String)],
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
            match name {
                "components" if value.is_object() => self.components(&at),
                _ if is_kept(name) => {
                    self.out.key(name, at.node_ref);
                    self.structure(&at);
                }
                _ => {}
            }
        }
        self.left_out(root, is_kept);
        self.copies_at(root);
        self.webhooks(root, reading);
        self.out.end();
    }

    fn components(&mut self, components: &WrittenNode) {
        self.out.key("components", components.node_ref);
        self.out.begin_object(components.node_ref);
        for (name, value) in self.node(components).members() {
            if is_kept_component(name) {
                let at = components.at(value);
                self.out.key(name, at.node_ref);
                self.structure(&at);
            }
        }
        self.left_out(components, is_kept_component);
        self.out.end();
    }

    /// Writes the members of an object that do not keep their place.
    fn left_out(&mut self, at: &WrittenNode, is_kept: fn(&str) -> bool) {
        self.out.key(LEFT_OUT, at.node_ref);
        self.out.begin_object(at.node_ref);
        for (name, value) in self.node(at).members() {
            if !is_kept(name) {
                self.out.copy_member(name, at.at(value).node_ref);
            }
        }
        self.out.end();
    }

    /// Writes the copies of schemas that belong to a document, before the end of its root.
    pub(super) fn copies_at(&mut self, at: &WrittenNode) {
        let document = at.node_ref.document;
        let copies = self.roots.copies(document);
        if self.is_copying || copies.is_empty() || at.node_ref != self.documents.root_ref(document)
        {
            return;
        }
        self.is_copying = true;
        self.out.key(COPIES, at.node_ref);
        self.out.begin_object(at.node_ref);
        for (number, copy) in copies {
            let schema = WrittenNode {
                node_ref: copy.node_ref,
                file: String::new(),
            };
            self.out.key(&number.to_string(), copy.node_ref);
            self.schema(&schema, &copy.format);
        }
        self.out.end();
        self.is_copying = false;
    }

    /// Writes a value that may contain schemas.
    fn structure(&mut self, at: &WrittenNode) {
        if let Some(format) = self.roots.format(at.node_ref) {
            return self.schema(at, format);
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
                self.copies_at(at);
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
