//! Definitions of a document that are read in an edited form.
//!
//! This is how a schema is read with one edit alone: the schemas from the root to the edited one
//! are read in place of the definitions that the document has. Parts that an edit takes from the
//! other document keep their references, with a prefix.

use hashbrown::{HashMap, HashSet};

use serde_json::Value;

/// The prefix of references to definitions of the other document.
const OTHER: &str = "other-document:";

/// The definitions that differ from those of the document.
#[derive(Debug, Default)]
pub(crate) struct EditedDefinitions {
    /// Pointers to the definitions that contain the edited schemas or lead to them.
    pub(crate) touched: HashSet<String>,
    /// The definitions with a changed body; the others are read as they are.
    pub(crate) bodies: HashMap<String, Value>,
}

/// A copy of a schema of the other document, for use in an edited definition.
pub(crate) fn from_other(schema: &Value) -> Value {
    let mut copied = schema.clone();
    mark_references(&mut copied);
    copied
}

fn mark_references(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(reference) if name == "$ref" => {
                        *reference = format!("{OTHER}{reference}");
                    }
                    other => mark_references(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mark_references),
        _ => {}
    }
}

/// The reference in the other document, if it is one.
pub(super) fn in_other(reference: &str) -> Option<&str> {
    reference.strip_prefix(OTHER)
}
