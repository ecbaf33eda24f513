//! Where corpora are that do not belong to the project. A test that reads one says that it was
//! skipped where there is none.

use std::path::{Path, PathBuf};

/// The folder named by `PORTCULLIS_CORPORA`, else the one beside the checkout.
pub(crate) fn corpora() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let named = std::env::var_os("PORTCULLIS_CORPORA").map_or(beside, PathBuf::from);
    named.is_dir().then_some(named)
}
