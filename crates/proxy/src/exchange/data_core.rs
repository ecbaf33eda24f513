//! The state of one data core: a snapshot of the active configuration, and the core's own parts.
//!
//! When a request arrives after a change, the core builds a new snapshot from parts that the
//! control thread has prepared. Requests in flight keep the snapshot that they began with.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use portcullis_config::{
    Config, IdentitySource, RefusalAudience, RefusalValues, ServiceConfig, UpgradeProtocol,
};
use portcullis_contract::CheckScratch;
use portcullis_identity::{
    CertificateIdentities, IdentityResolver, IssuerKeys, TokenAuthenticator,
};
use portcullis_telemetry::{AccessLog, CoreRecorder, Metrics, Tracer};

use super::active_config::{ActiveConfig, ActiveService, PublishedConfig};
use super::in_flight_count::InFlightCount;
use super::service_core::{CoreContext, ServiceCore};
use crate::upstream::{UpstreamEndpointStore, UpstreamTlsStore};

/// The state that all requests of a data core use.
#[derive(Debug)]
pub struct DataCore {
    published: Arc<PublishedConfig>,
    number: usize,
    metrics: Metrics,
    in_flight: InFlightCount,
    snapshot: RefCell<Rc<CoreSnapshot>>,
    pub(super) identification: IdentityResolver,
    pub(super) recorder: CoreRecorder,
    pub(super) access_log: AccessLog,
    /// Begins traces; `None` where they are not exported.
    pub(super) tracer: Option<Tracer>,
    pub(super) scratch: RefCell<CheckScratch>,
    upstream_tls: UpstreamTlsStore,
    endpoints: UpstreamEndpointStore,
}

/// What a data core is built from.
#[derive(Clone, Copy, Debug)]
pub struct DataCoreParts<'s> {
    /// The active configuration.
    pub published: &'s Arc<PublishedConfig>,
    /// The keys of tokens, if tokens identify the callers.
    pub keys: Option<&'s IssuerKeys>,
    /// Begins traces, if requests are traced.
    pub tracer: Option<&'s Tracer>,
    /// Where the cores record what they did.
    pub metrics: &'s Metrics,
    /// Counts the requests of this core.
    pub in_flight: &'s InFlightCount,
    /// TLS to the upstreams.
    pub upstream_tls: &'s UpstreamTlsStore,
    /// The servers of upstreams that are watched.
    pub endpoints: &'s UpstreamEndpointStore,
}

/// The active configuration, with this core's part of each service.
#[derive(Debug)]
pub(crate) struct CoreSnapshot {
    pub(crate) active: Arc<ActiveConfig>,
    pub(super) refusals: RefusalSettings,
    /// The paths at which other proxies ask for verdicts, the longest first.
    verdict_paths: Box<[String]>,
    /// In the order of the configuration; `None` for a service without a contract yet.
    services: Vec<Option<Rc<ServiceCore>>>,
}

/// What refusals show to the caller.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefusalSettings {
    pub(super) with_values: bool,
    pub(super) report_header: bool,
    /// Who receives the refusals of requests that reach no service.
    pub(super) audience: RefusalAudience,
}

