//! The control runtime: the admin port, what telemetry does by itself and the reading of keys, on
//! a thread where it delays no request.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::admin;
use crate::admin::AdminState;
use crate::proxy::ConnectionCap;
use crate::telemetry::{Metrics, SpanExport, lines_lost};
use portcullis_vocabulary::limits::SPAN_FLUSH_MAX;

use super::app_error::AppError;
use super::key_reader::KeyReader;
use super::live_state_reader::LiveStateReader;
use super::reload::ContractWatcher;

/// How often observations are folded into their histograms; until then each one is kept.
const GAUGE_INTERVAL: Duration = Duration::from_secs(1);

/// The thread of the control runtime; it ends when the sender is dropped.
pub(super) struct ControlThread {
    pub(super) stop: oneshot::Sender<()>,
    pub(super) thread: thread::JoinHandle<()>,
    pub(super) handle: Handle,
}

impl fmt::Debug for ControlThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

/// What is looked at every second.
#[derive(Debug)]
pub(super) struct GaugeSources {
    pub(super) metrics: Metrics,
    pub(super) cap: Arc<ConnectionCap>,
    pub(super) watched: LiveStateReader,
}

/// Starts it.
pub(super) fn start_control(
    listener: std::net::TcpListener,
    admin: AdminState,
    gauges: GaugeSources,
    (keys, keepers, spans): (Option<KeyReader>, Vec<ContractWatcher>, Option<SpanExport>),
) -> Result<ControlThread, AppError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(AppError::Runtime)?;
    let listener = {
        let _inside = runtime.enter();
        TcpListener::from_std(listener).map_err(AppError::Runtime)?
    };
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel();
    let thread = thread::Builder::new()
        .name("control".to_owned())
        .spawn(move || {
            runtime.block_on(async move {
                tokio::spawn(admin::serve(listener, admin));
                tokio::spawn(update_gauges(gauges));
                for keeper in keepers {
                    tokio::spawn(keeper.run());
                }
                if let Some(keys) = keys {
                    tokio::spawn(keys.run());
                }
                let spans = spans.map(|spans| tokio::spawn(spans.run()));
                // An error means that the sender is gone: the same thing.
                let _ = stopped.await;
                flush(spans).await;
            });
        })
        .map_err(AppError::Runtime)?;
    Ok(ControlThread {
        stop,
        thread,
        handle,
    })
}

/// Lets the last spans be exported. The data cores have ended, so that there will be no more.
async fn flush(spans: Option<JoinHandle<()>>) {
    let Some(spans) = spans else { return };
    if timeout(SPAN_FLUSH_MAX, spans).await.is_err() {
        tracing::warn!("the collector did not take the last spans in time; they are lost");
    }
}

async fn update_gauges(gauges: GaugeSources) {
    let GaugeSources {
        metrics,
        cap,
        watched,
    } = gauges;
    let connections = metrics.connections();
    let mut tick = tokio::time::interval(GAUGE_INTERVAL);
    loop {
        tick.tick().await;
        metrics.run_upkeep();
        connections.set(cap.open() as f64);
        metrics.observe_log(lines_lost());
        watched.observe(&metrics);
    }
}
