//! What one data core knows: a view of what is in force, and what is its own.
//!
//! The view is made anew when something else was put in force, on the core, from parts that the
//! control side has finished; requests that are under way keep the one that they began with.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::config::{Config, RefusalValues};
use crate::identity::{IdentityResolver, IssuerKeys, TokenAuthenticator};
use crate::telemetry::{AccessLog, CoreRecorder, Metrics, Tracer};
use portcullis_contract::CheckScratch;

use super::active_config::{ActiveConfig, ActiveService, PublishedConfig};
use super::service_core::ServiceCore;

/// One data core's view of the program.
#[derive(Debug)]
pub struct DataCore {
    published: Arc<PublishedConfig>,
    number: usize,
    metrics: Metrics,
    view: RefCell<Rc<CoreSnapshot>>,
    pub(super) identification: IdentityResolver,
    pub(super) recorder: CoreRecorder,
    pub(super) access_log: AccessLog,
    /// Begins traces, where there is somewhere to send them.
    pub(super) tracer: Option<Tracer>,
    pub(super) scratch: RefCell<CheckScratch>,
}

/// What is in force, as one data core sees it.
#[derive(Debug)]
pub(super) struct CoreSnapshot {
    pub(super) live: Arc<ActiveConfig>,
    pub(super) refusals: RefusalSettings,
    /// None for those that have no contract yet.
    services: Vec<Option<Rc<ServiceCore>>>,
}

/// What refusals show.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefusalSettings {
    pub(super) with_values: bool,
    pub(super) report_header: bool,
}

/// Which service a request is for.
#[derive(Debug)]
pub(super) enum ServiceLookup<'v> {
    /// This one.
    Service(&'v Rc<ServiceCore>),
    /// This one, which has no contract yet.
    NoContract(&'v ActiveService),
    /// None.
    NotFound,
}

impl DataCore {
    /// The core of this number, which counts from 0. With keys, tokens say who calls; with a
    /// tracer, requests are part of traces.
    pub fn new(
        published: &Arc<PublishedConfig>,
        keys: Option<&IssuerKeys>,
        tracer: Option<Tracer>,
        number: usize,
        metrics: &Metrics,
    ) -> Rc<Self> {
        let active = published.load();
        let access_log = AccessLog::of_process();
        let view = CoreSnapshot::new(Arc::clone(&active), None, number, (metrics, &access_log));
        Rc::new(Self {
            identification: identification(&active.config, keys),
            number,
            metrics: metrics.clone(),
            access_log,
            view: RefCell::new(Rc::new(view)),
            recorder: CoreRecorder::new(metrics),
            tracer,
            scratch: RefCell::default(),
            published: Arc::clone(published),
        })
    }

    /// What is in force now.
    pub(super) fn snapshot(&self) -> Rc<CoreSnapshot> {
        let live = self.published.load();
        let mut view = self.view.borrow_mut();
        if !Arc::ptr_eq(&live, &view.live) {
            let live = Arc::clone(&live);
            *view = Rc::new(CoreSnapshot::new(
                live,
                Some(&view),
                self.number,
                (&self.metrics, &self.access_log),
            ));
        }
        Rc::clone(&view)
    }

    /// Lets go of what is in force no more, on a core that no request has told.
    pub fn refresh(&self) {
        drop(self.snapshot());
    }
}

impl CoreSnapshot {
    fn new(
        live: Arc<ActiveConfig>,
        before: Option<&Self>,
        number: usize,
        telling: (&Metrics, &AccessLog),
    ) -> Self {
        let config = &live.config;
        let core = |service: &Arc<ActiveService>| {
            let before = before.and_then(|before| before.named(&service.config.name));
            ServiceCore::new(&live, service, before, number, telling).map(Rc::new)
        };
        Self {
            refusals: RefusalSettings {
                with_values: config.refusals.values == RefusalValues::Caller,
                report_header: config.refusals.report_header,
            },
            services: live.services.iter().map(core).collect(),
            live,
        }
    }

    /// The service for a host (without port) and a raw path: the most specific host, then the
    /// longest prefix.
    pub(super) fn service(&self, host: &str, path: &str) -> ServiceLookup<'_> {
        let place = match &self.live.services[..] {
            [only] => only.config.rank(host, path).map(|_| 0),
            all => {
                let ranked = all
                    .iter()
                    .zip(0..)
                    .filter_map(|(service, place)| Some((service.config.rank(host, path)?, place)));
                let best = ranked.max_by(|left, right| left.0.cmp(&right.0));
                best.map(|(_, place)| place)
            }
        };
        match place.map(|place| (&self.services[place], &self.live.services[place])) {
            Some((Some(service), _)) => ServiceLookup::Service(service),
            Some((None, awaited)) => ServiceLookup::NoContract(awaited),
            None => ServiceLookup::NotFound,
        }
    }

    fn named(&self, name: &str) -> Option<&ServiceCore> {
        let mut services = self.services.iter().flatten();
        services
            .find(|service| service.config().name == name)
            .map(|service| &**service)
    }
}

fn identification(config: &Config, keys: Option<&IssuerKeys>) -> IdentityResolver {
    match keys {
        Some(keys) => {
            let tokens = TokenAuthenticator::new(&config.identity.jwt, keys.clone());
            IdentityResolver::Tokens(Box::new(tokens))
        }
        None => IdentityResolver::Headers,
    }
}
