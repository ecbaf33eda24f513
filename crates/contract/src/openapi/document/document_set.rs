//! All documents of one contract: the entry document and the files that its references name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use portcullis_json::{JsonNode, pointer};
use portcullis_vocabulary::ContractReading;

use super::document_translation::{DocumentTranslation, OpaqueSchema, UnknownSourceField};
use super::node_ref::{NodeRef, SourceLocation};
use super::parsed_document::Document;
use crate::openapi::asyncapi::event_contract::EventContract;
use crate::openapi::identifier::SchemaIdentifiers;

/// All documents of one contract. The raw documents stay available as long as the contract.
#[derive(Debug)]
pub struct DocumentSet {
    list: Vec<Document>,
    by_path: HashMap<PathBuf, u32>,
    /// Referenced files that could not be loaded, with the reason. The compiler reports it at each
    /// reference that an operation needs.
    missing: HashMap<PathBuf, String>,
    identifiers: OnceLock<SchemaIdentifiers>,
    /// What the contract says that cannot be translated.
    translation_problems: Vec<(NodeRef, String)>,
    is_swagger: bool,
    /// The channels and messages of an AsyncAPI contract.
    events: Option<Arc<EventContract>>,
    /// The schemas of events that are not judged.
    opaque_schemas: Vec<OpaqueSchema>,
    ignored_keywords: Vec<(NodeRef, String)>,
    unknown_source_fields: Vec<UnknownSourceField>,
    /// The overlays of the entry document. Their numbers follow [`OVERLAYS`].
    overlays: Vec<Document>,
    overlay_faults: Vec<OverlayFault>,
    reading: ContractReading,
}

/// The number of the first overlay. Other documents have lower ones.
const OVERLAYS: u32 = 1 << 31;

/// Something that is wrong with an overlay.
#[derive(Clone, Debug)]
pub(crate) struct OverlayFault {
    /// Whether the contract cannot be used.
    pub(crate) is_error: bool,
    /// The node of the overlay.
    pub(crate) node_ref: NodeRef,
    pub(crate) message: String,
}

impl DocumentSet {
    /// A contract of one document; [`DocumentSet::add`] adds more.
    pub fn new(entry: Document) -> Self {
        let by_path = HashMap::from([(entry.path.clone(), 0)]);
        Self {
            list: vec![entry],
            by_path,
            missing: HashMap::new(),
            identifiers: OnceLock::new(),
            translation_problems: Vec::new(),
            is_swagger: false,
            events: None,
            opaque_schemas: Vec::new(),
            ignored_keywords: Vec::new(),
            unknown_source_fields: Vec::new(),
            overlays: Vec::new(),
            overlay_faults: Vec::new(),
            reading: ContractReading::Strict,
        }
    }

    /// Replaces each document by a translation of it to OpenAPI 3.
    pub(in crate::openapi) fn translate(&mut self, mut translations: Vec<DocumentTranslation>) {
        self.identifiers = OnceLock::new();
        // An overlay has replaced the entry document already, so its nodes have origins, too.
        for origin in translations.iter_mut().flat_map(|one| &mut one.origins) {
            *origin = self.written_as(*origin);
        }
        let documents = self.list.iter_mut().zip(translations);
        for (number, (document, translation)) in (0..).zip(documents) {
            let problems = translation.problems.into_iter();
            self.translation_problems
                .extend(problems.map(|(node, message)| {
                    let node_ref = NodeRef {
                        document: number,
                        node,
                    };
                    (node_ref, message)
                }));
            let unknown = translation.unknown.into_iter();
            self.unknown_source_fields
                .extend(unknown.map(|(node, kind, message)| UnknownSourceField {
                    node_ref: NodeRef {
                        document: number,
                        node,
                    },
                    message,
                    kind,
                }));
            document.translate(translation.tape, translation.origins);
        }
    }

    /// Marks the contract as translated from Swagger 2.0.
    pub(in crate::openapi) fn set_swagger(&mut self) {
        self.is_swagger = true;
    }

    /// Marks the contract as translated from AsyncAPI.
    pub(in crate::openapi) fn set_events(
        &mut self,
        events: EventContract,
        opaque_schemas: Vec<OpaqueSchema>,
        ignored_keywords: Vec<(NodeRef, String)>,
        unknown_source_fields: Vec<UnknownSourceField>,
    ) {
        self.events = Some(Arc::new(events));
        self.unknown_source_fields = unknown_source_fields;
        self.ignored_keywords = ignored_keywords;
        self.opaque_schemas = opaque_schemas;
    }

    /// The channels and messages, if the contract is AsyncAPI, translated to OpenAPI 3.1.
    pub fn events(&self) -> Option<&Arc<EventContract>> {
        self.events.as_ref()
    }

