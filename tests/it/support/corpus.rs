//! The location of corpora: contracts and cases from outside the project. `build.rs` marks the
//! tests that need a missing one as ignored.

use std::path::{Path, PathBuf};

/// The directory named by `PORTCULLIS_CORPORA`, or the one next to the checkout.
pub(crate) fn corpora() -> PathBuf {
    let named = std::env::var_os("PORTCULLIS_CORPORA").map(PathBuf::from);
    let directory =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"));
    assert!(
        directory.is_dir(),
        "no corpora in {directory:?}; set PORTCULLIS_CORPORA to their directory"
    );
    directory
}
