//! What operators and signals ask of contracts and configuration.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;

use crate::admin::{
    CandidateName, CandidateRefusal, CandidateView, ConfigReloaded, ConfigResult, ContractFault,
    ContractView, Contracts, HistoryEntry, Reloaded, Since, Steered,
};

use super::candidate::Candidate;
use super::history::{Entry, Trigger};
use super::keeper::Order;
use super::registrar::{Registrar, Reread, ServiceState};

/// Steers contracts and configuration. Clones steer the same.
#[derive(Clone)]
pub(in crate::app) struct Steering {
    registrar: Arc<Registrar>,
    /// To the keeper of each service.
    keepers: Vec<mpsc::Sender<Order>>,
    reread: Option<Reread>,
    /// Held while a configuration is read and put in force: one after the other.
    reading: Arc<tokio::sync::Mutex<()>>,
}

impl std::fmt::Debug for Steering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Steering")
            .field("registrar", &self.registrar)
            .finish_non_exhaustive()
    }
}

impl Steering {
    pub(in crate::app) fn new(
        registrar: &Arc<Registrar>,
        keepers: Vec<mpsc::Sender<Order>>,
        reread: Option<Reread>,
    ) -> Self {
        Self {
            registrar: Arc::clone(registrar),
            keepers,
            reread,
            reading: Arc::default(),
        }
    }

    /// Reads the configuration and every contract again.
    pub(in crate::app) async fn hang_up(&self) {
        tracing::info!("SIGHUP: reading the configuration and all contracts again");
        let _said = self.read_config().await;
        for keeper in &self.keepers {
            let _ended = keeper.send(read(Trigger::Signal, None)).await;
        }
    }

    async fn read_config(&self) -> Result<ConfigReloaded, ContractFault> {
        let Some(reread) = self.reread.clone() else {
            return Err(ContractFault::Unavailable {
                reason: "the program was started without a configuration that can be read again"
                    .to_owned(),
            });
        };
        let _one_at_a_time = self.reading.lock().await;
        let steering = self.clone();
        let reading = spawn_blocking(move || steering.read_config_now(&reread)).await;
        let (reloaded, recompile) = reading.map_err(|error| ContractFault::Unavailable {
            reason: format!("the configuration could not be read: {error}"),
        })?;
        for index in recompile {
            let order = read(Trigger::Configuration, None);
            let _ended = self.keepers[index].send(order).await;
        }
        Ok(reloaded)
    }

    fn read_config_now(&self, reread: &Reread) -> (ConfigReloaded, Vec<usize>) {
        let config = match reread() {
            Ok(config) => config,
            Err(errors) => {
                let problems: Vec<String> = errors.to_string().lines().map(str::to_owned).collect();
                tracing::warn!(
                    problems = problems.join("; "),
                    "configuration refused: what was in force stays"
                );
                let refused = ConfigReloaded {
                    result: ConfigResult::Refused,
                    changed: Vec::new(),
                    needs_restart: Vec::new(),
                    problems,
                };
                return (refused, Vec::new());
            }
        };
        let done = self.registrar.reconfigure(&config);
        let result = match done.changed.is_empty() {
            true => ConfigResult::Unchanged,
            false => ConfigResult::Applied,
        };
        let reloaded = ConfigReloaded {
            result,
            changed: done.changed,
            needs_restart: done.needs_restart,
            problems: Vec::new(),
        };
        (reloaded, done.recompile)
    }

    /// Asks the keeper of a service, and waits for what comes of it.
    fn order(
        &self,
        service: &str,
        order: impl FnOnce(oneshot::Sender<Entry>) -> Order,
    ) -> Steered<Reloaded> {
        let Some(index) = self.registrar.find(service) else {
            return Box::pin(async { Err(ContractFault::UnknownService) });
        };
        let (reply, answer) = oneshot::channel();
        let sent = self.keepers[index].try_send(order(reply));
        let service = service.to_owned();
        Box::pin(async move {
            sent.map_err(|error| match error {
                TrySendError::Full(_) => ContractFault::Busy,
                TrySendError::Closed(_) => ending(),
            })?;
            let entry = answer.await.map_err(|_| ending())?;
            Ok(reloaded(&service, entry))
        })
    }

    fn change(
        &self,
        service: &str,
        change: fn(&Registrar, usize) -> Option<Entry>,
    ) -> Steered<Reloaded> {
        let registrar = Arc::clone(&self.registrar);
        let service = service.to_owned();
        // A candidate is compared with what is in force, which takes long for large contracts.
        let changing = spawn_blocking(move || {
            let index = registrar
                .find(&service)
                .ok_or(ContractFault::UnknownService)?;
            let entry = change(&registrar, index).ok_or(ContractFault::NoCandidate)?;
            Ok(reloaded(&service, entry))
        });
        Box::pin(async move {
            changing.await.unwrap_or_else(|error| {
                let reason = format!("the contract could not be changed: {error}");
                Err(ContractFault::Unavailable { reason })
            })
        })
    }
}

