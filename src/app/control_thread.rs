//! The control thread: it serves the admin port, updates metrics, exports spans, and reads
//! contracts and keys. These tasks have a separate runtime, so they delay no request.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::timeout;

use crate::admin;
use crate::admin::{AdminListener, AdminState, AdminTls};
use crate::source::{remove_old_drafts, yield_to_data_cores};
use portcullis_config::ServiceConfig;
use portcullis_proxy::{ConnectionCap, OpenCalls, SocketFile};
use portcullis_telemetry::{AccessLog, Metrics, SpanExport, lines_lost};
use portcullis_vocabulary::limits::SPAN_FLUSH_MAX;

use super::app_error::AppError;
use super::egress_parts::EgressControl;
use super::endpoint_watcher::{EndpointBoard, EndpointWatcher};
use super::key_reader::KeyReader;
use super::live_state_reader::LiveStateReader;
use super::reload::ContractWatcher;
use super::tls::TlsPlaces;
use super::vendor_fields::follow;

/// How often the gauges are updated. Raw histogram samples are kept until then.
const GAUGE_INTERVAL: Duration = Duration::from_secs(1);

/// The thread of the control runtime. It ends when `stop` is dropped.
pub(super) struct ControlThread {
    pub(super) stop: oneshot::Sender<()>,
    pub(super) thread: thread::JoinHandle<()>,
    pub(super) handle: Handle,
}

impl fmt::Debug for ControlThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlThread").finish_non_exhaustive()
    }
}

/// Where the gauges get their values.
#[derive(Debug)]
pub(super) struct GaugeSources {
    pub(super) metrics: Metrics,
    pub(super) cap: Arc<ConnectionCap>,
    pub(super) live_state: LiveStateReader,
    pub(super) endpoints: EndpointBoard,
}

/// The tasks of the control runtime, besides the admin port.
pub(super) struct ControlTasks {
    pub(super) gauges: GaugeSources,
    pub(super) keys: Option<KeyReader>,
    pub(super) watchers: Vec<ContractWatcher>,
    pub(super) spans: Option<SpanExport>,
    pub(super) tls: TlsPlaces,
    pub(super) endpoints: EndpointWatcher,
    /// The forward proxy.
    pub(super) egress: EgressControl,
    /// The services at the start.
    pub(super) services: Vec<ServiceConfig>,
    /// The folders of the contract caches.
    pub(super) cache_folders: BTreeSet<PathBuf>,
}

/// Where operators connect, before anything is served.
#[derive(Debug)]
pub(super) enum BoundAdmin {
    Tcp(std::net::TcpListener),
    Unix(UnixListener, SocketFile),
}

impl BoundAdmin {
    /// The listener on the current runtime, and its file, which is removed when it is dropped.
    fn watch(self) -> io::Result<(AdminListener, Option<SocketFile>)> {
        match self {
            Self::Tcp(listener) => Ok((TcpListener::from_std(listener)?.into(), None)),
            Self::Unix(listener, file) => {
                let listener = tokio::net::UnixListener::from_std(listener)?;
                Ok((AdminListener::Unix(listener), Some(file)))
            }
        }
    }
}

/// Starts the control thread.
pub(super) fn start_control(
    (bound, admin_tls): (BoundAdmin, Option<AdminTls>),
    admin: AdminState,
    tasks: ControlTasks,
) -> Result<ControlThread, AppError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_start(yield_to_data_cores)
        .build()
        .map_err(AppError::Runtime)?;
    let (listener, file) = {
        let _inside = runtime.enter();
        bound.watch().map_err(AppError::Runtime)?
    };
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel();
    let thread = thread::Builder::new()
        .name("control".to_owned())
        .spawn(move || {
            // Clients of upstreams stay on their thread.
            let local = LocalSet::new();
            let served = local.run_until(async move {
                tokio::spawn(admin::serve(listener, admin_tls, admin));
                let spans = tasks.spawn();
                // A dropped sender ends the wait too.
                let _ = stopped.await;
                flush(spans).await;
            });
            runtime.block_on(served);
            drop((local, file));
            // A read of a hanging file system would never end.
            runtime.shutdown_background();
        })
        .map_err(AppError::Runtime)?;
    Ok(ControlThread {
        stop,
        thread,
        handle,
    })
}

impl ControlTasks {
    /// Spawns every task on the current runtime. Returns the task that exports spans.
    fn spawn(self) -> Option<JoinHandle<()>> {
        let EgressControl { calls, secrets } = self.egress;
        tokio::spawn(follow(secrets, self.gauges.live_state.clone()));
        tokio::spawn(update_gauges(self.gauges, calls));
        // Not awaited: a folder may be on a file system that hangs.
        tokio::task::spawn_blocking(move || {
            for folder in &self.cache_folders {
                remove_old_drafts(folder, SystemTime::now());
            }
        });
        self.tls.follow(&self.services);
        spawn_local(self.endpoints.run());
        for watcher in self.watchers {
            tokio::spawn(watcher.run());
        }
        if let Some(keys) = self.keys {
            tokio::spawn(keys.run());
        }
        self.spans.map(|spans| tokio::spawn(spans.run()))
    }
}

/// Waits until the last spans are exported. The data cores have ended and record no more.
async fn flush(spans: Option<JoinHandle<()>>) {
    let Some(spans) = spans else { return };
    if timeout(SPAN_FLUSH_MAX, spans).await.is_err() {
        tracing::warn!("the collector did not take the last spans in time; they are lost");
    }
}

async fn update_gauges(gauges: GaugeSources, calls: Arc<OpenCalls>) {
    let GaugeSources {
        metrics,
        cap,
        live_state,
        endpoints,
    } = gauges;
    let connections = metrics.connections();
    let body_memory = metrics.body_memory();
    let egress_open = metrics.egress_open();
    let access_log = AccessLog::of_process();
    let mut tick = tokio::time::interval(GAUGE_INTERVAL);
    loop {
        tick.tick().await;
        connections.set(cap.open() as f64);
        egress_open.set(calls.open() as f64);
        body_memory.set(live_state.body_memory() as f64);
        metrics.observe_log(lines_lost());
        access_log.write_folded(Some(Instant::now()));
        live_state.observe(&metrics);
        endpoints.observe(&metrics);
    }
}
