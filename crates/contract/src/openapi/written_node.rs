//! A node of a document that is translated, as it was written, and how the entry document refers to
//! its file.

use portcullis_json::JsonNode;

use crate::openapi::document::{DocumentSet, NodeRef};

use crate::openapi::reference::{follow, resolve};
use crate::openapi::uri_reference::is_address;

/// A node of one of the files.
#[derive(Clone, Debug)]
pub(in crate::openapi) struct WrittenNode {
    pub(in crate::openapi) node_ref: NodeRef,
    /// The reference from the document that is being lowered to the file; empty for that document.
    pub(in crate::openapi) file: String,
}

impl WrittenNode {
    /// The value of a field.
    pub(in crate::openapi) fn get(&self, documents: &DocumentSet, name: &str) -> Option<Self> {
        Some(self.at(documents.node(self.node_ref).get(name)?))
    }

    /// Another node of the same file.
    pub(in crate::openapi) fn at(&self, node: JsonNode<'_>) -> Self {
        Self {
            node_ref: DocumentSet::node_ref(self.node_ref, node),
            file: self.file.clone(),
        }
    }

    /// The end of the chain of references that starts here. `None` if a reference does not resolve.
    pub(in crate::openapi) fn target(&self, documents: &DocumentSet) -> Option<Self> {
        follow(documents, self.node_ref).ok()?;
        let mut here = self.clone();
        while let Some(next) = here.next(documents) {
            here = next;
        }
        Some(here)
    }

    /// The target of the reference of this node, one step.
    pub(in crate::openapi) fn next(&self, documents: &DocumentSet) -> Option<Self> {
        let text = documents.node(self.node_ref).get("$ref")?.as_str()?;
        Some(Self {
            node_ref: resolve(documents, self.node_ref, text).ok()?,
            file: self.file_of(text),
        })
    }

    /// A reference of this file, as the document that is being lowered must write it.
    pub(in crate::openapi) fn reference(&self, text: &str) -> String {
        match text.split_once('#') {
            _ if self.file.is_empty() => text.to_owned(),
            Some((_, fragment)) => format!("{}#{fragment}", self.file_of(text)),
            None => self.file_of(text),
        }
    }

    /// The file that a reference of this file names (RFC 3986 section 5.2.3).
    fn file_of(&self, text: &str) -> String {
        let file = text.split_once('#').map_or(text, |(file, _)| file);
        match self.file.rfind('/') {
            _ if file.is_empty() => self.file.clone(),
            Some(end) if !file.starts_with('/') && !is_address(file) => {
                format!("{}{file}", &self.file[..=end])
            }
            _ => file.to_owned(),
        }
    }
}

/// The text of a field.
pub(in crate::openapi) fn text_of<'d>(node: JsonNode<'d>, name: &str) -> Option<&'d str> {
    node.get(name).and_then(JsonNode::as_str)
}
