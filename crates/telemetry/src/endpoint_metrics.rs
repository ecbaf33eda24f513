//! Metrics of services with several servers, or with health checks.

use super::metric_names::{ENDPOINTS, HEALTH_CHECKS};
use super::metrics::Metrics;

impl Metrics {
    /// Sets how many servers of a service are in a state.
    pub fn set_endpoints(&self, service: &str, state: &str, count: usize) {
        self.gauge(&ENDPOINTS, &[service, state]).set(count as f64);
    }

    /// Counts a health check of a server.
    pub fn health_checked(&self, service: &str, has_passed: bool) {
        let result = if has_passed { "passed" } else { "failed" };
        self.counter(&HEALTH_CHECKS, &[service, result])
            .increment(1);
    }
}
