//! Counts calls of deprecated operations by the version that the caller names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::inventory_key::InventoryKey;

/// The most versions of one squad that are counted for one operation. A caller can name any version, so
/// there must be a limit; calls of further versions are counted with those that name none.
const VERSIONS_MAX: usize = 16;

/// The calls of each version, by operation and squad.
#[derive(Debug, Default)]
pub(super) struct CallerVersions(Mutex<BTreeMap<Arc<str>, SquadVersions>>);

type SquadVersions = BTreeMap<Arc<str>, VersionCalls>;
type VersionCalls = BTreeMap<Arc<str>, u64>;

impl CallerVersions {
    /// Counts a call. Only calls that name a version come here, and only of deprecated operations.
    pub(super) fn count(&self, operation: &str, squad: &str, version: &str) {
        let mut operations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = at(at(&mut operations, operation), squad);
        if versions.contains_key(version) || versions.len() < VERSIONS_MAX {
            let calls = at(versions, version);
            *calls = calls.saturating_add(1);
        }
    }

    /// The versions of a squad that called an operation, with the number of calls of each.
    pub(super) fn of(&self, key: &InventoryKey) -> VersionCalls {
        let operations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let squads = operations.get(&key.operation);
        let versions = squads.and_then(|squads| squads.get(&key.squad));
        versions.cloned().unwrap_or_default()
    }
}

/// The value of a name. Only a new name is copied.
fn at<'m, V: Default>(map: &'m mut BTreeMap<Arc<str>, V>, name: &str) -> &'m mut V {
    if !map.contains_key(name) {
        map.insert(name.into(), V::default());
    }
    map.get_mut(name).expect("the name is there")
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
