//! Why a token is rejected.

use portcullis_vocabulary::limits::TOKEN_BYTES_MAX;

/// Why a token is rejected. Messages quote nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TokenFault {
    /// A token is required and missing.
    #[error("the request carries no token; send one, or set `identity.jwt.required` to false")]
    Missing,
    /// The header is repeated.
    #[error("the header of the token is repeated; send it once")]
    Repeated,
    /// The value is not a signed JSON Web Token.
    #[error(
        "the token is malformed; send a signed JSON Web Token: base64url of a JSON header, JSON claims and a signature, separated by dots"
    )]
    Malformed,
    /// The token is too large.
    #[error("the token is larger than {TOKEN_BYTES_MAX} bytes; let the issuer add fewer claims")]
    TooLarge,
    /// The token requires an extension.
    #[error(
        "the token requires an extension (`crit`), and none is supported; let the issuer sign without it"
    )]
    Extension,
    /// The signature algorithm is not accepted.
    #[error(
        "the token's `alg` is not accepted; let the issuer sign with RS256, PS256, ES256, EdDSA or their longer variants, not with HS256 or none"
    )]
    Algorithm,
    /// No key set was loaded yet.
    #[error("the keys of the issuer are not available yet; check `identity.jwt.jwks` and the log")]
    KeysUnavailable,
    /// The key set has no key for the token.
    #[error(
        "the key set has no key for the token (`kid`, `alg`); check that `identity.jwt.jwks` belongs to its issuer, or wait until the keys are read again"
    )]
    UnknownKey,
    /// The token has no `kid`, and several keys fit.
    #[error(
        "the token has no `kid`, and several keys of the set fit its `alg`; let the issuer set `kid`"
    )]
    AmbiguousKey,
    /// The key of the token is for another algorithm.
    #[error("the key of the token is not for its `alg`; let the issuer check how it signs")]
    KeyMismatch,
    /// The signature is invalid.
    #[error(
        "the signature of the token is invalid: the token was changed, or signed with another key"
    )]
    Signature,
    /// The token never expires.
    #[error("the token has no `exp`; let the issuer set one")]
    NoExpiry,
    /// The token has expired.
    #[error("the token has expired (`exp`); get a new one, and check the clocks if it is new")]
    Expired,
    /// The token is not valid yet.
    #[error("the token is not valid yet (`nbf`); check the clocks of issuer and proxy")]
    NotYetValid,
    /// The token has another issuer.
    #[error(
        "the token's `iss` is not `identity.jwt.issuer`; get one from that issuer, or correct the key"
    )]
    Issuer,
    /// The token is for another audience.
    #[error(
        "the token's `aud` is not in `identity.jwt.audience`; get one for this audience, or correct the key"
    )]
    Audience,
    /// The token does not name a squad.
    #[error(
        "the token lacks the claim that `identity.jwt.squad_claim` names; let the issuer add it, or correct the key"
    )]
    NoSquad,
    /// The squad claim is not a squad name.
    #[error(
        "the squad claim of the token is not a squad name: expected 1 to 64 characters of a-z, 0-9, '.', '_' and '-'"
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

    /// The stable name, for metric labels and logs.
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

    /// Whether the proxy is at fault: it has no keys yet, so the same request may pass later (503,
    /// not 401).
    pub const fn is_proxy_fault(self) -> bool {
        matches!(self, Self::KeysUnavailable)
    }
}
