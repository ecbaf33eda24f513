//! The algorithms that a signature may have: public keys only.
//!
//! The list is closed, so that neither `none` nor a secret shared with the issuer (HS256 and its
//! like) can be named at all. An algorithm belongs to one kind of key, and a key of another kind
//! is never tried with it.

use ring::signature::{self, RsaParameters, VerificationAlgorithm};

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureAlgorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

/// A kind of public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyType {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl SignatureAlgorithm {
    /// Each algorithm with its name (RFC 7518 section 3.1, RFC 8037, RFC 9864).
    const NAMES: [(&'static str, Self); 10] = [
        ("RS256", Self::Rs256),
        ("RS384", Self::Rs384),
        ("RS512", Self::Rs512),
        ("PS256", Self::Ps256),
        ("PS384", Self::Ps384),
        ("PS512", Self::Ps512),
        ("ES256", Self::Es256),
        ("ES384", Self::Es384),
        ("EdDSA", Self::EdDsa),
        ("Ed25519", Self::EdDsa),
    ];

    /// The algorithm of this name, if it is accepted.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (_, algorithm) = Self::NAMES.iter().find(|(known, _)| *known == name)?;
        Some(*algorithm)
    }

    /// Whether keys of this kind sign with it.
    pub(super) fn takes(self, kind: KeyType) -> bool {
        let own = match self {
            Self::Es256 => KeyType::P256,
            Self::Es384 => KeyType::P384,
            Self::EdDsa => KeyType::Ed25519,
            Self::Rs256 | Self::Rs384 | Self::Rs512 => KeyType::Rsa,
            Self::Ps256 | Self::Ps384 | Self::Ps512 => KeyType::Rsa,
        };
        own == kind
    }

    /// How RSA keys verify it; `None` for the algorithms of other keys.
    pub(super) const fn rsa(self) -> Option<&'static RsaParameters> {
        match self {
            Self::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
            Self::Es256 | Self::Es384 | Self::EdDsa => None,
        }
    }

    /// How keys on a curve verify it; `None` for the algorithms of RSA keys.
    pub(super) const fn curve(self) -> Option<&'static dyn VerificationAlgorithm> {
        match self {
            Self::Es256 => Some(&signature::ECDSA_P256_SHA256_FIXED),
            Self::Es384 => Some(&signature::ECDSA_P384_SHA384_FIXED),
            Self::EdDsa => Some(&signature::ED25519),
            Self::Rs256 | Self::Rs384 | Self::Rs512 => None,
            Self::Ps256 | Self::Ps384 | Self::Ps512 => None,
        }
    }
}

impl KeyType {
    /// The kind of a key by its `kty` and `crv`.
    pub(super) fn named(kty: &str, crv: Option<&str>) -> Option<Self> {
        match (kty, crv) {
            ("RSA", _) => Some(Self::Rsa),
            ("EC", Some("P-256")) => Some(Self::P256),
            ("EC", Some("P-384")) => Some(Self::P384),
            ("OKP", Some("Ed25519")) => Some(Self::Ed25519),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_keys_have_algorithms() {
        for name in [
            "none", "None", "", "HS256", "HS384", "HS512", "rs256", "ES512", "RSA-OAEP",
        ] {
            assert_eq!(SignatureAlgorithm::named(name), None, "{name}");
        }
        for (name, algorithm) in SignatureAlgorithm::NAMES {
            assert_eq!(SignatureAlgorithm::named(name), Some(algorithm), "{name}");
            let kinds = [KeyType::Rsa, KeyType::P256, KeyType::P384, KeyType::Ed25519];
            let takes = kinds.into_iter().filter(|kind| algorithm.takes(*kind));
            assert_eq!(takes.count(), 1, "{name}");
            assert_ne!(
                algorithm.rsa().is_some(),
                algorithm.curve().is_some(),
                "{name}"
            );
        }
    }
}
