//! Contracts controlled by a test, behind the real admin port and without a proxy.
//!
//! A service's name sets its behaviour: `orders` is healthy and has a candidate, `market` is stale,
//! `busy`, `gone` and `strict` respond to every change as their names say, `slow` takes its time.

use std::collections::BTreeMap;
use std::fmt;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis::admin::{
    AdminAccess, AdminState, CalledHostsView, CandidateRefusal, CandidateRevision, CandidateView,
    ChangeFuture, ConfigReloadView, ConfigResult, ContractControl, ContractFault, ContractUpload,
    ContractView, DependencySource, EndpointSource, HistoryEntry, ProtectionSource, Readiness,
    ReloadView, RevisionResult, SinceView, TlsSectionView, TlsSource, TrafficSource,
    UpstreamServerView, serve,
};
use portcullis_breaker::ServiceProtection;
use portcullis_config::{AdminToken, Config};
use portcullis_telemetry::{HealthView, Metrics, OwnerView, ServiceDescription, TrafficInventory};
use portcullis_vocabulary::Catalog;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The largest accepted contract, in bytes.
pub(crate) const CONTRACT_BYTES_MAX: usize = 200_000;

/// The active revision, and the candidate.
pub(crate) const REVISION: &str =
    "sha256:3d53ae5d7bfd976ba0781dad31d6060e716231d958e5201f87408de3833a9386";
pub(crate) const NEXT: &str =
    "sha256:a23c5b838760a889174362329f5f5f9e6bca571146014e9ddfef8909596b6479";

/// Contracts without a proxy; changes are recorded.
#[derive(Clone, Default)]
pub(crate) struct Fake(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    calls: Vec<String>,
    /// The refusals in the report of the candidate of `orders`.
    refusals: Vec<CandidateRefusal>,
    config: Option<ConfigReloadView>,
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").finish_non_exhaustive()
    }
}

impl Fake {
    /// Returns the changes so far and clears the record.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }

    pub(crate) fn refuse(&self, refusals: Vec<CandidateRefusal>) {
        self.0.lock().unwrap().refusals = refusals;
    }

    pub(crate) fn configure(&self, reloaded: ConfigReloadView) {
        self.0.lock().unwrap().config = Some(reloaded);
    }

    fn change(
        &self,
        service: &str,
        call: String,
        result: RevisionResult,
    ) -> ChangeFuture<ReloadView> {
        self.0.lock().unwrap().calls.push(call);
        let done = match service {
            "orders" => Ok(reloaded(service, result)),
            "market" => Err(ContractFault::NoCandidate),
            "busy" => Err(ContractFault::Busy),
            "gone" => Ok(ReloadView {
                reason: Some("gone.yaml: No such file; check the path".to_owned()),
                ..reloaded(service, RevisionResult::Unavailable)
            }),
            "lost" => Err(ContractFault::Unavailable {
                reason: "the store is unavailable; try again".to_owned(),
            }),
            "strict" => Ok(ReloadView {
                problems: vec!["strict.yaml:3 `paths` must be an object #/paths".to_owned()],
                ..reloaded(service, RevisionResult::Refused)
            }),
            "odd" => Err(ContractFault::Refused {
                reason: "this is no YAML; send a contract".to_owned(),
                problems: Vec::new(),
            }),
            "broken" => return Box::pin(async { panic!("an injected panic") }),
            "slow" => {
                let state = Arc::clone(&self.0);
                let done = reloaded(service, result);
                return Box::pin(async move {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    state.lock().unwrap().calls.push("slow is done".to_owned());
                    Ok(done)
                });
            }
            _ => Err(ContractFault::UnknownService),
        };
        Box::pin(ready(done))
    }
}

impl ContractControl for Fake {
    fn services(&self) -> Vec<ContractView> {
        vec![orders(), market()]
    }

    fn reload(&self, service: &str) -> ChangeFuture<ReloadView> {
        self.change(service, format!("reload {service}"), RevisionResult::Active)
    }

    fn propose(&self, service: &str, upload: ContractUpload) -> ChangeFuture<ReloadView> {
        let ContractUpload {
            bytes,
            name,
            is_bundle,
        } = upload;
        let kind = if is_bundle { "bundle" } else { "bytes" };
        let call = format!("propose {service} {} {kind} {name:?}", bytes.len());
        self.change(service, call, RevisionResult::Candidate)
    }

    fn config(&self) -> Arc<Config> {
        Arc::default()
    }

    fn candidate(&self, service: &str) -> Result<CandidateView, ContractFault> {
        let refusals = self.0.lock().unwrap().refusals.clone();
        match service {
            "orders" => Ok(CandidateView {
                service: service.to_owned(),
                version: "1.5.0".to_owned(),
                revision: NEXT.to_owned(),
                since: since(100),
                sample: 0.125,
                judged: 1000,
                refused: refusals.iter().map(|refusal| refusal.count).sum(),
                unjudged: 3,
                squads: refusals.iter().map(|one| one.squad.clone()).collect(),
                refusals,
            }),
            "market" => Err(ContractFault::NoCandidate),
            _ => Err(ContractFault::UnknownService),
        }
    }

    fn promote(&self, service: &str) -> ChangeFuture<ReloadView> {
        let call = format!("promote {service}");
        self.change(service, call, RevisionResult::Promoted)
    }

    fn drop_candidate(&self, service: &str) -> ChangeFuture<ReloadView> {
        self.change(service, format!("drop {service}"), RevisionResult::Dropped)
    }

