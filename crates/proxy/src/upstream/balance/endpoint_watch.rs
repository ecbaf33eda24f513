//! Watches the servers of one service on the control thread: resolves names again, and checks servers.
//!
//! Checks are separate requests, on new connections with the TLS and the version of HTTP of the
//! service. They hold no slot, and nothing that counts requests of callers sees them.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::lookup_host;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use portcullis_config::HealthCheckConfig;
use portcullis_telemetry::Metrics;

use super::balanced_upstream::endpoint_client;
use super::endpoint_health::HealthRule;
use super::endpoint_set::EndpointSet;
use super::health_probe::{probe_fault, probe_request};
use super::upstream_endpoint::{EndpointAddress, UpstreamEndpoint};
use crate::headers::AddedFields;
use crate::interim_responses::InterimResponses;
use crate::limits::{ResponseTimeouts, UpstreamLimits};
use crate::upstream::upstream_socket::UpstreamSecurity;

/// Time to resolve one name.
const LOOKUP_TIME_MAX: Duration = Duration::from_secs(10);

/// The longest wait before a name that could not be resolved is tried again.
const LOOKUP_RETRY_MAX: Duration = Duration::from_secs(10);

impl EndpointSet {
    /// Watches the servers; never ends. It must run on the thread of a `LocalSet`.
    pub async fn watch(self: Arc<Self>, security: UpstreamSecurity, metrics: Metrics) {
        tokio::join!(self.keep_resolved(), self.keep_checked(&security, &metrics));
    }

    /// Resolves the names again at their age.
    async fn keep_resolved(&self) {
        let Some(age) = self.plan.servers.refresh else {
            return;
        };
        let service = self.service();
        let mut has_failed = false;
        loop {
            let wait = match self.resolve().await {
                Ok(addresses) => {
                    has_failed = false;
                    if self.replace(addresses) {
                        let servers = self.endpoints().len();
                        tracing::info!(service, servers, "the addresses of the upstream changed");
                    }
                    age
                }
                Err(error) => {
                    if !std::mem::replace(&mut has_failed, true) {
                        tracing::warn!(service, %error, "the upstream cannot be resolved; its last addresses stay");
                    }
                    age.min(LOOKUP_RETRY_MAX)
                }
            };
            sleep(jittered(wait)).await;
        }
    }

    /// Every address of every name.
    async fn resolve(&self) -> io::Result<Vec<EndpointAddress>> {
        let mut found = Vec::new();
        for target in self.plan.targets() {
            let Some(address) = target.address() else {
                found.extend(EndpointAddress::of(target));
                continue;
            };
            let host = address.to_string();
            let resolved = timeout(LOOKUP_TIME_MAX, lookup_host(&*host)).await??;
            let mut family = None;
            for address in resolved {
                // The resolver prefers a family, and a server that has both is one server.
                let is_first = *family.get_or_insert(address.is_ipv4()) == address.is_ipv4();
                let address = EndpointAddress::resolved(&host, address);
                if is_first && !found.contains(&address) {
                    found.push(address);
                }
            }
        }
        if found.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the name has no address",
            ));
        }
        Ok(found)
    }

    /// Checks all servers in each interval. New servers are checked at once.
    async fn keep_checked(&self, security: &UpstreamSecurity, metrics: &Metrics) {
        let Some(health) = &self.plan.servers.health else {
            return;
        };
        loop {
            let next = Instant::now() + jittered(health.interval);
            let mut checks = JoinSet::new();
            for endpoint in self.endpoints().iter() {
                let limits = check_limits(&self.plan.limits, health);
                let check = check(
                    Arc::clone(endpoint),
                    security.clone(),
                    limits,
                    health.clone(),
                );
                checks.spawn_local(check);
            }
            while let Some(checked) = checks.join_next().await {
                // A check that panicked was reported, and decides nothing.
                if let Ok((endpoint, fault)) = checked {
                    metrics.health_checked(self.service(), fault.is_none());
                    self.note_check(&endpoint, fault, health);
                }
            }
            tokio::select! {
                () = sleep_until(next) => {}
                () = self.changed() => {}
            }
        }
    }

    fn note_check(
        &self,
        endpoint: &UpstreamEndpoint,
        fault: Option<String>,
        health: &HealthCheckConfig,
    ) {
        let rule = HealthRule {
            unhealthy_after: health.unhealthy_after,
            healthy_after: health.healthy_after,
        };
        let (service, address) = (self.service(), &endpoint.address.name);
        let reason = fault.clone().unwrap_or_default();
        match endpoint.note_check(fault, rule, SystemTime::now()) {
            Some(true) => tracing::info!(service, address, "an upstream server is healthy again"),
            Some(false) => {
                tracing::warn!(service, address, reason, "an upstream server is unhealthy");
            }
            None => {}
        }
    }
}

/// Checks a server: why it is not healthy, or nothing.
async fn check(
    endpoint: Arc<UpstreamEndpoint>,
    security: UpstreamSecurity,
    limits: UpstreamLimits,
    health: HealthCheckConfig,
) -> (Arc<UpstreamEndpoint>, Option<String>) {
    let checked = timeout(
        health.timeout,
        answer(&endpoint, &security, limits, &health),
    )
    .await;
    let too_slow = || format!("no answer within {:?}", health.timeout);
    let fault = checked.unwrap_or_else(|_| Some(too_slow()));
    (endpoint, fault)
}

async fn answer(
    endpoint: &UpstreamEndpoint,
    security: &UpstreamSecurity,
    limits: UpstreamLimits,
    health: &HealthCheckConfig,
) -> Option<String> {
    let client = endpoint_client(&endpoint.address, security, limits);
    let mut request = match probe_request(&health.probe) {
        Ok(request) => request,
        Err(error) => return Some(error.to_string()),
    };
    // The time of the check ends before these.
    let timeouts = ResponseTimeouts {
        head: 2 * health.timeout,
        body_idle: 2 * health.timeout,
    };
    let interim = InterimResponses::discarded();
    let added = AddedFields::default();
    match client
        .send(&mut request, &added, true, timeouts, &interim)
        .await
    {
        Ok(response) => probe_fault(&health.probe, response).await,
        Err(error) => Some(error.to_string()),
    }
}

/// The limits of a connection for one check.
fn check_limits(limits: &UpstreamLimits, health: &HealthCheckConfig) -> UpstreamLimits {
    UpstreamLimits {
        // The time of the check ends before this.
        connect_timeout: 2 * health.timeout,
        // Each check opens a connection, so it shows that the server accepts one.
        idle_max: 0,
        ..limits.clone()
    }
}

/// The time, more or less a tenth, so that replicas of Portcullis do not check at the same time.
fn jittered(time: Duration) -> Duration {
    time.mul_f64(0.9 + fastrand::f64() / 5.0)
}
