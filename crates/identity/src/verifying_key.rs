//! One key of a set (RFC 7517), and why a key is ignored.
//!
//! An unusable key does not invalidate the set: issuers also publish keys for other purposes.
//! Usable keys are checked down to the length of their numbers, so a broken key is reported when
//! the set is read, not for every token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

use super::signature_algorithm::{KeyType, SignatureAlgorithm};

/// The accepted lengths of RSA moduli in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A public key that verifies signatures.
#[derive(Clone, Debug)]
pub(super) struct VerifyingKey {
    pub(super) id: Option<Box<str>>,
    pub(super) kind: KeyType,
    /// The only algorithm of the key, if it declares one.
    algorithm: Option<SignatureAlgorithm>,
    public: PublicKey,
}

/// The numbers of a public key, big-endian.
#[derive(Clone, Debug)]
enum PublicKey {
    Rsa(RsaPublicKeyComponents<Box<[u8]>>),
    /// An uncompressed point (SEC 1 section 2.3.3), or the 32 bytes of Ed25519.
    Curve(Box<[u8]>),
}

/// Why a key of a set is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The key is not an object, or a member has the wrong type.
    #[error("it is not a JSON Web Key: members are strings, `key_ops` is a list of strings")]
    Malformed,
    /// The key is a secret.
    #[error("it is symmetric (`oct`), and a published set must not contain secrets")]
    Symmetric,
    /// The type or the curve is unknown.
    #[error("its `kty` or `crv` is not RSA, EC with P-256 or P-384, or OKP with Ed25519")]
    UnknownType,
    /// The key has another purpose.
    #[error("its `use` or `key_ops` does not include verifying signatures")]
    OtherUse,
    /// The algorithm is not accepted, or does not belong to the type.
    #[error("its `alg` is not an accepted algorithm for its `kty` and `crv`")]
    OtherAlgorithm,
    /// The numbers are missing or invalid.
    #[error("its `n` and `e`, or `x` and `y`, are missing, not base64url or of the wrong length")]
    Incomplete,
    /// The modulus is too short or too long.
    #[error(
        "its modulus does not have {} to {} bits",
        RSA_BITS.start(),
        RSA_BITS.end()
    )]
    ModulusLength,
    /// An earlier key has the same id and type.
    #[error("an earlier key has the same `kid` and type")]
    SameId,
}

/// The members of a key that are read; others are ignored (RFC 7517 section 4).
#[derive(Deserialize)]
struct JwkFields {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl VerifyingKey {
    /// Parses a key.
    pub(super) fn parse(value: &Value) -> Result<Self, KeyFault> {
        let members = JwkFields::deserialize(value).map_err(|_| KeyFault::Malformed)?;
        if members.kty == "oct" {
            return Err(KeyFault::Symmetric);
        }
        let kind =
            KeyType::named(&members.kty, members.crv.as_deref()).ok_or(KeyFault::UnknownType)?;
        if !members.is_for_verifying() {
            return Err(KeyFault::OtherUse);
        }
        Ok(Self {
            algorithm: members.algorithm(kind)?,
            public: members.public(kind)?,
            id: members.kid.map(String::into_boxed_str),
            kind,
        })
    }

    /// Whether the key may verify signatures of this algorithm.
    pub(super) fn fits(&self, algorithm: SignatureAlgorithm) -> bool {
        algorithm.accepts(self.kind) && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// Whether the signature of the message is valid. The key must [fit](Self::fits).
    pub(super) fn verifies(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &str,
    ) -> bool {
        let Some(signature) = decode(signature) else {
            return false;
        };
        match &self.public {
            PublicKey::Rsa(key) => {
                let parameters = algorithm.rsa();
                parameters.is_some_and(|rsa| key.verify(rsa, message, &signature).is_ok())
            }
            PublicKey::Curve(bytes) => {
                let key = algorithm
                    .curve()
                    .map(|curve| UnparsedPublicKey::new(curve, bytes));
                key.is_some_and(|key| key.verify(message, &signature).is_ok())
            }
        }
    }
}

impl JwkFields {
    fn is_for_verifying(&self) -> bool {
        let operations = self.key_ops.as_ref();
        self.r#use.as_ref().is_none_or(|purpose| purpose == "sig")
            && operations.is_none_or(|operations| operations.iter().any(|one| one == "verify"))
    }

    fn algorithm(&self, kind: KeyType) -> Result<Option<SignatureAlgorithm>, KeyFault> {
        let Some(name) = &self.alg else {
            return Ok(None);
        };
        let algorithm = SignatureAlgorithm::named(name).filter(|algorithm| algorithm.accepts(kind));
        algorithm.map(Some).ok_or(KeyFault::OtherAlgorithm)
    }

    fn public(&self, kind: KeyType) -> Result<PublicKey, KeyFault> {
        let point = |length| {
            let mut point = vec![4];
            point.extend(decode_exact(self.x.as_ref()?, length)?);
            point.extend(decode_exact(self.y.as_ref()?, length)?);
            Some(point)
        };
        let bytes = match kind {
            KeyType::Rsa => return self.rsa(),
            KeyType::P256 => point(32),
            KeyType::P384 => point(48),
            KeyType::Ed25519 => self.x.as_ref().and_then(|x| decode_exact(x, 32)),
        };
        let bytes = bytes.ok_or(KeyFault::Incomplete)?;
        Ok(PublicKey::Curve(bytes.into()))
    }

    fn rsa(&self) -> Result<PublicKey, KeyFault> {
        let number = |text: &Option<String>| {
            let bytes = decode(text.as_ref()?)?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            Some(bytes[zeros..].to_vec()).filter(|bytes| !bytes.is_empty())
        };
        let (Some(n), Some(e)) = (number(&self.n), number(&self.e)) else {
            return Err(KeyFault::Incomplete);
        };
        let bits = n.len() * 8 - n[0].leading_zeros() as usize;
        if !RSA_BITS.contains(&bits) {
            return Err(KeyFault::ModulusLength);
        }
        Ok(PublicKey::Rsa(RsaPublicKeyComponents {
            n: n.into(),
            e: e.into(),
        }))
    }
}

/// The decoded text, if it has exactly this many bytes.
fn decode_exact(text: &str, length: usize) -> Option<Vec<u8>> {
    decode(text).filter(|bytes| bytes.len() == length)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
