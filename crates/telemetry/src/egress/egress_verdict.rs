//! Whether a call was declared, and whether it might pass.

/// Whether a call was declared, and whether it might pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EgressVerdict {
    /// The catalog declares its host.
    Declared,
    /// It was not compared with the catalog.
    Unjudged,
    /// Its host is not declared, and it passed.
    Undeclared,
    /// Its host is not declared, and it was refused.
    Refused,
    /// Its address may not be dialled.
    Denied,
}

impl EgressVerdict {
    /// Every verdict.
    pub const ALL: [Self; 5] = [
        Self::Declared,
        Self::Unjudged,
        Self::Undeclared,
        Self::Refused,
        Self::Denied,
    ];

    /// The name in metrics, in the log and on the admin port.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Unjudged => "unjudged",
            Self::Undeclared => "undeclared",
            Self::Refused => "refused",
            Self::Denied => "denied-address",
        }
    }
}
