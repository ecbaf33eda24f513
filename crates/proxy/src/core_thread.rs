//! The thread of a data core.
//!
//! It is here and not with the other threads, because the loop of its runtime is generic: it is
//! compiled, and optimised, in the crate that starts it.

use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::watch;

use portcullis_identity::IssuerKeys;
use portcullis_telemetry::{Metrics, Tracer};

use crate::client::{BoundListener, DrainSignal, ListenerSettings, ListenerTotals, serve};
use crate::egress::{EgressCore, EgressResources, EgressSockets, VendorPort};
use crate::exchange::{DataCore, DataCoreParts, InFlightCount, PublishedConfig};
use crate::upstream::{UpstreamEndpointStore, UpstreamTlsStore};

/// What every data core is built from. It is immutable and shared between them.
#[derive(Debug)]
pub struct CoreResources {
    /// The active configuration.
    pub published: Arc<PublishedConfig>,
    /// Where the core records what it did.
    pub metrics: Metrics,
    /// The keys that verify tokens, if the configuration reads tokens.
    pub keys: Option<IssuerKeys>,
    /// Starts traces, if tracing is enabled.
    pub tracer: Option<Tracer>,
    /// TLS to the upstreams.
    pub upstream_tls: UpstreamTlsStore,
    /// Counts the requests of each core.
    pub in_flight: Vec<InFlightCount>,
    /// The servers of upstreams that are watched.
    pub endpoints: UpstreamEndpointStore,
    /// How it serves connections.
    pub settings: ListenerSettings,
    /// What accepts calls of services, if anything does.
    pub egress: Option<EgressResources>,
}

/// The sockets of one data core.
#[derive(Debug)]
pub struct CoreSockets {
    /// For clients.
    pub data: BoundListener,
    /// For calls of services.
    pub egress: EgressSockets,
}

/// Serves until the drain is complete. `on_ready` is called when the core begins to accept
/// connections.
pub fn serve_core(
    index: usize,
    sockets: CoreSockets,
    resources: &CoreResources,
    drain: DrainSignal,
    on_ready: Box<dyn FnOnce()>,
) -> ListenerTotals {
    let runtime = match Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let CoreResources {
        published,
        metrics,
        keys,
        tracer,
        upstream_tls,
        in_flight,
        endpoints,
        settings: _,
        egress: _,
    } = resources;
    let shared = DataCoreParts {
        published,
        keys: keys.as_ref(),
        tracer: tracer.as_ref(),
        metrics,
        in_flight: &in_flight[index],
        upstream_tls,
        endpoints,
    };
    let core = DataCore::new(index, &shared);
    let settings = resources.settings.clone();
    let changes = published.changes();
    let served = runtime.block_on(async move {
        tokio::task::spawn_local(refresh(Rc::clone(&core), changes));
        let egress = serve_egress(sockets.egress, Rc::clone(&core), resources, drain.clone());
        let serving = serve(sockets.data, core, settings, drain);
        on_ready();
        let (served, calls) = tokio::join!(Box::pin(serving), Box::pin(egress));
        Ok::<_, std::io::Error>(served?.and(calls?))
    });
    served.unwrap_or_else(|error| failed(&error))
}

/// Serves the calls of services, if anything accepts them.
async fn serve_egress(
    sockets: EgressSockets,
    core: Rc<DataCore>,
    resources: &CoreResources,
    drain: DrainSignal,
) -> std::io::Result<ListenerTotals> {
    let Some(egress) = &resources.egress else {
        return Ok(ListenerTotals::default());
    };
    let core = EgressCore::new(core, egress, &resources.metrics, &sockets);
    let mut serving = Vec::new();
    if let Some(bound) = sockets.proxy {
        let settings = egress.settings.clone();
        let proxy = serve(bound, Rc::clone(&core), settings, drain.clone());
        serving.push(tokio::task::spawn_local(proxy));
    }
    for (vendor, bound) in sockets.vendors {
        let settings = egress.vendor_settings.clone();
        let port = VendorPort::new(&core, &vendor);
        serving.push(tokio::task::spawn_local(serve(
            bound,
            port,
            settings,
            drain.clone(),
        )));
    }
    let mut totals = ListenerTotals::default();
    for listener in serving {
        totals = totals.and(listener.await.map_err(std::io::Error::other)??);
    }
    Ok(totals)
}

/// Releases replaced services even while no request arrives.
async fn refresh(core: Rc<DataCore>, mut changes: watch::Receiver<()>) {
    while changes.changed().await.is_ok() {
        core.refresh();
    }
}

/// Reports a data core that cannot serve, so that it is not mistaken for an idle one.
fn failed(error: &std::io::Error) -> ListenerTotals {
    tracing::error!(%error, "a data core cannot serve; check the limits on open files");
    ListenerTotals::default()
}
