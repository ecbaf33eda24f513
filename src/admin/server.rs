//! Serving the admin port.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::breaker::Guarded;
use crate::squad::Catalog;
use crate::telemetry::Metrics;

use super::access::Access;
use super::answer::{Answer, Refusal, metrics, text};
use super::readiness::Readiness;
use super::routes::{Route, index};
use super::{body, breakers, deploy_windows};

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait before accepting again when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the admin port shows.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Behind `/readyz`.
    pub readiness: Readiness,
    /// Behind `/metrics`.
    pub metrics: Metrics,
    /// Behind `/breakers` and `/deploy-windows`, in the order of the configuration.
    pub services: Arc<[Guarded]>,
    /// Names the squads.
    pub catalog: Arc<Catalog>,
    /// Who may change something.
    pub access: Access,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operator {
    /// From where.
    pub(super) peer: SocketAddr,
}

/// Serves the admin port until the task is dropped.
pub async fn serve(listener: TcpListener, admin: Admin) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(connection(stream, Operator { peer }, admin.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "the admin port cannot accept; trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, operator: Operator, admin: Admin) {
    let service = service_fn(|request| async {
        let answer = answer(request, operator, &admin).await;
        Ok::<_, Infallible>(answer.unwrap_or_else(Answer::from))
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the admin port ended");
    }
}

async fn answer(
    request: Request<Incoming>,
    operator: Operator,
    admin: &Admin,
) -> Result<Answer, Refusal> {
    let (head, incoming) = request.into_parts();
    let route = Route::find(&head.method, head.uri.path())?;
    let mut bytes = Vec::new();
    if route.changes() {
        let checked = admin.access.check(&head);
        // Read even where it is refused, so that the answer reaches a client that still sends.
        let read = body::read(incoming).await;
        checked?;
        bytes = read?;
    }
    perform(admin, operator, route, &bytes)
}

fn perform(
    admin: &Admin,
    operator: Operator,
    route: Route<'_>,
    bytes: &[u8],
) -> Result<Answer, Refusal> {
    match route {
        Route::Index => Ok(text(StatusCode::OK, index())),
        Route::Live => Ok(text(StatusCode::OK, "ok\n".to_owned())),
        Route::Ready => Ok(match &admin.readiness.reasons()[..] {
            [] => text(StatusCode::OK, "ok\n".to_owned()),
            reasons => text(StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n"),
        }),
        Route::Metrics => Ok(metrics(admin.metrics.render())),
        Route::Breakers => Ok(breakers::all(admin)),
        Route::Breaker { service } => breakers::one(admin, service),
        Route::Override {
            service,
            squad,
            tier,
        } => breakers::set(admin, operator, (service, squad, tier), bytes),
        Route::DeployWindows => Ok(deploy_windows::all(admin)),
        Route::OpenWindow { service } => deploy_windows::open(admin, operator, service, bytes),
        Route::CloseWindow { service } => deploy_windows::close(admin, operator, service, bytes),
    }
}
