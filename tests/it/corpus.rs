//! Where corpora are that do not belong to the project. A test that reads one says that it was
//! skipped where there is none.

use std::path::{Path, PathBuf};

/// The folder named by `PORTCULLIS_CORPORA`, else the one beside the checkout.
pub(crate) fn corpora() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("PORTCULLIS_CORPORA").map(PathBuf::from) {
        assert!(named.is_dir(), "PORTCULLIS_CORPORA: no folder {named:?}");
        return Some(named);
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    beside.is_dir().then_some(beside)
}
