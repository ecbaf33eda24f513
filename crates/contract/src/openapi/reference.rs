//! Resolving `$ref` to a node of a document.
//!
//! A reference is a URI reference (RFC 3986). Its fragment is a JSON Pointer (RFC 6901) or, in
//! OpenAPI 3.1 schemas, the name of an `$anchor`. It resolves against the `$id` of the enclosing
//! schema resource (JSON Schema 2020-12 core, section 8.2.1) or else against the file.
//!
//! [`follow`] follows a chain of references to its end and rejects a chain that is a cycle.
//! Recursive schemas are not chains, so they are unaffected.

use std::path::Path;

use portcullis_json::pointer;

use super::document::{DocumentSet, NodeRef};
use super::uri_reference::{decode, is_address, normalise};

/// Why a reference does not resolve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReferenceError {
    /// The reference is a URI with a scheme.
    #[error("`{0}` is not fetched: save the document next to the contract and refer to the file")]
    Address(String),
    /// The file that it names could not be loaded.
    #[error("`{reference}` cannot be loaded: {reason}")]
    File {
        /// The text of the reference.
        reference: String,
        /// Why the file could not be loaded.
        reason: String,
    },
    /// No loaded schema has the URI that the reference resolves to.
    #[error(
        "`{reference}` resolves to `{address}`, which is not the `$id` of a loaded schema and is not fetched: save the document next to the contract and refer to the file"
    )]
    Identifier {
        /// The text of the reference.
        reference: String,
        /// The URI that the reference resolves to.
        address: String,
    },
    /// The pointer does not exist in the document.
    #[error("`{reference}` does not resolve: `{existing}` has no `{missing}`{suggestion}")]
    Pointer {
        /// The text of the reference.
        reference: String,
        /// The part of the pointer that exists.
        existing: String,
        /// The first token that does not exist.
        missing: String,
        /// A suggestion of an existing name, or empty.
        suggestion: String,
    },
    /// The fragment is neither a pointer nor an anchor of the document.
    #[error(
        "`{0}` does not resolve: there is no `$anchor` of that name; a pointer starts with `#/`, as in `#/components/schemas/Name`"
    )]
    Anchor(String),
    /// `$ref` is not a string.
    #[error("`$ref` must be a string such as `#/components/schemas/Name`")]
    NotText,
    /// The references form a cycle.
    #[error("`{0}` is a reference to itself")]
    Cycle(String),
    /// The reference leads to too many other references.
    #[error(
        "`{0}` leads through more than {CHAIN_MAX} references before there is a schema or another object: refer to that one directly"
    )]
    Chain(String),
}

impl ReferenceError {
    /// Says what `#` is for a pointer that starts at a schema with an `$id`, not at the file.
    fn below_identifier(mut self, documents: &DocumentSet, root: NodeRef, file: &str) -> Self {
        let id = documents
            .node(root)
            .get("$id")
            .filter(|_| root != documents.root_ref(root.document));
        if let (Self::Pointer { suggestion, .. }, Some(id)) = (&mut self, id) {
            let line = id.key_line();
            suggestion.push_str(&format!(
                "; `#` is here the schema with `$id: {}` on line {line}, not the file",
                id.as_str().unwrap_or_default(),
            ));
            if file.is_empty() {
                suggestion.push_str(": remove that `$id` to refer to other parts of the file");
            }
        }
        self
    }
}

/// The maximum length of a chain of references.
const CHAIN_MAX: usize = 64;

/// Follows the `$ref` of the object at `node_ref` to the end of the chain. Returns `node_ref`
/// itself if it has no `$ref`.
///
/// # Errors
/// The object whose reference does not resolve, and why.
pub(crate) fn follow(
    documents: &DocumentSet,
    node_ref: NodeRef,
) -> Result<NodeRef, (NodeRef, ReferenceError)> {
    let mut here = node_ref;
    for _ in 0..CHAIN_MAX {
        let Some(reference) = documents.node(here).get("$ref") else {
            return Ok(here);
        };
        let text = reference.as_str().ok_or((here, ReferenceError::NotText))?;
        here = resolve(documents, here, text).map_err(|error| (here, error))?;
        if here == node_ref {
            return Err((node_ref, ReferenceError::Cycle(text.to_owned())));
        }
    }
    let text = documents
        .node(node_ref)
        .get("$ref")
        .and_then(|text| text.as_str())
        .unwrap_or_default()
        .to_owned();
    // A cycle that `node_ref` is not part of returns to where this ended.
    let end = here;
    let returns = (0..CHAIN_MAX).any(|_| {
        let reference = documents.node(here).get("$ref");
        let text = reference.and_then(|text| text.as_str());
        match text.map(|text| resolve(documents, here, text)) {
            Some(Ok(next)) => here = next,
            _ => return false,
        }
        here == end
    });
    let error = if returns {
        ReferenceError::Cycle(text)
    } else {
        ReferenceError::Chain(text)
    };
    Err((node_ref, error))
}

