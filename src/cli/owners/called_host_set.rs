//! What services called, wherever that is known from.

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis_egress::ObservedCall;
use portcullis_vocabulary::Catalog;

/// What was called.
#[derive(Debug, Default)]
pub(super) struct CalledHostSet {
    /// Calls whose service is known, to hosts that were not declared when they were made.
    pub(super) calls: Vec<ObservedCall>,
    /// The patterns that were matched, with their services.
    pub(super) used: BTreeSet<(String, String)>,
    /// Hosts that squads called without saying which service calls.
    pub(super) without_service: BTreeSet<(String, String)>,
    /// Calls whose hosts are not known.
    pub(super) unlisted: u64,
    /// The time over which calls were counted.
    pub(super) period: Duration,
}

impl CalledHostSet {
    /// Marks a pattern as used by the services of a squad, which did not say which of them called.
    pub(super) fn use_for_squad(&mut self, squad: &str, pattern: &str, catalog: &Catalog) {
        let squads = catalog.squads().iter();
        let own = squads.filter(|known| known.name.as_str() == squad);
        let services = own.flat_map(|squad| squad.services.iter());
        let used = services.map(|service| (service.clone(), pattern.to_owned()));
        self.used.extend(used);
    }
}
