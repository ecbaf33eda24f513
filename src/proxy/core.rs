//! What one data core knows: its services, each with contract, policy and upstream of its own.
//!
//! Built once per core from shared, immutable parts; nothing in it is locked.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::breaker::{Guarded, Turnstile};
use crate::config::enforcement::EnforcementPolicy;
use crate::config::limits::Limits;
use crate::config::{Config, Preflight, RefusalValues, Service, Upstream as UpstreamConfig};
use crate::contract::{CompiledContract, Policies, Rules, Scratch};
use crate::identity::{Identification, Keys, Tokens};
use crate::squad::{Catalog, Squad, SquadId};
use crate::telemetry::{CoreRecorder, Metrics, ServiceRecorder};

use super::limits::UpstreamLimits;
use super::upstream::Upstream;

/// One data core's view of the program.
#[derive(Debug)]
pub struct Core {
    pub(super) services: Vec<Rc<ServiceCore>>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) identification: Identification,
    pub(super) refusals: Refusals,
    pub(super) recorder: CoreRecorder,
    pub(super) scratch: RefCell<Scratch>,
}

/// What refusals show.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusals {
    pub(super) with_values: bool,
    pub(super) report_header: bool,
}

/// One service on one data core.
#[derive(Debug)]
pub(super) struct ServiceCore {
    pub(super) service: Service,
    pub(super) provider: Option<Squad>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) contract: Arc<CompiledContract>,
    pub(super) upstream: Target,
    pub(super) turnstile: Turnstile,
    pub(super) recorder: ServiceRecorder,
    pub(super) body_bytes_max: u64,
    pub(super) response_body_bytes_max: u64,
    policies: Policies,
    violations_max: usize,
    json_depth_max: u32,
    decoded_bytes_max: usize,
    decoded_ratio_max: usize,
}

/// Where a service's requests go.
#[derive(Debug)]
pub(super) enum Target {
    /// To a server.
    Upstream(Upstream),
    /// Nowhere: the contract's examples answer.
    Mock,
}

impl Core {
    /// The core of this number that serves these services, each with its contract and its guard.
    /// With keys, tokens say who calls.
    pub fn new(
        config: &Config,
        contracts: &[Arc<CompiledContract>],
        guards: &[Guarded],
        keys: Option<&Keys>,
        core: usize,
        metrics: &Metrics,
    ) -> Rc<Self> {
        let services = config.services.iter().zip(contracts).zip(guards);
        Rc::new(Self {
            services: services
                .map(|((service, contract), guarded)| {
                    let contract = Arc::clone(contract);
                    let turnstile = guarded.turnstile(core);
                    Rc::new(ServiceCore::new(
                        config, service, contract, turnstile, metrics,
                    ))
                })
                .collect(),
            catalog: Arc::clone(&config.catalog),
            identification: match keys {
                Some(keys) => {
                    let tokens = Tokens::new(&config.identity.jwt, keys.clone());
                    Identification::Tokens(Box::new(tokens))
                }
                None => Identification::Headers,
            },
            refusals: Refusals {
                with_values: config.refusals.values == RefusalValues::Caller,
                report_header: config.refusals.report_header,
            },
            recorder: CoreRecorder::new(metrics),
            scratch: RefCell::default(),
        })
    }

    /// The service for a host (without port) and a raw path: the most specific host, then the
    /// longest prefix.
    pub(super) fn service(&self, host: &str, path: &str) -> Option<&Rc<ServiceCore>> {
        if let [only] = &self.services[..] {
            return only.service.rank(host, path).map(|_| only);
        }
        let ranked = self
            .services
            .iter()
            .filter_map(|service| Some((service.service.rank(host, path)?, service)));
        ranked
            .max_by(|left, right| left.0.cmp(&right.0))
            .map(|(_, service)| service)
    }
}

impl ServiceCore {
    fn new(
        config: &Config,
        service: &Service,
        contract: Arc<CompiledContract>,
        turnstile: Turnstile,
        metrics: &Metrics,
    ) -> Self {
        let Limits {
            violations_max,
            json_depth_max,
            body_bytes_max,
            decoded_bytes_max,
            decoded_ratio_max,
            ..
        } = config.limits;
        let provider = provider(config, service, &contract);
        let provider = provider.and_then(|id| config.catalog.squad(id).cloned());
        Self {
            policies: Policies::new(&service.enforcement, &contract),
            upstream: match &service.upstream {
                UpstreamConfig::Mock => Target::Mock,
                UpstreamConfig::Http(address) => Target::Upstream(Upstream::new(
                    &address.to_string(),
                    upstream_limits(&config.limits),
                )),
            },
            turnstile,
            recorder: ServiceRecorder::new(metrics, &service.name),
            service: service.clone(),
            provider,
            catalog: Arc::clone(&config.catalog),
            contract,
            body_bytes_max: body_bytes_max as u64,
            response_body_bytes_max: config.limits.response_body_bytes_max as u64,
            violations_max,
            json_depth_max: u32::try_from(json_depth_max).unwrap_or(u32::MAX),
            decoded_bytes_max,
            decoded_ratio_max,
        }
    }

    /// What is done about violations of an operation, or of a request to none.
    pub(super) fn policy(&self, operation: Option<u32>) -> &EnforcementPolicy {
        self.policies.of(operation)
    }

    /// How requests to an operation are judged.
    pub(super) fn rules(&self, operation: u32) -> Rules<'_> {
        Rules {
            policy: self.policy(Some(operation)),
            violations_max: self.violations_max,
            json_depth_max: self.json_depth_max,
            decoded_bytes_max: self.decoded_bytes_max,
            decoded_ratio_max: self.decoded_ratio_max,
        }
    }

    /// Whether CORS preflights pass that the contract does not declare.
    pub(super) fn passes_preflight(&self) -> bool {
        self.service.preflight == Preflight::Pass
    }
}

/// The squad that owns a service: as configured, as the catalog says, as the contract says.
pub fn provider(
    config: &Config,
    service: &Service,
    contract: &CompiledContract,
) -> Option<SquadId> {
    let catalog = &config.catalog;
    let named = service.squad.as_ref().map(|squad| squad.as_str());
    let named = named.or(contract.provider.as_deref());
    named.and_then(|name| catalog.find(name)).or_else(|| {
        let provider = catalog.provider_of(&service.name)?;
        catalog.find(provider.name.as_str())
    })
}

fn upstream_limits(limits: &Limits) -> UpstreamLimits {
    UpstreamLimits {
        connect_timeout: limits.upstream_connect_timeout,
        response_head_timeout: limits.upstream_timeout,
        response_stall_timeout: limits.upstream_timeout,
        idle_timeout: limits.upstream_idle_timeout,
        idle_max: limits.upstream_connections_idle_max,
        header_count_max: limits.header_count_max,
        header_bytes_max: limits.header_bytes_max,
    }
}
