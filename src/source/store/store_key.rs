//! Names of entries in a store: paths of plain segments that cannot leave the store.

use std::fmt;

/// The name of an entry: segments of `a-z A-Z 0-9 . _ -`, joined by `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreKey(Box<str>);

/// An invalid segment of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot name a folder of the registry: expected 1 to {max} characters of a-z, A-Z, 0-9, '.', '_' and \
     '-', not beginning with '.'",
    max = SEGMENT_BYTES_MAX
)]
pub struct InvalidStoreKey(pub String);

/// The maximum length of a segment in bytes; file systems allow 255.
const SEGMENT_BYTES_MAX: usize = 128;

impl StoreKey {
    /// The key of these segments.
    ///
    /// # Errors
    /// [`InvalidStoreKey`] names the first invalid segment.
    pub fn new(segments: &[&str]) -> Result<Self, InvalidStoreKey> {
        match segments.iter().find(|segment| !is_plain(segment)) {
            Some(wrong) => Err(InvalidStoreKey((*wrong).to_owned())),
            None => Ok(Self(segments.join("/").into())),
        }
    }

    /// The segments, joined by `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_plain(segment: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=SEGMENT_BYTES_MAX).contains(&segment.len())
        && !segment.starts_with('.')
        && segment.bytes().all(is_allowed)
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_segments_that_leave_the_store() {
        let key = StoreKey::new(&["payments", "orders", "registry.json"]).unwrap();
        assert_eq!(key.as_str(), "payments/orders/registry.json");
        for wrong in ["", ".", "..", "a/b", ".lock", "ü", "a b", &"a".repeat(129)] {
            let error = StoreKey::new(&["a", wrong]).unwrap_err();
            assert_eq!(error, InvalidStoreKey(wrong.to_owned()));
        }
    }
}
