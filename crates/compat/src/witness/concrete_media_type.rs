//! A media type for a message, chosen from what contracts declare.
//!
//! The media type of a message selects one entry of `content`: the most specific one that covers
//! it. So an example of `*/*` next to `application/json` must not be `application/json`.

use portcullis_contract::{BodyDeclaration, MediaRange, MediaType, Operation};

/// An entry of `content`, among all entries.
#[derive(Clone, Copy)]
pub(super) struct DeclaredContent<'c> {
    pub(super) content: &'c [MediaType],
    pub(super) media: &'c MediaType,
}

/// The media types of the request body of an operation.
pub(crate) fn request_content(operation: &Operation) -> &[MediaType] {
    match &operation.body {
        BodyDeclaration::Declared(body) => &body.content,
        BodyDeclaration::Undeclared | BodyDeclaration::Ignored => &[],
    }
}

impl DeclaredContent<'_> {
    /// Whether a message of this media type is of the entry.
    fn is_selected_by(self, media_type: &str) -> bool {
        let Some(sent) = MediaRange::parse(media_type) else {
            return false;
        };
        let specificity =
            |media: &MediaType| MediaRange::parse(&media.key).and_then(|own| own.covers(&sent));
        let Some(own) = specificity(self.media) else {
            return false;
        };
        let mut others = self.content.iter();
        // The first one of equal entries is selected.
        let is_first = others
            .by_ref()
            .take_while(|other| !std::ptr::eq(*other, self.media))
            .all(|other| specificity(other) < Some(own));
        is_first && others.all(|other| specificity(other) <= Some(own))
    }
}

/// A media type that selects these entries; else the usual one of the first entry.
pub(super) fn concrete_media_type(entries: &[DeclaredContent<'_>]) -> String {
    let usual = entries
        .iter()
        .map(|entry| usual_media_type(&entry.media.key));
    let examples = entries.iter().flat_map(|entry| {
        let kind = entry.media.key.split('/').next().unwrap_or_default();
        let of_kind = format!("{}/x-example", if kind == "*" { "text" } else { kind });
        ["application/vnd.example+json".to_owned(), of_kind]
    });
    usual
        .chain(examples)
        .find(|one| entries.iter().all(|entry| entry.is_selected_by(one)))
        .unwrap_or_else(|| {
            let first = entries.first();
            first.map_or_else(String::new, |entry| usual_media_type(&entry.media.key))
        })
}

/// The usual media type that a range covers.
pub(super) fn usual_media_type(key: &str) -> String {
    match key.split(';').next().unwrap_or_default().trim() {
        "*/*" | "application/*" => "application/json".to_owned(),
        "text/*" => "text/plain".to_owned(),
        range if range.contains('*') => range.replace('*', "x"),
        _ => key.to_owned(),
    }
}