/// Resolves one reference that occurs at `from`, without following the `$ref` of its target.
///
/// # Errors
/// [`ReferenceError`] says which part does not resolve.
pub(crate) fn resolve(
    documents: &DocumentSet,
    from: NodeRef,
    reference: &str,
) -> Result<NodeRef, ReferenceError> {
    let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let root = resource_of(documents, from, file, reference)?;
    let fragment = decode(fragment);
    if fragment.is_empty() {
        return Ok(root);
    }
    match fragment.strip_prefix('/') {
        Some(pointer) => point(documents, root, pointer, reference)
            .map_err(|error| error.below_identifier(documents, root, file)),
        None => {
            let identifiers = documents.identifiers();
            identifiers
                .resource_at(root)
                .and_then(|resource| identifiers.anchor(resource, &fragment))
                .ok_or_else(|| ReferenceError::Anchor(reference.to_owned()))
        }
    }
}

/// The root of the schema resource or document that the part before the fragment names.
fn resource_of(
    documents: &DocumentSet,
    from: NodeRef,
    file: &str,
    reference: &str,
) -> Result<NodeRef, ReferenceError> {
    let identifiers = documents.identifiers();
    let own = identifiers.resource(from, |node_ref| documents.node(node_ref));
    if let Some(own) = own {
        let base = identifiers.root(own);
        if file.is_empty() {
            return Ok(base);
        }
        let address = identifiers.absolute(own, file);
        let named = address.as_ref().map(|address| address.as_str());
        if let Some(node_ref) = named.and_then(|address| identifiers.by_address(address)) {
            return Ok(node_ref);
        }
        // A file is found next to the one that refers to it, whatever `$self` calls them.
        let is_own = base == documents.root_ref(from.document);
        let is_file = |address: &str| {
            address.starts_with("file:") || documents.node(base).get("$self").is_some()
        };
        if let Some(address) = named
            && !(is_own && is_file(address))
        {
            return Err(ReferenceError::Identifier {
                reference: reference.to_owned(),
                address: address.to_owned(),
            });
        }
    }
    let document = document_of(documents, from.document, file, reference)?;
    Ok(documents.root_ref(document))
}

fn document_of(
    documents: &DocumentSet,
    from: u32,
    file: &str,
    reference: &str,
) -> Result<u32, ReferenceError> {
    if file.is_empty() {
        return Ok(from);
    }
    if is_address(file) {
        return Err(ReferenceError::Address(reference.to_owned()));
    }
    let folder = documents.list()[from as usize]
        .path
        .parent()
        .unwrap_or(Path::new(""));
    let path = normalise(&folder.join(decode(file)));
    documents
        .by_path(&path)
        .map_err(|reason| ReferenceError::File {
            reference: reference.to_owned(),
            reason: reason.to_owned() + &by_name(documents, from, reference),
        })
}

/// A suggestion for a reference that is only the name of a component schema.
fn by_name(documents: &DocumentSet, from: u32, reference: &str) -> String {
    let root = documents.node(documents.root_ref(from));
    let schemas = root.pointer("/components/schemas");
    match schemas.and_then(|schemas| schemas.get(reference)) {
        Some(_) => format!("; did you mean `#/components/schemas/{reference}`?"),
        None => String::new(),
    }
}

fn point(
    documents: &DocumentSet,
    root: NodeRef,
    pointer: &str,
    reference: &str,
) -> Result<NodeRef, ReferenceError> {
    let mut node = documents.node(root);
    let mut walked = String::from("#");
    for token in pointer.split('/') {
        let name = pointer::unescape(token);
        let next = match node.get(&name) {
            Some(member) => Some(member),
            None => name.parse().ok().and_then(|at| node.elements().nth(at)),
        };
        let Some(next) = next else {
            let names: Vec<&str> = node.members().map(|(name, _)| name).collect();
            return Err(ReferenceError::Pointer {
                reference: reference.to_owned(),
                existing: walked,
                suggestion: suggest(&name, &names),
                missing: name.into_owned(),
            });
        };
        walked.push('/');
        walked.push_str(token);
        node = next;
    }
    Ok(DocumentSet::node_ref(root, node))
}

fn suggest(missing: &str, names: &[&str]) -> String {
    names
        .iter()
        .map(|name| (strsim::jaro_winkler(missing, name), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}
