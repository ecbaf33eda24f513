//! Counts calls of deprecated operations by the version that the caller names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::inventory_key::InventoryKey;

/// The most versions of one squad that are counted for one operation. A caller can name any version, so
/// there must be a limit; calls of further versions are counted with those that name none.
const VERSIONS_MAX: usize = 16;

/// The calls of each version, by operation and squad.
#[derive(Debug, Default)]
pub(super) struct CallerVersions(Mutex<BTreeMap<InventoryKey, BTreeMap<Arc<str>, u64>>>);

impl CallerVersions {
    /// Counts a call. Only calls that name a version come here, and only of deprecated operations.
    pub(super) fn count(&self, operation: &str, squad: &str, version: &str) {
        let key = InventoryKey {
            operation: operation.into(),
            squad: squad.into(),
        };
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = keys.entry(key).or_default();
        if let Some(calls) = versions.get_mut(version) {
            *calls = calls.saturating_add(1);
        } else if versions.len() < VERSIONS_MAX {
            versions.insert(version.into(), 1);
        }
    }

    /// The versions of a squad that called an operation, with the number of calls of each.
    pub(super) fn of(&self, key: &InventoryKey) -> BTreeMap<Arc<str>, u64> {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(key).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_beyond_the_limit_are_not_kept() {
        let versions = CallerVersions::default();
        for number in 0..100 {
            versions.count("old", "checkout", &format!("{number}"));
            versions.count("old", "checkout", "0");
        }
        versions.count("old", "search", "1");
        let of = |squad: &str| {
            versions.of(&InventoryKey {
                operation: "old".into(),
                squad: squad.into(),
            })
        };
        let kept = of("checkout");
        assert_eq!((kept.len(), kept.get("0")), (VERSIONS_MAX, Some(&101)));
        assert_eq!(of("search"), BTreeMap::from([("1".into(), 1)]));
        assert_eq!(of("payments"), BTreeMap::new());
    }
}
