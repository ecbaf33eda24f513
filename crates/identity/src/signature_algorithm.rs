//! The accepted signature algorithms, all of them for public keys.
//!
//! The list is closed, so a token can name neither `none` nor an algorithm with a shared secret
//! such as HS256. Each algorithm belongs to one type of key, and keys of another type are never
//! tried with it.

use ring::signature::{self, RsaParameters, VerificationAlgorithm};

/// A signature algorithm.
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

/// A type of public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyType {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl SignatureAlgorithm {
    /// Each algorithm with its `alg` name (RFC 7518 section 3.1, RFC 8037, RFC 9864).
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

    /// The algorithm with this name, if it is accepted.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (_, algorithm) = Self::NAMES.iter().find(|(known, _)| *known == name)?;
        Some(*algorithm)
    }

    /// Whether keys of this type sign with it.
    pub(super) fn accepts(self, kind: KeyType) -> bool {
        let key_type = match self {
            Self::Es256 => KeyType::P256,
            Self::Es384 => KeyType::P384,
            Self::EdDsa => KeyType::Ed25519,
            Self::Rs256 | Self::Rs384 | Self::Rs512 => KeyType::Rsa,
            Self::Ps256 | Self::Ps384 | Self::Ps512 => KeyType::Rsa,
        };
        key_type == kind
    }

    /// The verification parameters for RSA keys; `None` for algorithms of other keys.
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

    /// The verification algorithm for keys on a curve; `None` for algorithms of RSA keys.
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
    /// The type of a key by its `kty` and `crv`.
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
    fn accepts_only_algorithms_of_public_keys() {
        for name in [
            "none", "None", "", "HS256", "HS384", "HS512", "rs256", "ES512", "RSA-OAEP",
        ] {
            assert_eq!(SignatureAlgorithm::named(name), None, "{name}");
        }
        for (name, algorithm) in SignatureAlgorithm::NAMES {
            assert_eq!(SignatureAlgorithm::named(name), Some(algorithm), "{name}");
            let kinds = [KeyType::Rsa, KeyType::P256, KeyType::P384, KeyType::Ed25519];
            let accepting = kinds.into_iter().filter(|kind| algorithm.accepts(*kind));
            assert_eq!(accepting.count(), 1, "{name}");
            assert_ne!(
                algorithm.rsa().is_some(),
                algorithm.curve().is_some(),
                "{name}"
            );
        }
    }
}