impl Contracts for Steering {
    fn services(&self) -> Vec<ContractView> {
        (0..self.registrar.count())
            .map(|index| self.registrar.look(index, view))
            .collect()
    }

    fn reload(&self, service: &str) -> Steered<Reloaded> {
        self.order(service, |reply| read(Trigger::Operator, Some(reply)))
    }

    fn propose(&self, service: &str, bytes: Bytes, name: Option<String>) -> Steered<Reloaded> {
        self.order(service, |reply| Order::Propose {
            name: name.unwrap_or_else(|| "the request's body".to_owned()),
            bytes: bytes.into(),
            reply,
        })
    }

    fn candidate(&self, service: &str) -> Result<CandidateView, ContractFault> {
        let index = self
            .registrar
            .find(service)
            .ok_or(ContractFault::UnknownService)?;
        let candidate = self.registrar.look(index, |state| state.candidate.clone());
        let candidate = candidate.ok_or(ContractFault::NoCandidate)?;
        Ok(candidate_view(service, &candidate))
    }

    fn promote(&self, service: &str) -> Steered<Reloaded> {
        self.change(service, Registrar::promote)
    }

    fn drop_candidate(&self, service: &str) -> Steered<Reloaded> {
        self.change(service, Registrar::drop_candidate)
    }

    fn reload_config(&self) -> Steered<ConfigReloaded> {
        let steering = self.clone();
        Box::pin(async move { steering.read_config().await })
    }
}

fn ending() -> ContractFault {
    ContractFault::Unavailable {
        reason: "nobody keeps this contract any more: the program is ending, or the log says why"
            .to_owned(),
    }
}

fn read(trigger: Trigger, reply: Option<oneshot::Sender<Entry>>) -> Order {
    Order::Read { trigger, reply }
}

fn view(state: &ServiceState) -> ContractView {
    let contract = state.live.compiled();
    ContractView {
        service: state.live.config.name.clone(),
        title: contract.map(|contract| contract.title.to_string()),
        version: contract.map(|contract| contract.version.to_string()),
        revision: contract.map(|contract| contract.revision.to_string()),
        source: state.live.config.contract.to_string(),
        operations: contract.map_or(0, |contract| contract.operations.len()),
        since: contract.map(|_| Since::new(state.since, SystemTime::now())),
        in_force: contract.is_some(),
        stale: state.last_error.is_some(),
        last_error: state.last_error.clone(),
        policy: state.live.config.reload.policy.as_str().to_owned(),
        candidate: state.candidate.as_ref().map(|candidate| CandidateName {
            version: candidate.contract.version.to_string(),
            revision: candidate.contract.revision.to_string(),
        }),
        history: state.history.newest_first().map(history_entry).collect(),
    }
}

fn history_entry(entry: &Entry) -> HistoryEntry {
    HistoryEntry {
        at: entry.at,
        version: said(&entry.version),
        revision: said(&entry.revision),
        source: entry.source.clone(),
        trigger: entry.trigger.as_str(),
        result: entry.result,
        reason: reason(entry),
        compile_ms: compile_ms(entry),
    }
}

fn reloaded(service: &str, entry: Entry) -> Reloaded {
    Reloaded {
        service: service.to_owned(),
        result: entry.result,
        version: said(&entry.version),
        revision: said(&entry.revision),
        reason: reason(&entry),
        compile_ms: compile_ms(&entry),
        problems: entry.problems,
    }
}

fn candidate_view(service: &str, candidate: &Candidate) -> CandidateView {
    let report = candidate.report();
    let mut refusals: Vec<CandidateRefusal> = report
        .refusals
        .iter()
        .map(|(kind, found)| CandidateRefusal {
            operation: kind.operation.clone(),
            class: kind.class.to_owned(),
            squad: kind.squad.clone(),
            count: found.count,
            example: found.example.clone(),
            pointer: said(&found.pointer),
            schema: found.schema.clone(),
            file: found.file.clone(),
            line: found.line.map(u64::from),
        })
        .collect();
    refusals.sort_by_key(|refusal| std::cmp::Reverse(refusal.count));
    let mut squads: Vec<String> = report
        .refusals
        .keys()
        .map(|kind| kind.squad.clone())
        .collect();
    squads.dedup();
    CandidateView {
        service: service.to_owned(),
        version: candidate.contract.version.to_string(),
        revision: candidate.contract.revision.to_string(),
        since: Since::new(candidate.since, SystemTime::now()),
        sample: candidate.sample,
        judged: report.judged,
        refused: report.refused,
        unjudged: report.unjudged,
        refusals,
        squads,
    }
}

fn reason(entry: &Entry) -> Option<String> {
    entry.problems.first().cloned()
}

fn compile_ms(entry: &Entry) -> Option<u64> {
    let ms = u64::try_from(entry.took.as_millis()).unwrap_or(u64::MAX);
    (!entry.took.is_zero()).then_some(ms)
}

fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
