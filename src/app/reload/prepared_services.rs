//! Reads the contracts that a new configuration needs, before any of it applies.
//!
//! A configuration applies as a whole or not at all, so a service is never served without its
//! contract because of a reload, and a contract that cannot be used changes nothing.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use portcullis_config::ServiceConfig;

use super::contract_reader::ServiceReaders;
use super::publish::SourceReadOutcome;
use super::read_task::{NotCompiled, ReadSettings};
use super::revision_history::ReloadTrigger;
use super::watcher_resources::WatcherResources;

/// How many sources are read at the same time.
const READS_MAX: usize = 16;

/// A service that needs other readers than it has.
#[derive(Debug)]
pub(super) struct ServiceNeed {
    /// Its new configuration.
    pub(super) service: ServiceConfig,
    /// How its contract is read; `None` if the active one stays.
    pub(super) settings: Option<ReadSettings>,
}

/// A service whose needs are met.
#[derive(Debug)]
pub(super) struct PreparedService {
    pub(super) name: String,
    pub(super) readers: ServiceReaders,
    /// The contract, if one was needed.
    pub(super) read: Option<SourceReadOutcome>,
}

/// Reads what the services need. Returns all problems, each with the key that it is about.
pub(super) async fn prepare(
    needs: Vec<ServiceNeed>,
    contract_bytes_max: usize,
    resources: &WatcherResources,
) -> Result<Vec<PreparedService>, Vec<String>> {
    let turns = Arc::new(Semaphore::new(READS_MAX));
    let mut reads = JoinSet::new();
    for need in needs {
        let readers = ServiceReaders::new(&need.service, contract_bytes_max, resources);
        let turns = Arc::clone(&turns);
        reads.spawn(async move {
            // Nothing closes the semaphore; without a turn, the read would only be less orderly.
            let _turn = turns.acquire().await;
            need.meet(readers).await
        });
    }
    let (mut prepared, mut problems) = (Vec::new(), Vec::new());
    while let Some(read) = reads.join_next().await {
        match read {
            Ok(Ok(service)) => prepared.push(service),
            Ok(Err(refused)) => problems.extend(refused),
            Err(error) => problems.push(format!("a contract could not be read: {error}")),
        }
    }
    if problems.is_empty() {
        return Ok(prepared);
    }
    problems.sort();
    Err(problems)
}

impl ServiceNeed {
    async fn meet(self, mut readers: ServiceReaders) -> Result<PreparedService, Vec<String>> {
        let Self { service, settings } = self;
        let mut read = None;
        if let Some(settings) = settings {
            let contract = &mut readers.contract;
            let event = match contract.begin_file().await {
                Some(event) => event,
                None => contract.next_event().await,
            };
            let stale = event.staleness();
            let outcome = contract.outcome(event, &settings).await;
            let has_active = settings.basis.is_some_and(|basis| basis.contract.is_some());
            let may_wait = service.reload.wait && !has_active;
            match &outcome {
                Err(NotCompiled::Refused { problems, .. }) => {
                    return Err(about_contract(&service.name, problems));
                }
                Err(NotCompiled::Unavailable(problem)) if !may_wait => {
                    return Err(about_contract(&service.name, std::slice::from_ref(problem)));
                }
                Ok(_) | Err(NotCompiled::Unavailable(_) | NotCompiled::Unchanged(_)) => {}
            }
            read = Some(SourceReadOutcome {
                trigger: ReloadTrigger::Configuration,
                source: contract.display_name(),
                outcome,
                stale,
            });
        }
        Ok(PreparedService {
            name: service.name,
            readers,
            read,
        })
    }
}

/// Problems with the contract of a service, for the reply to a reload of the configuration.
pub(super) fn about_contract(service: &str, problems: &[String]) -> Vec<String> {
    let about = |problem: &String| format!("services.{service}.contract: {problem}");
    problems.iter().map(about).collect()
}
