//! The header fields that vendors get with each call, such as credentials.
//!
//! Files hold the values. They are read on the control thread, and published as one value; a data core loads
//! a pointer. A call takes the values of the files that its own configuration names, so no vendor ever
//! gets what another file says, whatever was reloaded meanwhile. No value is shown: the type of a field
//! hides it, and messages name files.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The values of the files that were read.
pub type SecretValues = BTreeMap<PathBuf, HeaderValue>;

/// The values of all files. Clones share them.
#[derive(Clone, Default)]
pub struct VendorSecrets(Arc<ArcSwap<SecretValues>>);

impl VendorSecrets {
    /// Replaces all values, for the calls that come next.
    pub fn publish(&self, values: SecretValues) {
        self.0.store(Arc::new(values));
    }

    /// The values that are published.
    pub fn values(&self) -> Arc<SecretValues> {
        self.0.load_full()
    }

    /// Adds fields to a call, in place of what the caller has sent; their values are in these files.
    /// Returns whether all of them have been read, and adds none otherwise: a file that a reload has
    /// named waits for that.
    #[must_use]
    pub(super) fn add(&self, files: &BTreeMap<String, PathBuf>, headers: &mut HeaderMap) -> bool {
        let values = self.0.load();
        let field = |(name, path): (&String, &PathBuf)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, values.get(path)?.clone()))
        };
        let Some(fields) = files.iter().map(field).collect::<Option<Vec<_>>>() else {
            return false;
        };
        for (name, value) in fields {
            headers.insert(name, value);
        }
        true
    }
}

impl fmt::Debug for VendorSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.load().keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_replace_those_of_the_caller_and_are_not_shown() {
        let secrets = VendorSecrets::default();
        let value = HeaderValue::from_static("hidden");
        secrets.publish(BTreeMap::from([(PathBuf::from("/key"), value)]));
        let mut headers = HeaderMap::new();
        headers.append("x-key", HeaderValue::from_static("one"));
        headers.append("x-key", HeaderValue::from_static("two"));
        let files = |names: &[(&str, &str)]| -> BTreeMap<String, PathBuf> {
            let names = names.iter();
            names
                .map(|(name, path)| ((*name).to_owned(), PathBuf::from(path)))
                .collect()
        };
        // A file that was not read holds back the others, too.
        let partly_read = files(&[("x-key", "/key"), ("x-other", "/other")]);
        assert!(!secrets.add(&partly_read, &mut headers));
        assert_eq!(headers.get_all("x-key").iter().count(), 2);
        assert!(secrets.add(&files(&[("x-key", "/key")]), &mut headers));
        let values: Vec<_> = headers.get_all("x-key").iter().collect();
        assert_eq!(values, ["hidden"]);
        assert_eq!(format!("{secrets:?}"), "[\"/key\"]");
    }
}
