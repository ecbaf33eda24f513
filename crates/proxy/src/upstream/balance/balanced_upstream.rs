//! Chooses a server for each request, on one data core.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::endpoint_set::EndpointSet;
use super::upstream_endpoint::{EndpointAddress, EndpointLease, UpstreamEndpoint};
use crate::limits::UpstreamLimits;
use crate::upstream::upstream_client::UpstreamClient;
use crate::upstream::upstream_error::UpstreamError;
use crate::upstream::upstream_socket::UpstreamSecurity;

/// The most servers that one request tries to connect to.
const TRIES_MAX: usize = 3;

/// Where the requests of a service go.
#[derive(Clone, Debug)]
pub(crate) enum UpstreamRouting {
    /// To one server that is not watched.
    Single(UpstreamClient),
    /// To one of several servers.
    Balanced(Rc<BalancedUpstream>),
}

/// The servers of a service with this core's connections to them.
#[derive(Debug)]
pub(crate) struct BalancedUpstream {
    set: Arc<EndpointSet>,
    security: UpstreamSecurity,
    /// What is configured, for messages.
    authority: String,
    clients: RefCell<Rc<CoreEndpoints>>,
    /// Where the next search begins, so that equal servers take turns.
    next: Cell<usize>,
}

/// The servers at one time, with a client for each.
#[derive(Debug)]
struct CoreEndpoints {
    endpoints: Arc<Vec<Arc<UpstreamEndpoint>>>,
    clients: Vec<UpstreamClient>,
    limits: UpstreamLimits,
}

/// The server of one request.
#[derive(Debug)]
pub(crate) struct ChosenEndpoint {
    pub(crate) client: UpstreamClient,
    pub(crate) lease: EndpointLease,
}

impl UpstreamRouting {
    /// The upstream as configured, for messages.
    pub(crate) fn authority(&self) -> &str {
        match self {
            Self::Single(client) => client.authority(),
            Self::Balanced(upstream) => &upstream.authority,
        }
    }
}

impl BalancedUpstream {
    pub(crate) fn new(set: Arc<EndpointSet>, security: UpstreamSecurity) -> Rc<Self> {
        let targets = set.plan.targets().map(ToString::to_string);
        let upstream = Self {
            authority: targets.collect::<Vec<_>>().join(", "),
            clients: RefCell::new(Rc::new(CoreEndpoints::new(&set, &security, None))),
            next: Cell::new(fastrand::usize(..)),
            set,
            security,
        };
        Rc::new(upstream)
    }

    /// The best server that was not tried; one of those if all were.
    pub(crate) fn choose(&self, tried: &[EndpointLease]) -> ChosenEndpoint {
        let core = self.clients();
        let endpoints = &core.endpoints;
        let now = self.set.now();
        let start = self.next.get();
        self.next.set(start.wrapping_add(1));
        let is_tried =
            |of: &Arc<UpstreamEndpoint>| tried.iter().any(|one| Arc::ptr_eq(one.endpoint(), of));
        let order = (0..endpoints.len()).map(|at| start.wrapping_add(at) % endpoints.len());
        let best = order.min_by_key(|at| {
            let endpoint = &endpoints[*at];
            (is_tried(endpoint), endpoint.reluctance(now))
        });
        let best = best.unwrap_or_default();
        ChosenEndpoint {
            client: core.clients[best].clone(),
            lease: EndpointLease::new(&endpoints[best]),
        }
    }

    /// Whether a request that could not be sent may try another server.
    pub(crate) fn may_try_another(&self, tried: usize) -> bool {
        tried < self.clients().clients.len().min(TRIES_MAX)
    }

    /// Notes how an exchange with a server ended.
    pub(crate) fn note(&self, lease: &EndpointLease, failure: Option<&UpstreamError>) {
        let endpoint = lease.endpoint();
        let (service, address) = (self.set.service(), &endpoint.address.name);
        match failure {
            Some(error) if error.is_about_connecting() => {
                if endpoint.note_connect_failure(self.set.now(), &error.to_string()) {
                    tracing::warn!(service, address, %error, "an upstream server rests");
                }
            }
            // This machine or the client ended the exchange, and perhaps nothing was sent.
            Some(UpstreamError::Local { .. } | UpstreamError::RequestBody { .. }) => {}
            _ => {
                if endpoint.note_answer() {
                    tracing::info!(service, address, "an upstream server answers again");
                }
            }
        }
    }

    fn clients(&self) -> Rc<CoreEndpoints> {
        let mut clients = self.clients.borrow_mut();
        if !Arc::ptr_eq(&clients.endpoints, &self.set.endpoints()) {
            let next = CoreEndpoints::new(&self.set, &self.security, Some(&clients));
            *clients = Rc::new(next);
        }
        Rc::clone(&clients)
    }
}

/// A client of one server.
pub(super) fn endpoint_client(
    address: &EndpointAddress,
    security: &UpstreamSecurity,
    limits: UpstreamLimits,
) -> UpstreamClient {
    match &address.socket {
        Some(path) => UpstreamClient::at_socket(path, limits),
        None => {
            UpstreamClient::secured(&address.name, security.clone(), limits).for_host(&address.host)
        }
    }
}

impl CoreEndpoints {
    /// The present servers. Clients of servers that stay are kept.
    fn new(set: &EndpointSet, security: &UpstreamSecurity, before: Option<&Self>) -> Self {
        let endpoints = set.endpoints();
        let mut limits = set.plan.limits.clone();
        // Each server has its share of the time, so a silent one leaves some for the next one.
        let shares = u32::try_from(endpoints.len().min(TRIES_MAX)).unwrap_or(1);
        limits.connect_timeout /= shares.max(1);
        let before = before.filter(|before| before.limits == limits);
        let client = |endpoint: &Arc<UpstreamEndpoint>| {
            let known = before.and_then(|before| {
                let mut known = before.endpoints.iter().zip(&before.clients);
                known.find(|(known, _)| Arc::ptr_eq(known, endpoint))
            });
            known.map_or_else(
                || endpoint_client(&endpoint.address, security, limits.clone()),
                |(_, client)| client.clone(),
            )
        };
        Self {
            clients: endpoints.iter().map(client).collect(),
            endpoints,
            limits,
        }
    }
}
