//! One server of a service, as all data cores see it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::endpoint_health::{EndpointHealth, HealthRule};

/// How long a server that did not accept a connection is tried after the others.
pub(super) const REST: Duration = Duration::from_secs(10);

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EndpointAddress {
    /// Its `host:port`, or `unix:` and a path.
    pub(super) name: String,
    /// The host of requests without one.
    pub(super) host: String,
    /// The Unix socket, if it is at one.
    pub(super) socket: Option<PathBuf>,
}

/// What is known of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointState {
    /// It gets requests.
    Healthy,
    /// It did not accept a connection a moment ago, and is tried after the others.
    Resting,
    /// Its checks fail.
    Unhealthy,
}

impl EndpointState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Healthy, Self::Resting, Self::Unhealthy];

    /// The name for metrics and the admin port.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Resting => "resting",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// A server, for the admin port.
#[derive(Clone, Debug)]
pub struct EndpointView {
    /// Its `host:port`, or `unix:` and a path.
    pub address: String,
    /// Whether it gets requests.
    pub state: EndpointState,
    /// When its checks changed their result; absent if they never did.
    pub since: Option<SystemTime>,
    /// Why its last check failed, or it did not accept its last connection.
    pub fault: Option<String>,
    /// Requests in flight.
    pub in_flight: usize,
    /// Requests since it was first configured or resolved.
    pub requests: u64,
    /// Connections that it did not accept.
    pub connect_failures: u64,
}

/// A server. Times are milliseconds since its set was created.
#[derive(Debug)]
pub(crate) struct UpstreamEndpoint {
    pub(super) address: EndpointAddress,
    in_flight: AtomicUsize,
    requests: AtomicU64,
    connect_failures: AtomicU64,
    is_unhealthy: AtomicBool,
    /// When its rest ends; 0 if its last connection succeeded.
    rests_until: AtomicU64,
    checks: Mutex<EndpointChecks>,
}

/// What is needed for changes and views only.
#[derive(Debug)]
struct EndpointChecks {
    health: EndpointHealth,
    since: Option<SystemTime>,
    fault: Option<String>,
}

impl UpstreamEndpoint {
    pub(super) fn new(address: EndpointAddress) -> Arc<Self> {
        Arc::new(Self {
            address,
            in_flight: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
            connect_failures: AtomicU64::new(0),
            is_unhealthy: AtomicBool::new(false),
            rests_until: AtomicU64::new(0),
            checks: Mutex::new(EndpointChecks {
                health: EndpointHealth::new(),
                since: None,
                fault: None,
            }),
        })
    }

    /// How little it should get the next request: the least value is the best server.
    pub(super) fn reluctance(&self, now: u64) -> (EndpointReluctance, usize) {
        let reluctance = match self.state(now) {
            EndpointState::Healthy => EndpointReluctance::None,
            EndpointState::Resting => EndpointReluctance::Resting,
            EndpointState::Unhealthy => EndpointReluctance::Unhealthy,
        };
        (reluctance, self.in_flight.load(Relaxed))
    }

    pub(super) fn state(&self, now: u64) -> EndpointState {
        if self.is_unhealthy.load(Relaxed) {
            EndpointState::Unhealthy
        } else if self.rests_until.load(Relaxed) > now {
            EndpointState::Resting
        } else {
            EndpointState::Healthy
        }
    }

    /// Notes that it did not accept a connection. Returns whether the last one before was accepted.
    pub(super) fn note_connect_failure(&self, now: u64, fault: &str) -> bool {
        let rest = u64::try_from(REST.as_millis()).unwrap_or(u64::MAX);
        self.connect_failures.fetch_add(1, Relaxed);
        let was_good = self.rests_until.swap(now + rest, Relaxed) == 0;
        if was_good {
            self.lock().fault = Some(fault.to_owned());
        }
        was_good
    }

    /// Notes that it answered. Returns whether it did not accept the connection before.
    pub(super) fn note_answer(&self) -> bool {
        // Most answers change nothing, and a store would take the line from the other cores.
        self.rests_until.load(Relaxed) != 0 && self.rests_until.swap(0, Relaxed) != 0
    }

    /// Notes the result of a check: why it failed, or nothing. Returns whether it is healthy, if that
    /// changed.
    pub(super) fn note_check(
        &self,
        fault: Option<String>,
        rule: HealthRule,
        now: SystemTime,
    ) -> Option<bool> {
        let mut checks = self.lock();
        let change = checks.health.note(fault.is_none(), rule);
        checks.fault = fault;
        let is_healthy = change?;
        checks.since = Some(now);
        self.is_unhealthy.store(!is_healthy, Relaxed);
        Some(is_healthy)
    }

    pub(super) fn view(&self, now: u64) -> EndpointView {
        let checks = self.lock();
        let state = self.state(now);
        EndpointView {
            address: self.address.name.clone(),
            state,
            since: checks.since,
            fault: checks
                .fault
                .clone()
                .filter(|_| state != EndpointState::Healthy),
            in_flight: self.in_flight.load(Relaxed),
            requests: self.requests.load(Relaxed),
            connect_failures: self.connect_failures.load(Relaxed),
        }
    }

    fn lock(&self) -> MutexGuard<'_, EndpointChecks> {
        self.checks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a server is not the first choice; greater for worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EndpointReluctance {
    None,
    Resting,
    Unhealthy,
}

/// A request in flight to a server. It is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct EndpointLease(Arc<UpstreamEndpoint>);

impl EndpointLease {
    pub(super) fn new(endpoint: &Arc<UpstreamEndpoint>) -> Self {
        endpoint.in_flight.fetch_add(1, Relaxed);
        endpoint.requests.fetch_add(1, Relaxed);
        Self(Arc::clone(endpoint))
    }

    pub(super) const fn endpoint(&self) -> &Arc<UpstreamEndpoint> {
        &self.0
    }
}

impl Drop for EndpointLease {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}
