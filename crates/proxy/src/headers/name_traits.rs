//! What the names of the fields in one head mean for the way of its request.

use http::HeaderName;
use http::header::{CONNECTION, EXPECT, TE, TRANSFER_ENCODING, UPGRADE, VIA};

use portcullis_vocabulary::is_irregular_header;

use super::header_screen::is_override;

/// Which kinds of names a head has that need attention. Most heads have none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameTraits(u8);

impl NameTraits {
    /// Names with other characters than letters, digits and hyphens.
    pub const IRREGULAR: Self = Self(1);
    /// Fields that belong to one hop, and the expectation, which the connection handles.
    pub const HOP: Self = Self(2);
    /// `Via`.
    pub const VIA: Self = Self(4);
    /// Fields that replace the method or the URL.
    pub const OVERRIDE: Self = Self(8);
    /// The traits of names that were not read one by one.
    pub(crate) const UNKNOWN: Self = Self(u8::MAX);

    /// The traits of one name.
    pub(crate) fn of(name: &HeaderName) -> Self {
        let text = name.as_str();
        let is_of_hop = matches!(*name, CONNECTION | EXPECT | TE) || is_hop_by_hop(name);
        [
            (is_irregular_header(text), Self::IRREGULAR),
            (is_of_hop, Self::HOP),
            (*name == VIA, Self::VIA),
            (is_override(text), Self::OVERRIDE),
        ]
        .into_iter()
        .filter(|(is_so, _)| *is_so)
        .fold(Self::default(), |traits, (_, one)| traits.with(one))
    }

    /// The traits of more names.
    #[must_use]
    pub(crate) const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether there are names of this kind.
    pub const fn has(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }
}

/// Whether a field other than `Connection` and `TE` belongs to one hop (RFC 9110 section 7.6.1).
pub(super) fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(*name, TRANSFER_ENCODING | UPGRADE)
        || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}
