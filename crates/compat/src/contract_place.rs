//! A text for a location in a contract that stays the same while the contract is edited elsewhere.
//!
//! It is the JSON pointer with some tokens replaced: paths lose the names of their
//! parameters, parameters have their location and name instead of their position, and the
//! alternatives of `oneOf` and `anyOf` have what identifies them: the value of their discriminator,
//! else the constants that only they require, else their reference, else the digest of their
//! contents. Elements of lists of plain values have their value. A location in a component begins at
//! the component, so it is the same for every use.

use std::path::{Component, Path, PathBuf};

use portcullis_contract::{CompiledContract, Document, DocumentSet, NodeRef, SourceLocation};
use portcullis_json::{JsonNode, pointer};

use super::compat_finding::{path_expressions, path_shape};
use super::content_digest::ContentDigests;
use super::schema_diff::canonical;

/// A location in a contract, found again by its pointer.
pub(super) struct ContractPlace {
    /// The stable text.
    pub(super) text: String,
    /// The node at the location.
    pub(super) node_ref: NodeRef,
    /// How many alternatives the location is in.
    pub(super) alternatives: usize,
}

/// Finds a location; `None` if the contract has no such file. For the first `known_alternatives` on
/// the way to it, the text leaves out which one it is if only its contents say so.
pub(super) fn contract_place<'c>(
    contract: &'c CompiledContract,
    location: &SourceLocation,
    digests: &mut ContentDigests<'c>,
    known_alternatives: usize,
) -> Option<ContractPlace> {
    let documents = contract.documents();
    let list = documents.list();
    let index = list.iter().position(|own| own.name == location.file)?;
    let document = &list[index];
    let near = documents.root_ref(u32::try_from(index).ok()?);
    let mut walk = PlaceWalk {
        text: relative_path(document, documents.entry()),
        node: document.root(),
        owner: document.root(),
        path: None,
        near,
        digests,
        known_alternatives,
        alternatives: 0,
    };
    let mut parent = String::new();
    for token in pointer::tokens(&location.pointer) {
        walk.step(&parent, &token);
        parent = token.into_owned();
    }
    Some(ContractPlace {
        node_ref: DocumentSet::node_ref(near, walk.node),
        alternatives: walk.alternatives,
        text: walk.text,
    })
}

/// Names an alternative by one of its properties, if it has it.
type NameOfAlternative<'n> = dyn Fn(JsonNode<'_>) -> Option<String> + 'n;

/// A walk from the root of a document to a node.
struct PlaceWalk<'c, 'd> {
    text: String,
    node: JsonNode<'c>,
    /// The object around the current node.
    owner: JsonNode<'c>,
    /// The template of the current path.
    path: Option<String>,
    /// The root of the document.
    near: NodeRef,
    digests: &'d mut ContentDigests<'c>,
    known_alternatives: usize,
    /// How many alternatives the current node is in.
    alternatives: usize,
}

impl PlaceWalk<'_, '_> {
    /// Goes to a child of the current node. `parent` is the token that led to the current node.
    fn step(&mut self, parent: &str, token: &str) {
        let next = match self.node.get(token) {
            Some(member) => {
                if parent == "paths" {
                    self.path = Some(token.to_owned());
                    pointer::push(&mut self.text, &path_shape(token));
                } else {
                    pointer::push(&mut self.text, token);
                }
                self.owner = member;
                Some(member)
            }
            None => {
                let element = token.parse().ok();
                let element = element.and_then(|at| self.node.elements().nth(at));
                let name = element.and_then(|element| self.element_name(parent, element, token));
                if let Some(name) = name {
                    pointer::push(&mut self.text, &name);
                }
                element
            }
        };
        if let Some(next) = next {
            if self.node.is_object() {
                self.owner = self.node;
            }
            self.node = next;
        }
    }