    /// The keywords of events' schemas that their languages do not have, with the schemas.
    pub(crate) fn ignored_keywords(&self) -> &[(NodeRef, String)] {
        &self.ignored_keywords
    }

    /// The fields of AsyncAPI and Swagger 2.0 that their objects do not have.
    pub(crate) fn unknown_source_fields(&self) -> &[UnknownSourceField] {
        &self.unknown_source_fields
    }

    /// The schemas of events that are not judged.
    pub(crate) fn opaque_schemas(&self) -> &[OpaqueSchema] {
        &self.opaque_schemas
    }

    /// Whether the contract is Swagger 2.0, translated to OpenAPI 3.0.
    pub fn is_swagger(&self) -> bool {
        self.is_swagger
    }

    /// Adds an overlay of the entry document, and returns its root.
    pub(in crate::openapi) fn add_overlay(&mut self, overlay: Document) -> NodeRef {
        let number = u32::try_from(self.overlays.len()).expect("overlays are counted in limits");
        let node = overlay.root().index();
        self.overlays.push(overlay);
        NodeRef {
            document: OVERLAYS + number,
            node,
        }
    }

    /// Replaces the entry document by what its overlays make of it.
    pub(in crate::openapi) fn overlay_entry(
        &mut self,
        translation: DocumentTranslation,
        faults: Vec<OverlayFault>,
    ) {
        self.identifiers = OnceLock::new();
        self.list[0].translate(translation.tape, translation.origins);
        self.overlay_faults = faults;
    }

    /// What is wrong with the overlays.
    pub(crate) fn overlay_faults(&self) -> &[OverlayFault] {
        &self.overlay_faults
    }

    /// The overlays of the entry document.
    pub fn overlays(&self) -> &[Document] {
        &self.overlays
    }

    fn document(&self, number: u32) -> &Document {
        match number.checked_sub(OVERLAYS) {
            Some(overlay) => &self.overlays[overlay as usize],
            None => &self.list[number as usize],
        }
    }

    /// Chooses how flaws are read.
    pub(crate) fn set_reading(&mut self, reading: ContractReading) {
        self.reading = reading;
    }

    /// How flaws are read.
    pub(crate) fn reading(&self) -> ContractReading {
        self.reading
    }

    /// What cannot be translated, with the node to name.
    pub(crate) fn translation_problems(&self) -> &[(NodeRef, String)] {
        &self.translation_problems
    }

    /// Adds a referenced file, or the reason why it could not be loaded.
    pub fn add(&mut self, path: PathBuf, loaded: Result<Document, String>) {
        self.identifiers = OnceLock::new();
        match loaded {
            Ok(document) => {
                let index = u32::try_from(self.list.len()).expect("files are counted in limits");
                self.list.push(document);
                self.by_path.insert(path, index);
            }
            Err(reason) => {
                self.missing.insert(path, reason);
            }
        }
    }

    /// Whether this file was already added, loaded or not.
    pub fn was_tried(&self, path: &Path) -> bool {
        self.by_path.contains_key(path) || self.missing.contains_key(path)
    }

    /// The document read from `path`.
    ///
    /// # Errors
    /// The reason why it could not be loaded.
    pub fn by_path(&self, path: &Path) -> Result<u32, &str> {
        match self.by_path.get(path) {
            Some(index) => Ok(*index),
            None => Err(self.missing.get(path).map_or(
                "this contract was given without its other files",
                String::as_str,
            )),
        }
    }

    /// The documents in loading order, the entry document first.
    pub fn list(&self) -> &[Document] {
        &self.list
    }

    /// Every file whose change may change the contract: the loaded files, the entry first, then the
    /// overlays and the referenced files that could not be loaded.
    pub fn paths(&self) -> Vec<PathBuf> {
        let mut missing: Vec<PathBuf> = self.missing.keys().cloned().collect();
        missing.sort();
        let loaded = self.list.iter().chain(&self.overlays);
        let loaded = loaded.map(|document| document.path.clone());
        loaded.chain(missing).collect()
    }

    /// The entry document.
    pub fn entry(&self) -> &Document {
        &self.list[0]
    }

    /// The `$id` and anchors of all schemas.
    pub(crate) fn identifiers(&self) -> &SchemaIdentifiers {
        self.identifiers
            .get_or_init(|| SchemaIdentifiers::of(&self.list))
    }

    /// Every repeated key: a value that a lookup by name does not find, and the one that it finds.
    pub(crate) fn repeated_keys(&self) -> impl Iterator<Item = (NodeRef, NodeRef)> {
        (0..).zip(&self.list).flat_map(|(document, parsed)| {
            let node_ref = move |node| NodeRef { document, node };
            let pairs = parsed.repeated.iter();
            pairs.map(move |pair| (node_ref(pair.overridden), node_ref(pair.effective)))
        })
    }

