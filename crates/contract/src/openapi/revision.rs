//! The identity of a contract: its title, version, owner and content hash.

use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::document::DocumentSet;

/// Identifies a contract and one revision of it. A rejected contract has an identity too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractIdentity {
    /// `info.title`.
    pub title: Arc<str>,
    /// `info.version`.
    pub version: Arc<str>,
    /// The hash of the content: `sha256:` and 64 hexadecimal digits.
    pub revision: Arc<str>,
    /// `info.x-squad-owner`, or else `x-squad-owner` of the document.
    pub provider: Option<Arc<str>>,
}

impl ContractIdentity {
    /// Reads the identity of a contract. Fields that the document lacks are empty.
    pub fn of(documents: &DocumentSet) -> Self {
        let root = documents.entry().root();
        let info = |name: &str| {
            let text = root.get("info").and_then(|info| info.get(name));
            text.and_then(|text| text.as_str().or(text.number_text()))
                .map(Arc::<str>::from)
        };
        let document_owner = || root.get("x-squad-owner")?.as_str().map(Arc::from);
        Self {
            title: info("title").unwrap_or_default(),
            version: info("version").unwrap_or_default(),
            revision: revision(documents),
            provider: info("x-squad-owner").or_else(document_owner),
        }
    }
}

/// `sha256:` and the content hash. For a contract of one file it is the hash of its text without a
/// byte order mark, so `sha256sum` prints the same. For several files it is the hash of their
/// concatenated hashes, in loading order, the overlays last.
fn revision(documents: &DocumentSet) -> Arc<str> {
    let files = || documents.list().iter().chain(documents.overlays());
    let digest: [u8; 32] = match documents.list() {
        [only] if documents.overlays().is_empty() => only.digest,
        _ => {
            let mut hash = Sha256::new();
            files().for_each(|document| hash.update(document.digest));
            hash.finalize().into()
        }
    };
    let mut text = String::from("sha256:");
    for byte in digest {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
    }
    text.into()
}
