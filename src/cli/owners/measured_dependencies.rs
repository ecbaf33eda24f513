//! Asks Prometheus which hosts services call.

use std::collections::BTreeMap;
use std::time::Duration;

use super::called_host_set::CalledHostSet;
use super::owners_error::OwnersError;
use crate::cli::run_error::RunError;
use crate::source::{PrometheusClient, PrometheusError, PrometheusSample};
use portcullis_egress::{CallDestination, ObservedCall};
use portcullis_vocabulary::{Catalog, Consumer};

/// The metric of calls.
const CALLS: &str = "portcullis_egress_calls_total";

/// The host of calls that metrics do not name.
const OTHER: &str = "other";

/// Metrics have no ports; this one is shown as none.
const ANY_PORT: u16 = 443;

/// The calls within a window, of all proxies.
pub(super) fn measure(
    url: &str,
    window: Duration,
    catalog: &Catalog,
) -> Result<CalledHostSet, RunError> {
    let client = PrometheusClient::new(url);
    let client = client.map_err(|error| OwnersError::PrometheusUrl(Box::new(error)))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(OwnersError::Runtime)?;
    let samples = runtime.block_on(query(&client, window));
    let samples = samples.map_err(|error| OwnersError::Prometheus(Box::new(error)))?;
    let mut called = CalledHostSet {
        period: window,
        ..CalledHostSet::default()
    };
    for (labels, calls) in samples {
        add_series(&mut called, labels, calls, catalog);
    }
    Ok(called)
}

/// Service, squad, host and verdict.
type CallLabels = (String, String, String, String);

/// `increase` ignores the first sample of a counter, so a counter that began within the window is taken
/// at its full value.
async fn query(
    client: &PrometheusClient,
    window: Duration,
) -> Result<BTreeMap<CallLabels, u64>, PrometheusError> {
    let seconds = window.as_secs().max(1);
    let by = "sum by (service, squad, host, verdict)";
    let increased = format!("{by} (increase({CALLS}[{seconds}s]))");
    let started =
        format!("{by} (max_over_time({CALLS}[{seconds}s]) unless {CALLS} offset {seconds}s)");
    let mut found: BTreeMap<CallLabels, u64> = BTreeMap::new();
    for expression in [increased, started] {
        for PrometheusSample { labels, value } in client.query(&expression).await? {
            let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
            let labels = (
                label("service"),
                label("squad"),
                label("host"),
                label("verdict"),
            );
            let calls = found.entry(labels).or_default();
            // Less than one call is an effect of the extrapolation.
            *calls = (*calls).max(value.max(0.0).round() as u64);
        }
    }
    found.retain(|_, calls| *calls > 0);
    Ok(found)
}

/// Adds the calls of one series.
fn add_series(called: &mut CalledHostSet, labels: CallLabels, calls: u64, catalog: &Catalog) {
    let (service, squad, host, verdict) = labels;
    let is_known = service != Consumer::UNKNOWN_NAME;
    match verdict.as_str() {
        // The host of a declared call is its pattern.
        "declared" if is_known => {
            called.used.insert((service, host));
        }
        "declared" => called.use_for_squad(&squad, &host, catalog),
        "denied-address" => {}
        _ if host == OTHER => called.unlisted += calls,
        _ if !is_known => {
            called.without_service.insert((squad, host));
        }
        _ => {
            if let Ok(to) = CallDestination::parse(&host, ANY_PORT) {
                called.calls.push(ObservedCall { service, to, calls });
            }
        }
    }
}
