//! The identity of a contract's content.

use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::document::Documents;

/// `sha256:` and the hash of the content. A contract of one file has the hash of that file, as
/// `sha256sum` prints it (of its text without a byte order mark); one of several files has the
/// hash over the hashes of all, in the order in which references reach them.
pub(super) fn revision(documents: &Documents) -> Arc<str> {
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
