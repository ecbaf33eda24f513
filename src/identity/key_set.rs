//! A set of public keys (JWKS, RFC 7517 section 5).

use serde::Deserialize;
use serde_json::Value;

use portcullis_vocabulary::limits::{KEY_SET_BYTES_MAX, KEYS_MAX};

use super::signature_algorithm::SignatureAlgorithm;
use super::token_fault::TokenFault;
use super::verifying_key::{KeyFault, VerifyingKey};

/// The keys that an issuer signs with; at least one.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
    ignored: Vec<IgnoredKey>,
}

/// A key that is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IgnoredKey {
    /// Its place in the set, counted from 1.
    pub position: usize,
    /// Why.
    pub fault: KeyFault,
}

/// Why bytes are no usable set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// It is too large to be one.
    #[error("larger than {KEY_SET_BYTES_MAX} bytes, so it is no set of keys; check the address")]
    TooLarge,
    /// It is no JSON, or not of a set's form.
    #[error(
        "no JWKS at line {line}, column {column}: expected a JSON object with a list `keys`; \
         check the address"
    )]
    NotKeySet {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// It has more keys than an issuer rotates.
    #[error("{0} keys, more than the {KEYS_MAX} of any sound issuer; check the address")]
    TooMany(usize),
    /// There is nothing in it to verify with.
    #[error("none of its {} keys can verify a token{}", .0.len(), listed(.0))]
    NothingUsable(Vec<IgnoredKey>),
}

#[derive(Deserialize)]
struct JwksDocument {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a set. Keys that cannot verify a token are passed over, as RFC 7517 section 5 asks
    /// for, and stand in [`ignored`](Self::ignored).
    ///
    /// # Errors
    /// [`KeySetError`] where the bytes are no set, or no key is left.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeySetError> {
        if bytes.len() > KEY_SET_BYTES_MAX {
            return Err(KeySetError::TooLarge);
        }
        let document: JwksDocument =
            serde_json::from_slice(bytes).map_err(|error| KeySetError::NotKeySet {
                line: error.line(),
                column: error.column(),
            })?;
        if document.keys.len() > KEYS_MAX {
            return Err(KeySetError::TooMany(document.keys.len()));
        }
        let mut set = Self {
            keys: Vec::new(),
            ignored: Vec::new(),
        };
        for (index, value) in document.keys.iter().enumerate() {
            match VerifyingKey::parse(value).and_then(|key| set.admit(key)) {
                Ok(key) => set.keys.push(key),
                Err(fault) => set.ignored.push(IgnoredKey {
                    position: index + 1,
                    fault,
                }),
            }
        }
        if set.keys.is_empty() {
            return Err(KeySetError::NothingUsable(set.ignored));
        }
        Ok(set)
    }

    /// How many keys are used; at least one.
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// The keys that are not used, and why.
    pub fn ignored(&self) -> &[IgnoredKey] {
        &self.ignored
    }

    /// The key for a token of this algorithm that names this key, or none.
    pub(super) fn key(
        &self,
        id: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<&VerifyingKey, TokenFault> {
        let named = |key: &&VerifyingKey| id.is_none_or(|id| key.id.as_deref() == Some(id));
        let mut fitting = self
            .keys
            .iter()
            .filter(named)
            .filter(|key| key.fits(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(TokenFault::AmbiguousKey),
            (None, _) if id.is_some() && self.keys.iter().any(|key| named(&key)) => {
                Err(TokenFault::KeyMismatch)
            }
            (None, _) => Err(TokenFault::UnknownKey),
        }
    }

    /// Refuses a key that cannot be told from an earlier one: whichever were taken, tokens of the
    /// other would look forged.
    fn admit(&self, key: VerifyingKey) -> Result<VerifyingKey, KeyFault> {
        let is_twin = |earlier: &VerifyingKey| earlier.id == key.id && earlier.kind == key.kind;
        if key.id.is_some() && self.keys.iter().any(is_twin) {
            return Err(KeyFault::SameId);
        }
        Ok(key)
    }
}

/// The first few keys with their faults; a set of a hundred would fill the log.
fn listed(ignored: &[IgnoredKey]) -> String {
    let first = ignored.iter().take(5);
    let text: String = first
        .map(
            |IgnoredKey {
                 position: place,
                 fault,
             }| format!("; key {place}: {fault}"),
        )
        .collect();
    let rest = ignored.len().saturating_sub(5);
    match (ignored.len(), rest) {
        (0, _) => ": it is empty; check the issuer".to_owned(),
        (_, 0) => text,
        _ => format!("{text}; and {rest} more"),
    }
}
