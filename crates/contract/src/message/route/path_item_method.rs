//! The methods that a path item can declare.
//!
//! A contract cannot declare any other method (`QUERY`, `PROPFIND`, …), so it never matches.

use http::Method;

/// A method that the Path Item Object has a field for.
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
    /// Every method, sorted by name.
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

    /// The method of a request, if contracts can declare it.
    #[must_use]
    pub fn of(method: &Method) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.name() == method.as_str())
    }

    /// The method of a field of the Path Item Object, such as `get`; `None` for its other fields.
    #[must_use]
    pub fn from_field(field: &str) -> Option<Self> {
        let is_lower = field.bytes().all(|byte| byte.is_ascii_lowercase());
        Self::ALL
            .into_iter()
            .find(|known| is_lower && known.name().eq_ignore_ascii_case(field))
    }

    /// The method's name in a request line.
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
