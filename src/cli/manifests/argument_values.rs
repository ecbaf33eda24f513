//! Values of arguments that Kubernetes and Argo would accept and not understand.

use portcullis_manifests::is_image_reference;

use crate::source::{RecordStore, RemoteUrl, S3Clients};

/// The name of an image.
pub(super) fn image(text: &str) -> Result<String, String> {
    if is_image_reference(text) {
        return Ok(text.to_owned());
    }
    Err("expected an image such as registry.example.com/portcullis:0.1.0".to_owned())
}

/// A registry that a Job can reach. It is parsed as the gate does.
pub(super) fn bucket(text: &str) -> Result<String, String> {
    match RecordStore::new(text, &S3Clients::with([])) {
        Ok(RecordStore::Bucket(_)) => Ok(text.to_owned()),
        Ok(RecordStore::Directory(_)) => {
            Err("a Job has no directory that stays; expected s3://bucket/prefix".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// The address of a server.
pub(super) fn web_address(text: &str) -> Result<String, String> {
    let parsed = text.parse::<RemoteUrl>();
    parsed
        .map(|_| text.to_owned())
        .map_err(|error| error.to_string())
}

/// A text that is not empty and has no blanks, such as a Git repository, a revision or a folder.
pub(super) fn word(text: &str) -> Result<String, String> {
    if !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Ok(text.to_owned());
    }
    Err("expected a text without blanks".to_owned())
}