/// The service of a request.
#[derive(Debug)]
pub(super) enum ServiceLookup<'v> {
    /// The service that matches.
    Service(&'v Rc<ServiceCore>),
    /// The service that matches, which has no contract yet.
    NoContract(&'v ActiveService),
    /// No service matches.
    NotFound,
}

impl DataCore {
    /// The data core with this number, counted from 0.
    pub fn new(number: usize, shared: &DataCoreParts<'_>) -> Rc<Self> {
        let DataCoreParts {
            published,
            keys,
            tracer,
            metrics,
            in_flight,
            upstream_tls,
            endpoints,
        } = *shared;
        let active = published.load();
        let access_log = AccessLog::of_process();
        let context = CoreContext {
            number,
            metrics,
            in_flight,
            access_log: &access_log,
            upstream_tls,
            endpoints,
        };
        let snapshot = CoreSnapshot::new(Arc::clone(&active), None, context);
        Rc::new(Self {
            identification: identity_resolver(&active.config, keys),
            number,
            metrics: metrics.clone(),
            in_flight: in_flight.clone(),
            access_log,
            snapshot: RefCell::new(Rc::new(snapshot)),
            recorder: CoreRecorder::new(metrics),
            tracer: tracer.cloned(),
            scratch: RefCell::default(),
            upstream_tls: upstream_tls.clone(),
            endpoints: endpoints.clone(),
            published: Arc::clone(published),
        })
    }

    /// The current snapshot.
    pub(crate) fn snapshot(&self) -> Rc<CoreSnapshot> {
        let active = self.published.load();
        let mut snapshot = self.snapshot.borrow_mut();
        if !Arc::ptr_eq(&active, &snapshot.active) {
            let context = CoreContext {
                number: self.number,
                metrics: &self.metrics,
                in_flight: &self.in_flight,
                access_log: &self.access_log,
                upstream_tls: &self.upstream_tls,
                endpoints: &self.endpoints,
            };
            let next = CoreSnapshot::new(Arc::clone(&active), Some(&snapshot), context);
            *snapshot = Rc::new(next);
        }
        Rc::clone(&snapshot)
    }

    /// Releases the parts of an old configuration, even if no request arrives.
    pub fn refresh(&self) {
        drop(self.snapshot());
    }
}

impl CoreSnapshot {
    fn new(active: Arc<ActiveConfig>, before: Option<&Self>, context: CoreContext<'_>) -> Self {
        let config = &active.config;
        // When the contract of one service changes, the others need no rebuild.
        let has_same_config = before.is_some_and(|before| before.active.has_config(config));
        let mut earlier = before.map(EarlierCores::new);
        let core = |(position, service): (usize, &Arc<ActiveService>)| {
            let earlier = earlier.as_mut();
            let before = earlier.and_then(|earlier| earlier.find(position, service));
            match before {
                Some(before) if has_same_config && before.is_of(service) => Some(Rc::clone(before)),
                before => {
                    let before = before.map(|before| &**before);
                    ServiceCore::new(&active, service, before, context).map(Rc::new)
                }
            }
        };
        Self {
            refusals: RefusalSettings {
                with_values: config.refusals.values == RefusalValues::Caller,
                report_header: config.refusals.report_header,
                audience: config.refusals.audience,
            },
            verdict_paths: verdict_paths(config),
            services: active.services.iter().enumerate().map(core).collect(),
            active,
        }
    }

    /// Whether a service answers questions of other proxies.
    pub(super) fn gives_verdicts(&self) -> bool {
        !self.verdict_paths.is_empty()
    }

    /// Whether a service accepts WebSocket.
    pub(super) fn accepts_websocket(&self) -> bool {
        let mut services = self.active.services.iter();
        services.any(|service| service.config.upgrade.contains(&UpgradeProtocol::Websocket))
    }

    /// Whether a service refuses requests of strangers.
    pub(super) fn has_public_service(&self) -> bool {
        let mut services = self.active.services.iter();
        services.any(|service| service.config.audience == RefusalAudience::Public)
    }

    /// Whether a service may answer at a path, which is always so unless another proxy asks there.
    fn may_answer(&self, index: usize, path: &str) -> bool {
        let mut reserved = self.verdict_paths.iter();
        // Compared as text, because Envoy writes what follows as the client wrote it.
        let Some(reserved) = reserved.find(|reserved| path.starts_with(reserved.as_str())) else {
            return true;
        };
        let verdict = self.active.services[index].config.verdict();
        verdict.is_some_and(|verdict| verdict.path.as_str() == reserved)
    }

    /// The vendor with this name.
    pub(super) fn vendor(&self, name: &str) -> ServiceLookup<'_> {
        let mut services = self.active.services.iter().zip(&self.services);
        let is_named = |(service, _): &(&Arc<ActiveService>, _)| service.config.name == name;
        match services.find(is_named) {
            Some((_, Some(core))) => ServiceLookup::Service(core),
            Some((service, None)) => ServiceLookup::NoContract(service),
            None => ServiceLookup::NotFound,
        }
    }

    /// The service for a `Host` field and a raw path. The most specific host wins, then the
    /// longest path prefix.
    ///
    /// A path at which another proxy asks is reserved for that, whatever the host: clients choose the
    /// host of a question, and the answer of any other service would count as a verdict.
    pub(super) fn service(&self, host: Option<&str>, path: &str) -> ServiceLookup<'_> {
        let index = self.active.routes.find(host_of(host), path);
        let index = index.filter(|index| self.may_answer(*index, path));
        match index.map(|index| (&self.services[index], &self.active.services[index])) {
            Some((Some(service), _)) => ServiceLookup::Service(service),
            Some((None, service)) => ServiceLookup::NoContract(service),
            None => ServiceLookup::NotFound,
        }
    }
}

/// The paths at which other proxies ask, the longest first.
fn verdict_paths(config: &Config) -> Box<[String]> {
    let verdicts = config.services.iter().filter_map(ServiceConfig::verdict);
    let mut paths: Vec<String> = verdicts
        .map(|verdict| verdict.path.as_str().to_owned())
        .collect();
    paths.sort_by_key(|path| std::cmp::Reverse(path.len()));
    paths.dedup();
    paths.into()
}

/// The services of the previous snapshot. Most have the same position, so the names are indexed
/// only if one has not.
struct EarlierCores<'s> {
    services: &'s [Option<Rc<ServiceCore>>],
    by_name: Option<HashMap<&'s str, &'s Rc<ServiceCore>>>,
}

impl<'s> EarlierCores<'s> {
    fn new(snapshot: &'s CoreSnapshot) -> Self {
        Self {
            services: &snapshot.services,
            by_name: None,
        }
    }

    /// The earlier core of a service, found by name.
    fn find(&mut self, position: usize, service: &ActiveService) -> Option<&'s Rc<ServiceCore>> {
        let name = service.config.name.as_str();
        let services = self.services;
        let is_named = |core: &&Rc<ServiceCore>| core.config().name == name;
        let at_position = services.get(position).and_then(Option::as_ref);
        at_position.filter(is_named).or_else(|| {
            let by_name = self.by_name.get_or_insert_with(|| {
                let cores = services.iter().flatten();
                cores
                    .map(|core| (core.config().name.as_str(), core))
                    .collect()
            });
            by_name.get(name).copied()
        })
    }
}

/// The host without its port.
pub(super) fn host_of(field: Option<&str>) -> &str {
    let host = field.unwrap_or_default();
    match host.rfind([':', ']']) {
        Some(at) if host.as_bytes()[at] == b':' => &host[..at],
        _ => host,
    }
}

fn identity_resolver(config: &Config, keys: Option<&IssuerKeys>) -> IdentityResolver {
    let identity = &config.identity;
    let certificates = || CertificateIdentities::new(&identity.certificate);
    match (&identity.source, keys) {
        (IdentitySource::Certificate, _) => IdentityResolver::Certificates(certificates()),
        (IdentitySource::ForwardedCertificate, _) => {
            IdentityResolver::ForwardedCertificates(certificates())
        }
        (_, Some(keys)) => {
            let tokens = TokenAuthenticator::new(&identity.jwt, keys.clone());
            IdentityResolver::Tokens(Box::new(tokens))
        }
        (IdentitySource::Headers | IdentitySource::Jwt(_), None) => IdentityResolver::Headers,
    }
}
