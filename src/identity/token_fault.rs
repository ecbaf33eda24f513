//! Why a token does not prove who calls.

use portcullis_vocabulary::limits::TOKEN_BYTES_MAX;

/// Why a token does not prove who calls. No message holds anything of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TokenFault {
    /// There is none, and one is required.
    #[error("the request carries no token; send one, or set `identity.jwt.required` to false")]
    Missing,
    /// There are several.
    #[error("the header of the token occurs more than once; send it once")]
    Repeated,
    /// It is none.
    #[error(
        "the token is malformed; send a signed JSON Web Token: three base64url parts that hold a JSON header, JSON claims and a signature"
    )]
    Malformed,
    /// It is too large.
    #[error(
        "the token is larger than {TOKEN_BYTES_MAX} bytes; have the issuer put fewer claims into it"
    )]
    TooLarge,
    /// It needs an extension.
    #[error(
        "the token demands an extension (`crit`), and none is known; have the issuer sign without"
    )]
    Extension,
    /// It is signed in a way that is not taken.
    #[error(
        "the token's `alg` is not taken; have the issuer sign with RS256, PS256, ES256, EdDSA or their longer forms, never HS256 or none"
    )]
    Algorithm,
    /// There are no keys yet.
    #[error("no key of the issuer could be read yet; check `identity.jwt.jwks` and the log")]
    KeysUnavailable,
    /// Its key is not in the set.
    #[error(
        "no key of the issuer's set is that of the token (`kid`, `alg`); check that `identity.jwt.jwks` is its issuer's, or wait for the keys to be read again"
    )]
    UnknownKey,
    /// It names no key, and several fit.
    #[error(
        "the token names no key (`kid`) and several of the set fit its `alg`; have the issuer name the key"
    )]
    AmbiguousKey,
    /// Its key is for something else.
    #[error(
        "the token's key is not meant for the token's `alg`; have the issuer check how it signs"
    )]
    KeyMismatch,
    /// The signature is not that of the key.
    #[error("the token's signature is wrong: it was changed, or signed with another key")]
    Signature,
    /// It has no end.
    #[error("the token has no `exp`; have the issuer let tokens expire")]
    NoExpiry,
    /// It is over.
    #[error("the token has expired (`exp`); get a new one, and check the clocks if it is new")]
    Expired,
    /// It has not begun.
    #[error("the token is not valid yet (`nbf`); check the clocks of issuer and proxy")]
    NotYetValid,
    /// Somebody else issued it.
    #[error(
        "the token's `iss` is not `identity.jwt.issuer`; get one from that issuer, or correct the key"
    )]
    Issuer,
    /// It is meant for somebody else.
    #[error(
        "the token's `aud` is not in `identity.jwt.audience`; get one for this audience, or correct the key"
    )]
    Audience,
    /// It does not say which squad.
    #[error(
        "the token has no claim of the name `identity.jwt.squad_claim`; have the issuer add it, or correct the key"
    )]
    NoSquad,
    /// What it says is no squad's name.
    #[error(
        "the token's squad claim is no squad's name: text of 1 to 64 characters of a-z, 0-9, '.', '_' and '-'"
    )]
    NotSquadName,
}

impl TokenFault {
    /// Every fault.
    pub const ALL: [Self; 18] = [
        Self::Missing,
        Self::Repeated,
        Self::Malformed,
        Self::TooLarge,
        Self::Extension,
        Self::Algorithm,
        Self::KeysUnavailable,
        Self::UnknownKey,
        Self::AmbiguousKey,
        Self::KeyMismatch,
        Self::Signature,
        Self::NoExpiry,
        Self::Expired,
        Self::NotYetValid,
        Self::Issuer,
        Self::Audience,
        Self::NoSquad,
        Self::NotSquadName,
    ];

    /// Its stable name, for labels and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing-token",
            Self::Repeated => "repeated-token",
            Self::Malformed => "malformed-token",
            Self::TooLarge => "token-too-large",
            Self::Extension => "unknown-extension",
            Self::Algorithm => "algorithm-not-allowed",
            Self::KeysUnavailable => "keys-unavailable",
            Self::UnknownKey => "unknown-key",
            Self::AmbiguousKey => "ambiguous-key",
            Self::KeyMismatch => "key-mismatch",
            Self::Signature => "bad-signature",
            Self::NoExpiry => "no-expiry",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Issuer => "wrong-issuer",
            Self::Audience => "wrong-audience",
            Self::NoSquad => "no-squad",
            Self::NotSquadName => "not-a-squad-name",
        }
    }

    /// Whether the proxy is at fault rather than the caller: it has no keys to judge with, and
    /// the same request may pass later (503, not 401).
    pub const fn is_proxy_fault(self) -> bool {
        matches!(self, Self::KeysUnavailable)
    }
}
