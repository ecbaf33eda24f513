//! A set of public keys (JWKS, RFC 7517 section 5).

use serde::Deserialize;
use serde_json::Value;

use portcullis_vocabulary::limits::{KEY_SET_BYTES_MAX, KEYS_MAX};

use super::signature_algorithm::SignatureAlgorithm;
use super::token_fault::TokenFault;
use super::verifying_key::{KeyFault, VerifyingKey};

/// The public keys of an issuer; at least one is usable.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
    ignored: Vec<IgnoredKey>,
}

/// A key that is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IgnoredKey {
    /// Its position in the set, counted from 1.
    pub position: usize,
    /// The reason.
    pub fault: KeyFault,
}

/// Why bytes are not a usable key set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// The input is too large.
    #[error("larger than {KEY_SET_BYTES_MAX} bytes, so it is not a key set; check the address")]
    TooLarge,
    /// The input is not JSON, or not a JWKS object.
    #[error(
        "not a JWKS (line {line}, column {column}): expected a JSON object with a list `keys`; \
         check the address"
    )]
    NotKeySet {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// The set has too many keys.
    #[error("{0} keys, more than the maximum of {KEYS_MAX}; check the address")]
    TooMany(usize),
    /// No key of the set can verify a token.
    #[error("none of its {} keys can verify a token{}", .0.len(), listed(.0))]
    NothingUsable(Vec<IgnoredKey>),
}

#[derive(Deserialize)]
struct JwksDocument {
    keys: Vec<Value>,
}

impl KeySet {
    /// Parses a set. Keys that cannot verify a token are ignored, as RFC 7517 section 5 demands, and
    /// listed in [`ignored`](Self::ignored).
    ///
    /// # Errors
    /// [`KeySetError`] if the bytes are not a key set, or no key is usable.
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
            match VerifyingKey::parse(value).and_then(|key| set.check_unique(key)) {
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

    /// The number of usable keys; at least one.
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// The ignored keys and the reasons.
    pub fn ignored(&self) -> &[IgnoredKey] {
        &self.ignored
    }

    /// The key for a token with this `kid` (or none) and this algorithm.
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

    /// Refuses a key with the id and type of an earlier one: tokens of one of the two would look
    /// forged.
    fn check_unique(&self, key: VerifyingKey) -> Result<VerifyingKey, KeyFault> {
        let is_same = |earlier: &VerifyingKey| earlier.id == key.id && earlier.kind == key.kind;
        if key.id.is_some() && self.keys.iter().any(is_same) {
            return Err(KeyFault::SameId);
        }
        Ok(key)
    }
}

/// Describes the first few ignored keys; a hundred of them would flood the log.
fn listed(ignored: &[IgnoredKey]) -> String {
    let first = ignored.iter().take(5);
    let text: String = first
        .map(|IgnoredKey { position, fault }| format!("; key {position}: {fault}"))
        .collect();
    let rest = ignored.len().saturating_sub(5);
    match (ignored.len(), rest) {
        (0, _) => ": it is empty; check the issuer".to_owned(),
        (_, 0) => text,
        _ => format!("{text}; and {rest} more"),
    }
}
