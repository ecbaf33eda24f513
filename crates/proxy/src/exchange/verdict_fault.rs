//! Why a question of another proxy has no verdict.

/// Why a question has no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum VerdictFault {
    #[error(
        "verdicts are given to trusted peers only; add the network of the proxy that asks to `identity.trusted_peers`"
    )]
    UntrustedPeer,
    #[error(
        "the request has not exactly one `{field}`, which says what is asked about; configure the proxy that asks to send it"
    )]
    NoTarget { field: &'static str },
    #[error(
        "the proxy that asks has sent a part of the body, or does not say that it is all of it; raise the size of bodies that it keeps (Envoy: `max_request_bytes`) and do not allow partial ones"
    )]
    PartialBody,
    #[error(
        "the operation declares a body, and the question has none; let the proxy that asks send bodies (Envoy: `with_request_body`, Traefik: `forwardBody`), or set `verdict.empty_bodies`"
    )]
    NoBody,
}

impl VerdictFault {
    /// The stable name, for the log.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::UntrustedPeer => "untrusted-peer",
            Self::NoTarget { .. } => "no-target",
            Self::PartialBody => "partial-body",
            Self::NoBody => "no-body",
        }
    }
}
