//! The methods a path item can declare, as a small closed set.
//!
//! Anything else (`QUERY`, `PROPFIND`, …) is no operation of a contract, so it is never found.

use http::Method;

/// A method that OpenAPI knows as an operation (Path Item Object).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathItemMethod {
    Delete,
    Get,
    Head,
    Options,
    Patch,
    Post,
    Put,
    Trace,
}

impl PathItemMethod {
    /// Every verb, sorted by name.
    pub const ALL: [Self; 8] = [
        Self::Delete,
        Self::Get,
        Self::Head,
        Self::Options,
        Self::Patch,
        Self::Post,
        Self::Put,
        Self::Trace,
    ];

    /// The verb of a request, if contracts can declare it.
    #[must_use]
    pub fn of(method: &Method) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|verb| verb.name() == method.as_str())
    }

    /// The verb of a field of the Path Item Object, such as `get`; `None` for its other fields.
    #[must_use]
    pub fn from_field(field: &str) -> Option<Self> {
        let lower = field.bytes().all(|byte| byte.is_ascii_lowercase());
        Self::ALL
            .into_iter()
            .find(|verb| lower && verb.name().eq_ignore_ascii_case(field))
    }

    /// The method's name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Trace => "TRACE",
        }
    }
}
