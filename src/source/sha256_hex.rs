//! SHA-256 hashes in hexadecimal digits.

use sha2::{Digest, Sha256};

/// The SHA-256 hash of the bytes in hexadecimal digits.
pub(super) fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    let pairs = Sha256::digest(bytes)
        .into_iter()
        .map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    pairs.flatten().collect()
}
