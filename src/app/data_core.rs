//! The thread of a data core.

use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::watch;

use crate::admin::ReadinessGuard;
use portcullis_identity::IssuerKeys;
use portcullis_proxy::{
    BoundListener, DataCore, DrainSignal, ListenerSettings, ListenerTotals, PublishedConfig, serve,
};
use portcullis_telemetry::{Metrics, Tracer};

/// What every data core is built from. It is immutable and shared between them.
#[derive(Debug)]
pub(super) struct CoreResources {
    pub(super) published: Arc<PublishedConfig>,
    pub(super) metrics: Metrics,
    /// The keys that verify tokens, if the configuration reads tokens.
    pub(super) keys: Option<IssuerKeys>,
    /// Starts traces, if tracing is enabled.
    pub(super) tracer: Option<Tracer>,
    pub(super) settings: ListenerSettings,
}

/// Serves until the drain is complete. The core is ready once it accepts connections.
pub(super) fn serve_core(
    index: usize,
    bound: BoundListener,
    resources: &CoreResources,
    drain: DrainSignal,
    pending: ReadinessGuard,
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
        settings: _,
    } = resources;
    let core = DataCore::new(published, keys.as_ref(), tracer.clone(), index, metrics);
    let settings = resources.settings.clone();
    let changes = published.changes();
    let served = runtime.block_on(async move {
        tokio::task::spawn_local(refresh(Rc::clone(&core), changes));
        let serving = serve(bound, core, settings, drain);
        drop(pending);
        serving.await
    });
    served.unwrap_or_else(|error| failed(&error))
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
