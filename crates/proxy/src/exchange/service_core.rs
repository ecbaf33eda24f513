//! One service on one data core: one revision of its contract, with the core's own connections to
//! the upstream and its own metric recorders.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use portcullis_breaker::{CoreAdmission, CoreIndex};
use portcullis_config::{
    Config, PreflightPolicy, RefusalAudience, ServiceConfig, UpgradeProtocol,
    UpstreamTarget as UpstreamConfig, UpstreamVersion,
};
use portcullis_contract::{CheckSettings, CompiledContract, Operation};
use portcullis_telemetry::{AccessLog, Metrics, ServiceRecorder};
use portcullis_vocabulary::enforcement::EnforcementPolicy;
use portcullis_vocabulary::{Catalog, Squad, is_irregular_header};

use super::active_config::{ActiveConfig, ActiveService};
use super::in_flight_count::InFlightCount;
use super::service_access_log::ServiceAccessLog;
use crate::body::CoreBodyBudget;
use crate::headers::{UpgradeRefusal, ViaPseudonym};
use crate::limits::{ResponseTimeouts, UpstreamLimits};
use crate::upstream::{
    BalancedUpstream, UpstreamClient, UpstreamEndpointStore, UpstreamRouting, UpstreamSecurity,
    UpstreamTlsKey, UpstreamTlsStore,
};

/// A service as the requests of one data core use it.
#[derive(Debug)]
pub(super) struct ServiceCore {
    pub(super) catalog: Arc<Catalog>,
    pub(super) contract: Arc<CompiledContract>,
    pub(super) upstream: ForwardTarget,
    /// The limits of its connections to the upstream.
    upstream_limits: UpstreamLimits,
    pub(super) admission: CoreAdmission,
    pub(super) recorder: Rc<ServiceRecorder>,
    pub(super) access: ServiceAccessLog,
    /// The name of the service in `Via`; `None` if it has none.
    pub(super) via: Option<ViaPseudonym>,
    /// The path of the owner endpoint; `None` if it is disabled.
    owner_path: Option<String>,
    pub(super) body_bytes_max: u64,
    /// Counts the requests of the core.
    pub(super) in_flight: InFlightCount,
    /// The memory of all bodies of the process.
    pub(super) body_budget: Arc<CoreBodyBudget>,
    pub(super) response_body_bytes_max: u64,
    json_depth_max: u32,
    /// Whether an operation declares a header with an irregular name.
    pub(super) declares_irregular_headers: bool,
    /// The times of responses, unless the operation has its own.
    timeouts: ResponseTimeouts,
    /// Dropped last, hence the last field. The control thread frees a contract after the last data
    /// core has dropped this, so the fields above must be gone by then.
    pub(super) active: Arc<ActiveService>,
}

/// What a service needs of its data core.
#[derive(Clone, Copy, Debug)]
pub(super) struct CoreContext<'c> {
    /// The number of the core, counted from 0.
    pub(super) number: usize,
    pub(super) metrics: &'c Metrics,
    pub(super) in_flight: &'c InFlightCount,
    pub(super) access_log: &'c AccessLog,
    pub(super) upstream_tls: &'c UpstreamTlsStore,
    pub(super) endpoints: &'c UpstreamEndpointStore,
}

/// Where the requests of a service go.
#[derive(Clone, Debug)]
pub(super) enum ForwardTarget {
    /// To a server.
    Upstream(UpstreamRouting),
    /// Nowhere: examples from the contract answer.
    Mock,
    /// Nowhere: another proxy forwards the requests that are allowed.
    Verdict,
}

impl ServiceCore {
    /// The service on a data core; `None` while it has no contract. Connections to
    /// the upstream and metric handles of `before`, the same service in the previous snapshot, are
    /// kept where they still fit.
    pub(super) fn new(
        active: &ActiveConfig,
        service: &Arc<ActiveService>,
        before: Option<&Self>,
        core: CoreContext<'_>,
    ) -> Option<Self> {
        let contract = Arc::clone(service.compiled()?);
        let limits = &service.limits;
        let upstream_limits = service.upstream_limits(&active.config);
        let catalog = &active.config.catalog;
        let recorder = match before {
            // Handles are indexed by operation and squad. The contract numbers the operations and
            // the catalog numbers the squads.
            Some(before)
                if Arc::ptr_eq(&before.contract, &contract)
                    && Arc::ptr_eq(&before.catalog, catalog) =>
            {
                Rc::clone(&before.recorder)
            }
            _ => Rc::new(ServiceRecorder::new(
                core.metrics,
                &service.inventory,
                core.number,
                catalog
                    .objectives_of(&service.config.name, &contract.objectives)
                    .as_ref(),
            )),
        };
        let declares_irregular_headers = contract
            .operations
            .iter()
            .flat_map(Operation::declared_headers)
            .any(is_irregular_header);
        Some(Self {
            upstream: ForwardTarget::of(service, &upstream_limits, before, core),
            upstream_limits,
            admission: service
                .protection
                .core_admission(CoreIndex::new(core.number)),
            recorder,
            access: ServiceAccessLog {
                log: core.access_log.clone(),
                policy: active.config.access_log,
            },
            via: service
                .config
                .via
                .then(|| active.via.pseudonym(&service.config.name)),
            declares_irregular_headers,
            owner_path: owner_path(&active.config, &service.config),
            catalog: Arc::clone(&active.config.catalog),
            contract,
            body_bytes_max: limits.body_bytes_max as u64,
            in_flight: core.in_flight.clone(),
            body_budget: CoreBodyBudget::new(&active.body_budget),
            response_body_bytes_max: limits.response_body_bytes_max as u64,
            json_depth_max: u32::try_from(limits.json_depth_max).unwrap_or(u32::MAX),
            timeouts: ResponseTimeouts {
                head: service
                    .config
                    .upstream_timeout
                    .unwrap_or(limits.upstream_timeout),
                body_idle: service
                    .config
                    .body_idle_timeout
                    .unwrap_or(limits.body_idle_timeout),
            },
            active: Arc::clone(service),
        })
    }