    /// Whether a later key of the same object repeats the key of this value.
    pub(crate) fn is_overridden(&self, node_ref: NodeRef) -> bool {
        let repeated = &self.document(node_ref.document).repeated;
        repeated
            .binary_search_by_key(&node_ref.node, |pair| pair.overridden)
            .is_ok()
    }

    /// The root of the entry document.
    pub fn entry_ref(&self) -> NodeRef {
        self.root_ref(0)
    }

    /// The root of a document.
    pub fn root_ref(&self, document: u32) -> NodeRef {
        NodeRef {
            document,
            node: self.list[document as usize].root().index(),
        }
    }

    /// The value of a node.
    pub fn node(&self, node_ref: NodeRef) -> JsonNode<'_> {
        self.document(node_ref.document).node(node_ref.node)
    }

    /// The reference to a node in the same document as `near`.
    pub fn node_ref(near: NodeRef, node: JsonNode<'_>) -> NodeRef {
        NodeRef {
            document: near.document,
            node: node.index(),
        }
    }

    /// The value of a property of the object at `node_ref`.
    pub fn member(&self, node_ref: NodeRef, name: &str) -> Option<NodeRef> {
        Some(Self::node_ref(node_ref, self.node(node_ref).get(name)?))
    }

    /// The location of a node in the file as it was written. It walks from the root, so keep it off
    /// hot paths.
    pub fn location(&self, node_ref: NodeRef) -> SourceLocation {
        let written = self.origin(node_ref);
        let document = self.document(written.document);
        SourceLocation {
            file: Arc::clone(&document.name),
            line: self.line(node_ref),
            column: document.written_column(written.node),
            pointer: pointer_to(document.written_root(), written.node),
        }
    }

    /// The JSON Pointer to a node. It differs from that of its location if the contract was
    /// translated. It walks from the root, so keep it off hot paths.
    pub fn pointer(&self, node_ref: NodeRef) -> String {
        let document = self.document(node_ref.document);
        pointer_to(document.root(), node_ref.node)
    }

    /// The node of a file that a reader looks for: where the value was written, or where its `$ref`
    /// was, if an overlay wrote it into an object of the contract.
    fn origin(&self, node_ref: NodeRef) -> NodeRef {
        let written = self.written_as(node_ref);
        self.member(node_ref, "$ref")
            .map(|reference| self.written_as(reference))
            .filter(|reference| reference.document != written.document)
            .unwrap_or(written)
    }

    /// The node of a file as it was written.
    fn written_as(&self, node_ref: NodeRef) -> NodeRef {
        let document = self.document(node_ref.document);
        document.origin(node_ref.node).unwrap_or(node_ref)
    }

    /// The line of a node, from 1, where a reader looks for it: the line of the property name, even
    /// if the value begins on a later line. For an object with a `$ref`, the line of the `$ref`.
    pub fn line(&self, node_ref: NodeRef) -> u32 {
        let written = self.origin(node_ref);
        let node = self.document(written.document).written_node(written.node);
        node.get("$ref").unwrap_or(node).key_line()
    }

    /// The deepest node on `pointer` below `node_ref` that exists. A pointer into a lowered schema
    /// may go deeper than the contract does; this finds the keyword that the reader can look up.
    pub fn deepest_existing(&self, node_ref: NodeRef, pointer: &str) -> NodeRef {
        let mut node = self.node(node_ref);
        for name in pointer::tokens(pointer) {
            let Some(next) = child(node, &name) else {
                break;
            };
            node = next;
        }
        Self::node_ref(node_ref, node)
    }
}

fn child<'a>(node: JsonNode<'a>, token: &str) -> Option<JsonNode<'a>> {
    node.get(token)
        .or_else(|| node.elements().nth(token.parse().ok()?))
}

/// The JSON Pointer from `root` to the node with this tape index.
fn pointer_to(root: JsonNode<'_>, index: u32) -> String {
    let mut pointer = String::new();
    let mut node = root;
    while node.index() != index {
        let next = node
            .members()
            .map(|(name, value)| (Ok(name), value))
            .chain(
                node.elements()
                    .enumerate()
                    .map(|(at, value)| (Err(at), value)),
            )
            .find(|(_, value)| value.contains_index(index));
        let Some((token, value)) = next else { break };
        match token {
            Ok(name) => pointer::push(&mut pointer, name),
            Err(position) => pointer::push(&mut pointer, &position.to_string()),
        }
        node = value;
    }
    pointer
}
