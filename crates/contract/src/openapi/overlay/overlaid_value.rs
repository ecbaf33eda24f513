//! A document while overlays change it.
//!
//! Only what was changed is kept as values; everything else is a node of a file.

use serde_json::Value;

use portcullis_json::{JsonKind, JsonNode, pointer};

use crate::openapi::document::{DocumentSet, NodeRef, TranslatedTape};

/// A value of the document.
#[derive(Clone, Debug)]
pub(super) enum OverlaidValue {
    /// A value as a file has it.
    Written(NodeRef),
    /// An object with changed members.
    Object(NodeRef, Vec<OverlaidMember>),
    /// An array with changed elements.
    Array(NodeRef, Vec<Self>),
}

/// A member of a changed object.
#[derive(Clone, Debug)]
pub(super) struct OverlaidMember {
    name: String,
    /// The value where the name was written.
    named_at: NodeRef,
    value: OverlaidValue,
}

/// Why a value cannot be merged: the node of the overlay, and the reason.
pub(super) type MergeFault = (NodeRef, String);

impl OverlaidValue {
    /// The node that the value, or the unchanged part of it, was written as.
    pub(super) fn node_ref(&self) -> NodeRef {
        match self {
            Self::Written(node_ref) | Self::Object(node_ref, _) | Self::Array(node_ref, _) => {
                *node_ref
            }
        }
    }

    pub(super) fn kind(&self, documents: &DocumentSet) -> JsonKind {
        documents.node(self.node_ref()).kind()
    }

    /// The number of values and member names that it consists of.
    pub(super) fn entry_count(&self, documents: &DocumentSet) -> u64 {
        match self {
            Self::Written(node_ref) => documents.node(*node_ref).entry_count().into(),
            Self::Object(_, members) => {
                let values = members
                    .iter()
                    .map(|one| 1 + one.value.entry_count(documents));
                1 + values.sum::<u64>()
            }
            Self::Array(_, elements) => {
                let values = elements.iter().map(|one| one.entry_count(documents));
                1 + values.sum::<u64>()
            }
        }
    }

    /// How deep values are nested in it; 1 for a scalar.
    pub(super) fn depth(&self, documents: &DocumentSet) -> usize {
        let deepest = match self {
            Self::Written(node_ref) => return written_depth(documents.node(*node_ref)),
            Self::Object(_, members) => members.iter().map(|one| one.value.depth(documents)).max(),
            Self::Array(_, elements) => elements.iter().map(|one| one.depth(documents)).max(),
        };
        1 + deepest.unwrap_or(0)
    }

    /// The value, for queries.
    pub(super) fn to_value(&self, documents: &DocumentSet) -> Value {
        match self {
            Self::Written(node_ref) => documents.node(*node_ref).to_value(),
            Self::Object(_, members) => {
                let members = members.iter();
                let members = members.map(|one| (one.name.clone(), one.value.to_value(documents)));
                Value::Object(members.collect())
            }
            Self::Array(_, elements) => {
                let elements = elements.iter();
                Value::Array(elements.map(|one| one.to_value(documents)).collect())
            }
        }
    }

    /// The value at a JSON Pointer.
    pub(super) fn at(&mut self, documents: &DocumentSet, pointer: &str) -> Option<&mut Self> {
        let mut here = self;
        for token in pointer::tokens(pointer) {
            here = here.child(documents, &token)?;
        }
        Some(here)
    }

    /// Removes the value at a JSON Pointer. The root cannot be removed.
    pub(super) fn remove(&mut self, documents: &DocumentSet, pointer: &str) {
        let Some((parent, _)) = pointer.rsplit_once('/') else {
            return;
        };
        let token = pointer::tokens(pointer).last().unwrap_or_default();
        match self.at(documents, parent) {
            Some(Self::Object(_, members)) => members.retain(|member| member.name != token),
            Some(Self::Array(_, elements)) => {
                if let Some(index) = token.parse().ok().filter(|index| *index < elements.len()) {
                    elements.remove(index);
                }
            }
            // A pointer below a written value makes it a changed one.
            Some(parent @ Self::Written(_)) => {
                parent.open(documents);
                if !matches!(parent, Self::Written(_)) {
                    self.remove(documents, pointer);
                }
            }
            None => {}
        }
    }