    /// Whether it was built from this service. With the same configuration, [`new`](Self::new)
    /// would build the same.
    pub(super) fn is_of(&self, service: &Arc<ActiveService>) -> bool {
        Arc::ptr_eq(&self.active, service)
    }

    /// The service's configuration.
    pub(super) fn config(&self) -> &ServiceConfig {
        &self.active.config
    }

    /// Whether this is the path of the owner endpoint.
    pub(super) fn is_owner_path(&self, path: &str) -> bool {
        self.owner_path.as_deref() == Some(path)
    }

    /// The squad that provides the service.
    pub(super) fn provider(&self) -> Option<&Squad> {
        self.active.provider.as_ref()
    }

    /// The enforcement policy of an operation, or of requests without an operation.
    pub(super) fn policy(&self, operation: Option<u32>) -> &EnforcementPolicy {
        let contract = self.active.contract.as_ref();
        let (_, policies) = contract.expect("a service core exists only with a contract");
        policies.of(operation)
    }

    /// The settings for validating messages of an operation.
    pub(super) fn check_settings(&self, operation: u32) -> CheckSettings<'_> {
        let limits = &self.active.limits;
        CheckSettings {
            policy: self.policy(Some(operation)),
            violations_max: limits.violations_max,
            json_depth_max: self.json_depth_max,
            decoded_bytes_max: limits.decoded_bytes_max,
            decoded_ratio_max: limits.decoded_ratio_max,
        }
    }

    /// How long an upgraded connection may be silent.
    pub(super) fn upgrade_idle_timeout(&self) -> Duration {
        let own = self.config().upgrade_idle_timeout;
        own.unwrap_or(self.active.limits.upgrade_idle_timeout)
    }

    /// Whether clients may continue with WebSocket.
    pub(super) fn accepts_websocket(&self) -> bool {
        self.config().upgrade.contains(&UpgradeProtocol::Websocket)
    }

    /// Why a service that does not accept WebSocket refuses it. The message must not name a key that
    /// the configuration of the service could not have.
    pub(super) fn websocket_refusal(&self) -> UpgradeRefusal {
        match &self.upstream {
            ForwardTarget::Mock | ForwardTarget::Verdict => UpgradeRefusal::NoServer,
            ForwardTarget::Upstream(_)
                if self.config().upstream_http.version == UpstreamVersion::Http2 =>
            {
                UpgradeRefusal::Http2Server
            }
            ForwardTarget::Upstream(_) => UpgradeRefusal::Off,
        }
    }

    /// The times of a response of this operation.
    pub(super) fn timeouts(&self, operation: Option<u32>) -> ResponseTimeouts {
        let Some(operation) = operation else {
            return self.timeouts;
        };
        let own = self.contract.operation(operation).timeouts;
        ResponseTimeouts {
            head: own.upstream.unwrap_or(self.timeouts.head),
            body_idle: own.body_idle.unwrap_or(self.timeouts.body_idle),
        }
    }

    /// Whether undeclared CORS preflights pass.
    pub(super) fn passes_preflight(&self) -> bool {
        self.config().preflight == PreflightPolicy::Pass
    }
}

impl ForwardTarget {
    fn of(
        service: &ActiveService,
        limits: &UpstreamLimits,
        before: Option<&ServiceCore>,
        core: CoreContext<'_>,
    ) -> Self {
        let fits = |before: &&ServiceCore| {
            let (old, new) = (&before.active.config, &service.config);
            old.upstream == new.upstream
                && old.servers == new.servers
                && old.upstream_tls == new.upstream_tls
                && before.upstream_limits == *limits
        };
        if let Some(before) = before.filter(fits) {
            return before.upstream.clone();
        }
        let limits = limits.clone();
        let security = match UpstreamTlsKey::of(&service.config) {
            Some(key) => UpstreamSecurity::Tls(core.upstream_tls.find(&key)),
            None => UpstreamSecurity::Plain,
        };
        if let Some(set) = service.endpoints(core.endpoints, &limits) {
            let balanced = BalancedUpstream::new(set, security);
            return Self::Upstream(UpstreamRouting::Balanced(balanced));
        }
        let client = match &service.config.upstream {
            UpstreamConfig::Mock => return Self::Mock,
            UpstreamConfig::Verdict(_) => return Self::Verdict,
            UpstreamConfig::Unix(path) => UpstreamClient::at_socket(path, limits),
            UpstreamConfig::Http(address)
            | UpstreamConfig::H2c(address)
            | UpstreamConfig::Https(address) => {
                UpstreamClient::secured(&address.to_string(), security, limits)
            }
        };
        Self::Upstream(UpstreamRouting::Single(client))
    }
}

fn owner_path(config: &Config, service: &ServiceConfig) -> Option<String> {
    let prefix = service.path_prefix.as_str().trim_end_matches('/');
    // The answer to a question about this path would let the request pass.
    let is_shown = config.owner.enabled
        && service.audience == RefusalAudience::Internal
        && service.verdict().is_none()
        && service.vendor.is_none();
    let owner = is_shown.then_some(&config.owner)?;
    Some(format!("{prefix}{}", owner.path))
}
