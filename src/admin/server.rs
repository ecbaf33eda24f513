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
use portcullis_breaker::ServiceProtection;
use portcullis_vocabulary::Catalog;

use super::admin_access::{AdminAccess, ChangeMediaType};
use super::admin_body::AdminBodyLimits;
use super::admin_response::{AdminRefusal, AdminResponse, metrics, text};
use super::admin_route::AdminRoute;
use super::contracts::ContractControl;
use super::readiness::Readiness;
use super::traffic_view::TrafficSource;
use super::{admin_body, breakers, contracts, dashboard, deploy_windows, traffic_view};

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait before accepting again when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the admin port shows.
#[derive(Clone, Debug)]
pub struct AdminState {
    /// Behind `/readyz`.
    pub readiness: Readiness,
    /// Behind `/metrics`.
    pub metrics: Metrics,
    /// Behind `/breakers` and `/deploy-windows`.
    pub guards: Arc<dyn ProtectionSource>,
    /// Behind `/traffic` and `/owners`.
    pub traffic: Arc<dyn TrafficSource>,
    /// Behind `/contracts` and `/config`.
    pub contracts: Arc<dyn ContractControl>,
    /// The largest contract that is taken, in bytes.
    pub contract_bytes_max: usize,
    /// Who may change something.
    pub access: AdminAccess,
}

/// What guards the services, whichever configuration is in force.
pub trait ProtectionSource: Send + Sync + std::fmt::Debug {
    /// The guards in the order of the configuration, and the catalog that names squads.
    fn protection(&self) -> (Vec<ServiceProtection>, Arc<Catalog>);
}

/// What is guarded at one time.
#[derive(Debug)]
pub(super) struct ProtectionSnapshot {
    /// In the order of the configuration.
    pub(super) services: Vec<ServiceProtection>,
    /// Names the squads.
    pub(super) catalog: Arc<Catalog>,
}

impl AdminState {
    /// What is guarded now.
    pub(super) fn protection_snapshot(&self) -> ProtectionSnapshot {
        let (services, catalog) = self.guards.protection();
        ProtectionSnapshot { services, catalog }
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operator {
    /// From where.
    pub(super) peer: SocketAddr,
}

/// Serves the admin port until the task is dropped.
pub async fn serve(listener: TcpListener, admin: AdminState) {
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

async fn connection(stream: TcpStream, operator: Operator, admin: AdminState) {
    let service = service_fn(|request| async {
        let answer = answer(request, operator, &admin).await;
        Ok::<_, Infallible>(answer.unwrap_or_else(AdminResponse::from))
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
    admin: &AdminState,
) -> Result<AdminResponse, AdminRefusal> {
    let (head, incoming) = request.into_parts();
    let route = AdminRoute::find(&head.method, head.uri.path())?;
    let mut bytes = Vec::new();
    if route.is_change() {
        let (media, bounds) = match route {
            AdminRoute::Propose { .. } => (
                ChangeMediaType::Contract,
                AdminBodyLimits::contract(admin.contract_bytes_max),
            ),
            _ => (ChangeMediaType::Object, AdminBodyLimits::OBJECT),
        };
        let checked = admin.access.check(&head, media);
        // Read even where it is refused, so that the answer reaches a client that still sends;
        // but whoever may change nothing makes us hold no more than any other.
        let bounds = checked
            .as_ref()
            .map_or(AdminBodyLimits::OBJECT, |()| bounds);
        let read = admin_body::read(incoming, bounds).await;
        checked?;
        bytes = read?;
    } else if !route.is_probe() {
        admin.access.check_view(&head)?;
    }
    perform(admin, operator, (route, &head), bytes).await
}

async fn perform(
    admin: &AdminState,
    operator: Operator,
    (route, head): (AdminRoute<'_>, &Parts),
    bytes: Vec<u8>,
) -> Result<AdminResponse, AdminRefusal> {
    match route {
        AdminRoute::Index => Ok(dashboard::front(&head.headers)),
        AdminRoute::Live => Ok(text(StatusCode::OK, "ok\n".to_owned())),
        AdminRoute::Ready => Ok(match &admin.readiness.reasons()[..] {
            [] => text(StatusCode::OK, "ok\n".to_owned()),
            reasons => text(StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n"),
        }),
        AdminRoute::Metrics => admin.metrics.render().map(metrics).ok_or_else(|| {
            AdminRefusal::new(
                StatusCode::NOT_FOUND,
                "metrics are switched off; set `metrics.enabled = true` and start again",
            )
        }),
        AdminRoute::Traffic => Ok(traffic_view::all(&*admin.traffic)),
        AdminRoute::ServiceTraffic { service } => traffic_view::one(&*admin.traffic, service),
        AdminRoute::Owners => Ok(traffic_view::owners(
            &*admin.traffic,
            &admin.protection_snapshot().catalog,
        )),
        AdminRoute::Breakers => Ok(breakers::all(&admin.protection_snapshot())),
        AdminRoute::Breaker { service } => breakers::one(&admin.protection_snapshot(), service),
        AdminRoute::Override {
            service,
            squad,
            tier,
        } => breakers::set(
            &admin.protection_snapshot(),
            operator,
            (service, squad, tier),
            &bytes,
        ),
        AdminRoute::DeployWindows => Ok(deploy_windows::all(&admin.protection_snapshot())),
        AdminRoute::OpenWindow { service } => {
            deploy_windows::open(&admin.protection_snapshot(), operator, service, &bytes)
        }
        AdminRoute::CloseWindow { service } => {
            deploy_windows::close(&admin.protection_snapshot(), operator, service, &bytes)
        }
        AdminRoute::Contracts => Ok(contracts::all(admin)),
        AdminRoute::Contract { service } => contracts::one(admin, service),
        AdminRoute::Reload { service } => contracts::reload(admin, operator, service, &bytes).await,
        AdminRoute::Candidate { service } => contracts::candidate(admin, service),
        AdminRoute::Propose { service } => {
            contracts::propose(admin, operator, (service, head.uri.query()), bytes).await
        }
        AdminRoute::Promote { service } => {
            contracts::promote(admin, operator, service, &bytes).await
        }
        AdminRoute::Drop { service } => {
            contracts::drop_candidate(admin, operator, service, &bytes).await
        }
        AdminRoute::ReloadConfig => contracts::reload_config(admin, operator, &bytes).await,
    }
}
