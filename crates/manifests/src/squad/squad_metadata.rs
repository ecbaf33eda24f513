//! The names and labels of objects that belong to a squad.

use portcullis_vocabulary::Squad;
use serde_json::{Value, json};

/// The metadata of an object in a namespace of a squad.
pub(super) fn metadata(squad: &Squad, namespace: &str, name: &str) -> Value {
    let mut metadata = json!({"name": name, "labels": labels(squad)});
    metadata["namespace"] = json!(namespace);
    metadata
}

/// The labels of an object of a squad.
pub(super) fn labels(squad: &Squad) -> Value {
    json!({
        "app.kubernetes.io/managed-by": "portcullis",
        "portcullis.dev/squad": squad.name.as_str(),
    })
}