    fn reload_config(&self) -> ChangeFuture<ConfigReloadView> {
        let mut state = self.0.lock().unwrap();
        state.calls.push("reload the configuration".to_owned());
        Box::pin(ready(state.config.clone().ok_or(ContractFault::Busy)))
    }
}

fn reloaded(service: &str, result: RevisionResult) -> ReloadView {
    ReloadView {
        service: service.to_owned(),
        result,
        version: Some("1.5.0".to_owned()),
        revision: Some(NEXT.to_owned()),
        reason: None,
        problems: Vec::new(),
        compile_ms: Some(12),
    }
}

/// The given number of seconds before the year 2026 (UTC).
fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600 - seconds)
}

fn since(seconds: u64) -> SinceView {
    SinceView::new(time(seconds), time(0))
}

fn orders() -> ContractView {
    let entry = |seconds, version: &str, result, reason: Option<&str>| HistoryEntry {
        at: time(seconds),
        version: Some(version.to_owned()),
        revision: Some(REVISION.to_owned()),
        source: "orders.yaml".to_owned(),
        trigger: "operator",
        result,
        reason: reason.map(str::to_owned),
        compile_ms: Some(seconds),
    };
    ContractView {
        service: "orders".to_owned(),
        title: Some("Orders".to_owned()),
        version: Some("1.4.0".to_owned()),
        revision: Some(REVISION.to_owned()),
        source: "orders.yaml".to_owned(),
        operations: 12,
        since: Some(since(3600)),
        in_force: true,
        stale: false,
        last_error: None,
        stale_since: None,
        unreachable_operations: 0,
        warnings: Vec::new(),
        policy: "adopt".to_owned(),
        candidate: Some(CandidateRevision {
            version: "1.5.0".to_owned(),
            revision: NEXT.to_owned(),
        }),
        history: vec![
            entry(9, "1.4.1", RevisionResult::Refused, Some("2 errors\nin it")),
            entry(3600, "1.4.0", RevisionResult::Active, None),
        ],
    }
}

fn market() -> ContractView {
    ContractView {
        service: "market".to_owned(),
        title: None,
        version: None,
        revision: None,
        source: "https://contracts.example/market.yaml".to_owned(),
        operations: 0,
        since: None,
        in_force: false,
        stale: true,
        last_error: Some("404; check the address".to_owned()),
        stale_since: None,
        unreachable_operations: 0,
        warnings: Vec::new(),
        policy: "candidate".to_owned(),
        candidate: None,
        history: Vec::new(),
    }
}

/// A refusal of the candidate.
pub(crate) fn refusal(squad: &str, operation: &str, count: u64) -> CandidateRefusal {
    CandidateRefusal {
        operation: operation.to_owned(),
        class: "request_body".to_owned(),
        squad: squad.to_owned(),
        count,
        example: "the member `quantity` must be an integer".to_owned(),
        pointer: Some("/quantity".to_owned()),
        schema: Some("#/components/schemas/Order".to_owned()),
        file: Some("next.yaml".to_owned()),
        line: Some(7),
    }
}

/// A configuration that was applied.
pub(crate) fn applied() -> ConfigReloadView {
    ConfigReloadView {
        result: ConfigResult::Applied,
        changed: vec!["services.orders.timeout".to_owned()],
        needs_restart: vec!["listen.address".to_owned()],
        problems: Vec::new(),
    }
}

/// The admin port in front of a [`Fake`].
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    pub(crate) contracts: Fake,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Port {
    /// On a loopback address, without a token.
    pub(crate) fn start() -> Self {
        Self::bind("127.0.0.1:0", None)
    }

    pub(crate) fn bind(address: &str, token: Option<&str>) -> Self {
        let listener = std::net::TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let bound = listener.local_addr().unwrap();
        let token: Option<AdminToken> = token.map(|token| token.parse().unwrap());
        let contracts = Fake::default();
        let admin = AdminState {
            readiness: Readiness::new(),
            metrics: Metrics::new(),
            protection: Arc::new(NoGuards),
            traffic: Arc::new(NoGuards),
            contracts: Arc::new(contracts.clone()),
            tls: Arc::new(NoGuards),
            dependencies: Arc::new(NoGuards),
            endpoints: Arc::new(NoGuards),
            contract_bytes_max: CONTRACT_BYTES_MAX,
            access: AdminAccess::new(bound, token.as_ref()),
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::spawn(serve(listener, None, admin));
                let _ = stopped.await;
            });
        });
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], bound.port())),
            contracts,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// No service is protected here.
#[derive(Debug)]
struct NoGuards;

impl TrafficSource for NoGuards {
    fn inventories(&self) -> Vec<(Arc<TrafficInventory>, ServiceDescription)> {
        Vec::new()
    }

    fn health(&self) -> Vec<HealthView> {
        Vec::new()
    }

    fn owners(&self) -> Vec<OwnerView> {
        Vec::new()
    }
}

impl EndpointSource for NoGuards {
    fn endpoints(&self) -> Vec<(String, Vec<UpstreamServerView>)> {
        Vec::new()
    }
}

impl TlsSource for NoGuards {
    fn sections(&self) -> Vec<TlsSectionView> {
        Vec::new()
    }
}

impl DependencySource for NoGuards {
    fn called_hosts(&self) -> CalledHostsView {
        CalledHostsView {
            is_on: false,
            default: "report",
            since_seconds: 0.0,
            calls: Vec::new(),
            unlisted_calls: 0,
            declared: BTreeMap::new(),
        }
    }
}

impl ProtectionSource for NoGuards {
    fn protection(&self) -> (Vec<ServiceProtection>, Arc<Catalog>) {
        (Vec::new(), Arc::default())
    }
}
