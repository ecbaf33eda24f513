//! The location of corpora: contracts and cases from outside the project, and their encoding.
//! `build.rs` marks the tests that need a missing one as ignored.

use std::path::{Path, PathBuf};

/// The directory named by `PORTCULLIS_CORPORA`, or the one next to the checkout.
pub(crate) fn corpora() -> PathBuf {
    let named = std::env::var_os("PORTCULLIS_CORPORA").map(PathBuf::from);
    let directory = named.unwrap_or_else(|| checkout().join("../shared/corpora"));
    assert!(
        directory.is_dir(),
        "no corpora in {directory:?}; set PORTCULLIS_CORPORA to their directory"
    );
    directory
}

/// The root of the workspace, also for the tests of a crate.
fn checkout() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    match package.parent() {
        Some(parent) if parent.ends_with("crates") => package.join("../.."),
        _ => package.into(),
    }
}

/// Base64 with padding (RFC 4648 section 4).
pub(crate) fn decode(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for symbol in text.bytes().filter(|b| *b != b'=') {
        let value = ALPHABET.iter().position(|b| *b == symbol).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}