    /// What identifies an element of an array; `None` if the values of the change do.
    fn element_name(&mut self, array: &str, element: JsonNode<'_>, index: &str) -> Option<String> {
        match array {
            "parameters" => self.parameter_name(element).or(Some(index.to_owned())),
            "oneOf" | "anyOf" => self.alternative_name(element),
            "enum" | "required" | "type" | "tags" => Some(canonical(element)),
            "security" | "servers" => None,
            _ => Some(index.to_owned()),
        }
    }

    /// What identifies an alternative wherever it is in its list.
    fn alternative_name(&mut self, alternative: JsonNode<'_>) -> Option<String> {
        let owner = self.owner;
        self.alternatives += 1;
        let names: [&NameOfAlternative<'_>; 3] = [
            &|schema| discriminator_value(owner, schema),
            &required_constants,
            &|schema| Some(schema.get("$ref")?.as_str()?.to_owned()),
        ];
        for name_of in names {
            let Some(name) = name_of(alternative) else {
                continue;
            };
            let others = self.node.elements();
            if others
                .filter(|other| name_of(*other).as_ref() == Some(&name))
                .count()
                == 1
            {
                return Some(name);
            }
        }
        let is_known = self.alternatives <= self.known_alternatives;
        let node_ref = DocumentSet::node_ref(self.near, alternative);
        (!is_known).then(|| self.digests.of(node_ref))
    }

    /// The location and the name of a parameter. A parameter of the path has its position there
    /// instead of its name, which consumers never see.
    fn parameter_name(&self, parameter: JsonNode<'_>) -> Option<String> {
        let part = parameter.get("in")?.as_str()?;
        let name = parameter.get("name")?.as_str()?;
        let position = self.path.as_deref().filter(|_| part == "path");
        let position = position.and_then(|path| {
            path_expressions(path)
                .iter()
                .position(|expression| *expression == name)
        });
        Some(match position {
            Some(position) => format!("path {position}"),
            None => format!("{part} {name}"),
        })
    }
}

/// The value of the discriminator that selects an inline alternative.
fn discriminator_value(owner: JsonNode<'_>, alternative: JsonNode<'_>) -> Option<String> {
    let property = owner.get("discriminator")?.get("propertyName")?.as_str()?;
    let schema = alternative.get("properties")?.get(property)?;
    Some(format!("{property}={}", only_value(schema)?.as_str()?))
}

/// The required properties of an inline alternative that have only one value, with that value.
fn required_constants(alternative: JsonNode<'_>) -> Option<String> {
    let required = alternative.get("required")?;
    let properties = alternative.get("properties")?;
    let mut constants: Vec<String> = required
        .elements()
        .filter_map(|name| {
            let name = name.as_str()?;
            let value = only_value(properties.get(name)?)?;
            Some(format!("{name}={}", canonical(value)))
        })
        .collect();
    constants.sort_unstable();
    (!constants.is_empty()).then(|| constants.join(" "))
}

/// The only value that a schema accepts, if it lists one.
fn only_value(schema: JsonNode<'_>) -> Option<JsonNode<'_>> {
    schema.get("const").or_else(|| {
        let values = schema.get("enum")?;
        values.elements().next().filter(|_| values.len() == 1)
    })
}

/// The path of a document relative to the folder of the entry document; empty for the entry.
fn relative_path(document: &Document, entry: &Document) -> String {
    if document.path == entry.path {
        return String::new();
    }
    let parts = |path: &Path| -> Vec<PathBuf> {
        path.components()
            .filter(|part| *part != Component::CurDir)
            .map(|part| PathBuf::from(part.as_os_str()))
            .collect()
    };
    let folder = parts(entry.path.parent().unwrap_or(Path::new("")));
    let file = parts(&document.path);
    let shared = folder
        .iter()
        .zip(&file)
        .take_while(|(one, other)| one == other)
        .count();
    let mut names = vec!["..".to_owned(); folder.len() - shared];
    let rest = file.iter().skip(shared);
    names.extend(rest.map(|part| part.to_string_lossy().into_owned()));
    format!("{}#", names.join("/"))
}
