//! The algorithms that a signature may have: public keys only.
//!
//! The list is closed, so that neither `none` nor a secret shared with the issuer (HS256 and its
//! like) can be named at all. An algorithm belongs to one kind of key, and a key of another kind
//! is never tried with it.

use jsonwebtoken::Algorithm as Backend;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithm(Backend);

/// A kind of public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Algorithm {
    /// Each algorithm with its name (RFC 7518 section 3.1, RFC 8037, RFC 9864) and its keys.
    const ALL: [(&'static str, Backend, Kind); 10] = [
        ("RS256", Backend::RS256, Kind::Rsa),
        ("RS384", Backend::RS384, Kind::Rsa),
        ("RS512", Backend::RS512, Kind::Rsa),
        ("PS256", Backend::PS256, Kind::Rsa),
        ("PS384", Backend::PS384, Kind::Rsa),
        ("PS512", Backend::PS512, Kind::Rsa),
        ("ES256", Backend::ES256, Kind::P256),
        ("ES384", Backend::ES384, Kind::P384),
        ("EdDSA", Backend::EdDSA, Kind::Ed25519),
        ("Ed25519", Backend::EdDSA, Kind::Ed25519),
    ];

    /// The algorithm of this name, where it is one that is taken.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (_, backend, _) = Self::ALL.iter().find(|(known, ..)| *known == name)?;
        Some(Self(*backend))
    }

    /// Whether keys of this kind sign by it.
    pub(super) fn takes(self, kind: Kind) -> bool {
        let mut all = Self::ALL.iter();
        all.any(|(_, backend, own)| *backend == self.0 && *own == kind)
    }

    /// The algorithm as the library knows it.
    pub(super) const fn backend(self) -> Backend {
        self.0
    }
}

impl Kind {
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
            assert_eq!(Algorithm::named(name), None, "{name}");
        }
        for (name, _, kind) in Algorithm::ALL {
            let algorithm = Algorithm::named(name).unwrap();
            let kinds = [Kind::Rsa, Kind::P256, Kind::P384, Kind::Ed25519];
            let takes: Vec<_> = kinds
                .into_iter()
                .filter(|kind| algorithm.takes(*kind))
                .collect();
            assert_eq!(takes, [kind], "{name}");
        }
    }
}
