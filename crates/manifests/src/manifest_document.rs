//! What is printed: a stream of YAML documents, each an object with a comment in front.

use serde_json::Value;

use super::yaml_text::yaml_text;

/// One document of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestDocument {
    comment: String,
    object: Value,
    /// Further YAML in the same document, as text.
    rest: String,
}

impl ManifestDocument {
    /// An object of Kubernetes.
    pub fn new(object: Value) -> Self {
        Self {
            comment: String::new(),
            object,
            rest: String::new(),
        }
    }

    /// With a comment of any number of lines.
    #[must_use]
    pub fn with_comment(self, comment: impl Into<String>) -> Self {
        Self {
            comment: comment.into(),
            ..self
        }
    }

    /// With a property whose value is YAML already, and keeps its comments.
    #[must_use]
    pub fn with_yaml(self, name: &str, yaml: &str) -> Self {
        let lines = yaml.lines().map(|line| match line {
            "" => "\n".to_owned(),
            line => format!("  {line}\n"),
        });
        Self {
            rest: format!("{name}:\n{}", lines.collect::<String>()),
            ..self
        }
    }
}

/// The documents as one stream.
pub fn yaml_stream(documents: &[ManifestDocument]) -> String {
    let mut text = String::new();
    for (index, document) in documents.iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        for line in document.comment.lines() {
            text.push_str(format!("# {line}").trim_end());
            text.push('\n');
        }
        text.push_str(&yaml_text(&document.object));
        text.push_str(&document.rest);
    }
    text
}
