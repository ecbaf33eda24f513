//! Resolving `$ref`: from a reference's text to the place it names.
//!
//! A reference is a URI reference (RFC 3986) whose fragment is a JSON pointer (RFC 6901) or, in
//! OpenAPI 3.1 schemas, the name of an `$anchor`. In a schema with `$id` it resolves against that
//! (JSON Schema 2020-12 core, section 8.2.1), else against the file. Chains are followed; a chain
//! that only leads back to itself is an error, while recursion through a schema is ordinary and
//! never followed here.

use std::path::Path;

use portcullis_json::pointer;

use super::document::{DocumentSet, NodeRef};
use super::load_contract::{decode, is_address, normalise};

/// Why a reference leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReferenceError {
    /// The reference names an address.
    #[error("`{0}` is not fetched: save the document beside the contract and refer to the file")]
    Address(String),
    /// The file it names could not be loaded.
    #[error("`{reference}` cannot be followed: {reason}")]
    File {
        /// The reference's text.
        reference: String,
        /// Why the file could not be had.
        reason: String,
    },
    /// No schema has the name that it amounts to.
    #[error(
        "`{reference}` is `{address}`, and no schema with that `$id` was loaded; nothing is fetched: save the document beside the contract and refer to the file"
    )]
    Identifier {
        /// The reference's text.
        reference: String,
        /// The reference, resolved against `$id`.
        address: String,
    },
    /// The pointer names nothing.
    #[error("`{reference}` leads nowhere: `{existing}` exists and has no `{missing}`{suggestion}")]
    Pointer {
        /// The reference's text.
        reference: String,
        /// The part of the pointer that exists.
        existing: String,
        /// The first token that does not.
        missing: String,
        /// The nearest name that exists, as words.
        suggestion: String,
    },
    /// The fragment is neither a pointer nor an anchor of the document.
    #[error(
        "`{0}` leads nowhere: no `$anchor` of that name; a pointer starts with `#/`, as in `#/components/schemas/Name`"
    )]
    Anchor(String),
    /// `$ref` is not a string.
    #[error("`$ref` must be a string such as `#/components/schemas/Name`")]
    NotText,
    /// The chain of references leads back to itself.
    #[error("`{0}` only leads back to itself")]
    Circle(String),
}

/// The longest chain of references that lead to references.
const CHAIN_MAX: usize = 64;

/// Follows the reference in the object at `node_ref`, if it has one, to the end of the chain.
///
/// # Errors
/// The place of the object whose reference leads nowhere, and why.
pub(crate) fn follow(
    documents: &DocumentSet,
    place: NodeRef,
) -> Result<NodeRef, (NodeRef, ReferenceError)> {
    let mut here = place;
    for _ in 0..CHAIN_MAX {
        let Some(reference) = documents.node(here).get("$ref") else {
            return Ok(here);
        };
        let text = reference.as_str().ok_or((here, ReferenceError::NotText))?;
        here = resolve(documents, here, text).map_err(|error| (here, error))?;
        if here == place {
            return Err((place, ReferenceError::Circle(text.to_owned())));
        }
    }
    let text = documents
        .node(place)
        .get("$ref")
        .and_then(|text| text.as_str())
        .unwrap_or_default();
    Err((place, ReferenceError::Circle(text.to_owned())))
}

/// The place a reference names, seen from the document of `from`; one step of a chain.
///
/// # Errors
/// [`ReferenceError`] says which part leads nowhere.
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
        Some(pointer) => point(documents, root, pointer, reference),
        None => {
            let identifiers = documents.identifiers();
            identifiers
                .resource_at(root)
                .and_then(|resource| identifiers.anchor(resource, &fragment))
                .ok_or_else(|| ReferenceError::Anchor(reference.to_owned()))
        }
    }
}

/// Where the resource begins that a reference without its fragment names.
fn resource_of(
    documents: &DocumentSet,
    from: NodeRef,
    file: &str,
    reference: &str,
) -> Result<NodeRef, ReferenceError> {
    let identifiers = documents.identifiers();
    let own = identifiers.resource(from, |place| documents.node(place));
    if let Some(own) = own {
        let base = identifiers.root(own);
        if file.is_empty() {
            return Ok(base);
        }
        let address = identifiers.absolute(own, file);
        let named = address.as_ref().map(|address| address.as_str());
        if let Some(place) = named.and_then(|address| identifiers.by_address(address)) {
            return Ok(place);
        }
        let is_own = base == documents.root_ref(from.document);
        if let Some(address) = named
            && !(is_own && address.starts_with("file:"))
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

/// What a reference that is only a name may mean.
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
