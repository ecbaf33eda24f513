//! Header fields that an application may read differently than the proxy: fields with irregular
//! names, and fields that replace the method or the URL of the request.

use http::header::{HeaderMap, HeaderName};

use portcullis_vocabulary::{HeaderPolicy, folds_to_header, is_irregular_header};

/// Fields that frameworks and servers take for the method or the URL of a request.
const OVERRIDE_FIELDS: [&str; 12] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-method",
    "x-forwarded-method",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "x-override-url",
    "x-forwarded-uri",
    "x-http-path-override",
    "x-http-url-override",
];

/// Why a field is removed or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderConcern {
    /// Its name has other characters than letters, digits and hyphens.
    Underscore,
    /// It replaces the method or the URL.
    Override,
}

/// A field for which a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct HeaderRefusal {
    concern: HeaderConcern,
    name: HeaderName,
}

/// What is done with such fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderScreen {
    pub(crate) underscores: HeaderPolicy,
    pub(crate) overrides: HeaderPolicy,
}

impl HeaderConcern {
    /// Every concern.
    pub const ALL: [Self; 2] = [Self::Underscore, Self::Override];

    /// The stable name, used as a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Underscore => "underscore-header",
            Self::Override => "override-header",
        }
    }
}

impl HeaderRefusal {
    /// Why the field is refused.
    pub const fn concern(&self) -> HeaderConcern {
        self.concern
    }

    fn sentence(&self) -> String {
        let name = &self.name;
        match self.concern {
            HeaderConcern::Underscore => format!(
                "the header `{name}` has other characters than letters, digits and hyphens in its \
                 name, so servers read it differently; rename it, declare it in the contract, or \
                 change `limits.header_underscores`"
            ),
            HeaderConcern::Override => format!(
                "the header `{name}` would replace the method or the URL that was checked; send \
                 the request itself without it, or change `limits.override_headers`"
            ),
        }
    }
}

impl HeaderScreen {
    /// Removes fields, or refuses the request for one of them. `is_declared` says whether the
    /// operation declares a name; `declared` are the declared names that are irregular. Calls
    /// `dropped` for each removed field.
    ///
    /// # Errors
    /// [`HeaderRefusal`] for the first field that is refused.
    pub(crate) fn apply(
        self,
        headers: &mut HeaderMap,
        declared: &[&str],
        mut dropped: impl FnMut(HeaderConcern),
    ) -> Result<(), HeaderRefusal> {
        let concern = |name: &HeaderName| {
            let concern = concern_of(name.as_str(), declared)?;
            let policy = self.policy(concern);
            (policy != HeaderPolicy::Pass).then(|| (concern, policy, name.clone()))
        };
        // Nearly every message has no such field.
        let found: Vec<_> = headers.keys().filter_map(concern).collect();
        for (concern, policy, name) in found {
            if policy == HeaderPolicy::Refuse {
                return Err(HeaderRefusal { concern, name });
            }
            headers.remove(&name);
            dropped(concern);
        }
        Ok(())
    }

    const fn policy(self, concern: HeaderConcern) -> HeaderPolicy {
        match concern {
            HeaderConcern::Underscore => self.underscores,
            HeaderConcern::Override => self.overrides,
        }
    }
}

/// Whether a field replaces the method or the URL, in any spelling.
pub(super) fn is_override(name: &str) -> bool {
    // All of them begin like this, and few other names do.
    matches!(
        name.as_bytes(),
        [b'x', _, b'f' | b'h' | b'm' | b'o' | b'r', ..]
    ) && OVERRIDE_FIELDS
        .iter()
        .any(|field| folds_to_header(name, field))
}

/// `declared` are the irregular names that the operation declares. A name that folds to one of
/// them and is not that name is a concern, too.
fn concern_of(name: &str, declared: &[&str]) -> Option<HeaderConcern> {
    if is_override(name) {
        return Some(HeaderConcern::Override);
    }
    if declared
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
    {
        return None;
    }
    let is_concern =
        is_irregular_header(name) || declared.iter().any(|known| folds_to_header(name, known));
    is_concern.then_some(HeaderConcern::Underscore)
}
