//! Serving the admin port.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::telemetry::Metrics;
use portcullis_breaker::Guarded;
use portcullis_vocabulary::Catalog;

use super::access::{Access, Media};
use super::answer::{Answer, Refusal, metrics, text};
use super::body::Bounds;
use super::contracts::Contracts;
use super::readiness::Readiness;
use super::routes::Route;
use super::traffic::Traffic;
use super::{body, breakers, contracts, dashboard, deploy_windows, traffic};

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
    /// Behind `/breakers` and `/deploy-windows`.
    pub guards: Arc<dyn Guards>,
    /// Behind `/traffic` and `/owners`.
    pub traffic: Arc<dyn Traffic>,
    /// Behind `/contracts` and `/config`.
    pub contracts: Arc<dyn Contracts>,
    /// The largest contract that is taken, in bytes.
    pub contract_bytes_max: usize,
    /// Who may change something.
    pub access: Access,
}

/// What guards the services, whichever configuration is in force.
pub trait Guards: Send + Sync + std::fmt::Debug {
    /// The guards in the order of the configuration, and the catalog that names squads.
    fn guards(&self) -> (Vec<Guarded>, Arc<Catalog>);
}

/// What is guarded at one time.
#[derive(Debug)]
pub(super) struct Watched {
    /// In the order of the configuration.
    pub(super) services: Vec<Guarded>,
    /// Names the squads.
    pub(super) catalog: Arc<Catalog>,
}

impl Admin {
    /// What is guarded now.
    pub(super) fn watched(&self) -> Watched {
        let (services, catalog) = self.guards.guards();
        Watched { services, catalog }
    }
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
        let (media, bounds) = match route {
            Route::Propose { .. } => (Media::Contract, Bounds::contract(admin.contract_bytes_max)),
            _ => (Media::Object, Bounds::OBJECT),
        };
        let checked = admin.access.check(&head, media);
        // Read even where it is refused, so that the answer reaches a client that still sends;
        // but whoever may change nothing makes us hold no more than any other.
        let bounds = checked.as_ref().map_or(Bounds::OBJECT, |()| bounds);
        let read = body::read(incoming, bounds).await;
        checked?;
        bytes = read?;
    } else if !route.is_probe() {
        admin.access.check_view(&head)?;
    }
    perform(admin, operator, (route, &head), bytes).await
}

async fn perform(
    admin: &Admin,
    operator: Operator,
    (route, head): (Route<'_>, &Parts),
    bytes: Vec<u8>,
) -> Result<Answer, Refusal> {
    match route {
        Route::Index => Ok(dashboard::front(&head.headers)),
        Route::Live => Ok(text(StatusCode::OK, "ok\n".to_owned())),
        Route::Ready => Ok(match &admin.readiness.reasons()[..] {
            [] => text(StatusCode::OK, "ok\n".to_owned()),
            reasons => text(StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n"),
        }),
        Route::Metrics => admin.metrics.render().map(metrics).ok_or_else(|| {
            Refusal::new(
                StatusCode::NOT_FOUND,
                "metrics are switched off; set `metrics.enabled = true` and start again",
            )
        }),
        Route::Traffic => Ok(traffic::all(&*admin.traffic)),
        Route::ServiceTraffic { service } => traffic::one(&*admin.traffic, service),
        Route::Owners => Ok(traffic::owners(&*admin.traffic, &admin.watched().catalog)),
        Route::Breakers => Ok(breakers::all(&admin.watched())),
        Route::Breaker { service } => breakers::one(&admin.watched(), service),
        Route::Override {
            service,
            squad,
            tier,
        } => breakers::set(&admin.watched(), operator, (service, squad, tier), &bytes),
        Route::DeployWindows => Ok(deploy_windows::all(&admin.watched())),
        Route::OpenWindow { service } => {
            deploy_windows::open(&admin.watched(), operator, service, &bytes)
        }
        Route::CloseWindow { service } => {
            deploy_windows::close(&admin.watched(), operator, service, &bytes)
        }
        Route::Contracts => Ok(contracts::all(admin)),
        Route::Contract { service } => contracts::one(admin, service),
        Route::Reload { service } => contracts::reload(admin, operator, service, &bytes).await,
        Route::Candidate { service } => contracts::candidate(admin, service),
        Route::Propose { service } => {
            contracts::propose(admin, operator, (service, head.uri.query()), bytes).await
        }
        Route::Promote { service } => contracts::promote(admin, operator, service, &bytes).await,
        Route::Drop { service } => {
            contracts::drop_candidate(admin, operator, service, &bytes).await
        }
        Route::ReloadConfig => contracts::reload_config(admin, operator, &bytes).await,
    }
}