    /// Merges a value: members of objects one by one, and elements of arrays at the end.
    ///
    /// # Errors
    /// A value of another type than the one it would replace.
    pub(super) fn merge(
        &mut self,
        documents: &DocumentSet,
        update: &Self,
    ) -> Result<(), MergeFault> {
        let (own, other) = (self.kind(documents), update.kind(documents));
        match (own, other) {
            (JsonKind::Object, JsonKind::Object) => {
                self.open(documents);
                let mut update = update.clone();
                update.open(documents);
                if let (Self::Object(_, members), Self::Object(_, added)) = (self, update) {
                    for member in added {
                        merge_member(documents, members, member)?;
                    }
                }
                Ok(())
            }
            (JsonKind::Array, JsonKind::Array) => {
                self.open(documents);
                let mut update = update.clone();
                update.open(documents);
                if let (Self::Array(_, elements), Self::Array(_, added)) = (self, update) {
                    elements.extend(added);
                }
                Ok(())
            }
            (JsonKind::Object | JsonKind::Array, _) | (_, JsonKind::Object | JsonKind::Array) => {
                let message = format!(
                    "{} cannot be merged with {}",
                    other.with_article(),
                    own.with_article()
                );
                Err((update.node_ref(), message))
            }
            _ => {
                *self = update.clone();
                Ok(())
            }
        }
    }

    /// Adds one element to an array.
    pub(super) fn append(&mut self, documents: &DocumentSet, element: &Self) {
        self.open(documents);
        if let Self::Array(_, elements) = self {
            elements.push(element.clone());
        }
    }

    /// Writes the value.
    pub(super) fn write(&self, out: &mut TranslatedTape<'_>) {
        match self {
            Self::Written(node_ref) => out.copy(*node_ref),
            Self::Object(node_ref, members) => {
                out.begin_object(*node_ref);
                for member in members {
                    out.key(&member.name, member.named_at);
                    member.value.write(out);
                }
                out.end();
            }
            Self::Array(node_ref, elements) => {
                out.begin_array(*node_ref);
                for element in elements {
                    element.write(out);
                }
                out.end();
            }
        }
    }

    /// The member or element with this name or number. A repeated name is its last member.
    fn child(&mut self, documents: &DocumentSet, token: &str) -> Option<&mut Self> {
        self.open(documents);
        match self {
            Self::Object(_, members) => {
                let mut members = members.iter_mut().rev();
                let member = members.find(|member| member.name == token)?;
                Some(&mut member.value)
            }
            Self::Array(_, elements) => elements.get_mut(token.parse::<usize>().ok()?),
            Self::Written(_) => None,
        }
    }

    /// Makes the members of a written object, or the elements of a written array, values of their
    /// own.
    fn open(&mut self, documents: &DocumentSet) {
        let Self::Written(node_ref) = *self else {
            return;
        };
        let node = documents.node(node_ref);
        let at = |value: JsonNode<'_>| DocumentSet::node_ref(node_ref, value);
        match node.kind() {
            JsonKind::Object => {
                let members = node.members().map(|(name, value)| OverlaidMember {
                    name: name.to_owned(),
                    named_at: at(value),
                    value: Self::Written(at(value)),
                });
                *self = Self::Object(node_ref, members.collect());
            }
            JsonKind::Array => {
                let elements = node.elements().map(|value| Self::Written(at(value)));
                *self = Self::Array(node_ref, elements.collect());
            }
            JsonKind::Null | JsonKind::Boolean | JsonKind::Number | JsonKind::String => {}
        }
    }
}

fn merge_member(
    documents: &DocumentSet,
    members: &mut Vec<OverlaidMember>,
    member: OverlaidMember,
) -> Result<(), MergeFault> {
    let known = members.iter_mut().rev();
    let Some(known) = known.into_iter().find(|known| known.name == member.name) else {
        members.push(member);
        return Ok(());
    };
    known.value.merge(documents, &member.value)?;
    // A replaced value was written with its name.
    if matches!(known.value, OverlaidValue::Written(_)) {
        known.named_at = member.named_at;
    }
    Ok(())
}

/// The depth limit of a parsed file bounds the recursion.
fn written_depth(node: JsonNode<'_>) -> usize {
    let members = node.members().map(|(_, value)| value);
    let below = members.chain(node.elements()).map(written_depth);
    1 + below.max().unwrap_or(0)
}
