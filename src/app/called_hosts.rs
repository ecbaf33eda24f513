//! The hosts that services have called, for the admin port.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::admin::{CalledHostsView, DependencySource};
use portcullis_telemetry::DependencyLedger;

use super::live_state_reader::LiveStateReader;

/// The calls that were made, and what is declared.
#[derive(Debug)]
pub(super) struct CalledHosts {
    pub(super) ledger: Arc<DependencyLedger>,
    pub(super) live_state: LiveStateReader,
}

impl DependencySource for CalledHosts {
    fn called_hosts(&self) -> CalledHostsView {
        let config = self.live_state.config();
        let (calls, unlisted) = self.ledger.views();
        let declared = config.dependencies.services();
        let declared: BTreeMap<String, Vec<String>> = declared
            .map(|(service, patterns)| {
                let patterns = patterns.iter().map(ToString::to_string);
                (service.to_owned(), patterns.collect())
            })
            .collect();
        CalledHostsView {
            is_on: config.accepts_calls(),
            default: config.egress.undeclared.as_str(),
            since_seconds: self.ledger.age().as_secs_f64(),
            calls,
            unlisted_calls: unlisted,
            declared,
        }
    }
}
