//! The header fields that vendors get with each call, such as credentials.
//!
//! Files hold the values. They are read on the control thread, and published as one value; a data core loads
//! a pointer. No value is shown: the type of a field hides it, and messages name files.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The fields of one vendor.
pub type SecretFields = Vec<(HeaderName, HeaderValue)>;

/// The fields of all vendors, by name. Clones share them.
#[derive(Clone, Default)]
pub struct VendorSecrets(Arc<ArcSwap<BTreeMap<String, SecretFields>>>);

impl VendorSecrets {
    /// Replaces all fields, for the calls that come next.
    pub fn publish(&self, secrets: BTreeMap<String, SecretFields>) {
        self.0.store(Arc::new(secrets));
    }

    /// Adds the fields of a vendor to a call, in place of what the caller has sent. Returns whether they
    /// have been read: a vendor that a reload has added waits for that.
    #[must_use]
    pub(super) fn add(&self, vendor: &str, headers: &mut HeaderMap) -> bool {
        let secrets = self.0.load();
        let Some(fields) = secrets.get(vendor) else {
            return false;
        };
        for (name, value) in fields {
            headers.insert(name.clone(), value.clone());
        }
        true
    }
}

impl fmt::Debug for VendorSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.0.load();
        f.debug_list().entries(secrets.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_replace_those_of_the_caller_and_are_not_shown() {
        let secrets = VendorSecrets::default();
        let field = (
            HeaderName::from_static("x-key"),
            HeaderValue::from_static("hidden"),
        );
        secrets.publish(BTreeMap::from([("acquirer".to_owned(), vec![field])]));
        let mut headers = HeaderMap::new();
        headers.append("x-key", HeaderValue::from_static("one"));
        headers.append("x-key", HeaderValue::from_static("two"));
        assert!(!secrets.add("other", &mut headers));
        assert_eq!(headers.get_all("x-key").iter().count(), 2);
        assert!(secrets.add("acquirer", &mut headers));
        let values: Vec<_> = headers.get_all("x-key").iter().collect();
        assert_eq!(values, ["hidden"]);
        assert_eq!(format!("{secrets:?}"), "[\"acquirer\"]");
    }
}
