//! The identity of a contract: what it is called, who owns it, and the hash of its content.

use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::document::DocumentSet;

/// What tells a contract, and one revision of it, from others. A contract that is refused has
/// one too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractIdentity {
    /// `info.title`.
    pub title: Arc<str>,
    /// `info.version`.
    pub version: Arc<str>,
    /// The hash of the content: `sha256:` and 64 hexadecimal digits.
    pub revision: Arc<str>,
    /// `info.x-squad-owner`, or that of the document.
    pub provider: Option<Arc<str>>,
}

impl ContractIdentity {
    /// Reads the identity of a contract; what the document does not say is empty.
    pub fn of(documents: &DocumentSet) -> Self {
        let root = documents.entry().root();
        let info = |name: &str| {
            let text = root.get("info").and_then(|info| info.get(name));
            text.and_then(|text| text.as_str().or(text.number_text()))
                .map(Arc::<str>::from)
        };
        let of_document = || root.get("x-squad-owner")?.as_str().map(Arc::from);
        Self {
            title: info("title").unwrap_or_default(),
            version: info("version").unwrap_or_default(),
            revision: revision(documents),
            provider: info("x-squad-owner").or_else(of_document),
        }
    }
}

/// `sha256:` and the hash of the content. A contract of one file has the hash of that file, as
/// `sha256sum` prints it (of its text without a byte order mark); one of several files has the
/// hash over the hashes of all, in the order in which references reach them.
fn revision(documents: &DocumentSet) -> Arc<str> {
    let digest: [u8; 32] = match documents.list() {
        [only] => only.digest,
        all => {
            let mut hash = Sha256::new();
            all.iter().for_each(|document| hash.update(document.digest));
            hash.finalize().into()
        }
    };
    let mut text = String::from("sha256:");
    for byte in digest {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
    }
    text.into()
}
