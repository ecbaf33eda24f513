//! Serves the admin port.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use http::request::Parts;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use portcullis_telemetry::LogThrottle;

use super::admin_access::{ChangeMediaType, is_bundle};
use super::admin_body::AdminBodyLimits;
use super::admin_listener::{AdminListener, AdminStream};
use super::admin_response::{AdminRefusal, AdminResponse, metrics, text};
use super::admin_route::AdminRoute;
use super::admin_state::{AdminState, Operator};
use super::admin_tls::AdminTls;
use super::breakers::BreakerPath;
use super::{
    admin_body, breakers, config_view, contracts, dashboard, dependency_view, deploy_windows,
    tls_view, traffic_view, upstreams_view,
};

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause before the next accept when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves the admin port, with TLS if it has any. Ends only with its task.
pub async fn serve(listener: impl Into<AdminListener>, tls: Option<AdminTls>, admin: AdminState) {
    let listener = listener.into();
    let failures = LogThrottle::new();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(connection(
                    stream,
                    tls.clone(),
                    Operator { peer },
                    admin.clone(),
                ));
            }
            Err(error) => {
                if let Some(suppressed) = failures.pass(Instant::now()) {
                    tracing::warn!(%error, suppressed, "the admin port cannot accept a connection; retrying");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: AdminStream,
    tls: Option<AdminTls>,
    operator: Operator,
    admin: AdminState,
) {
    match (stream, tls) {
        (AdminStream::Unix(stream), _) => serve_stream(stream, operator, admin).await,
        (AdminStream::Tcp(stream), None) => serve_stream(stream, operator, admin).await,
        (AdminStream::Tcp(stream), Some(tls)) => {
            if let Some(stream) = tls.open(stream).await {
                serve_stream(stream, operator, admin).await;
            }
        }
    }
}

async fn serve_stream<S>(stream: S, operator: Operator, admin: AdminState)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
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
        tracing::debug!(%error, "an admin connection failed");
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
                AdminBodyLimits::contract(admin.contract_bytes_max, is_bundle(&head.headers)),
            ),
            _ => (ChangeMediaType::Object, AdminBodyLimits::OBJECT),
        };
        let checked = admin.access.check(&head, media);
        // The body is read before a refusal, so that a client that is still sending gets the
        // response. Without access to changes, only the smallest limit applies.
        let bounds = checked
            .as_ref()
            .map_or(AdminBodyLimits::OBJECT, |()| bounds);
        let read = admin_body::read(incoming, bounds).await;
        checked?;
        bytes = read?;
    } else if !route.is_probe() {
        admin.access.check_view(&head)?;
    }
    perform(admin, operator, route, &head, bytes).await
}

async fn perform(
    admin: &AdminState,
    operator: Operator,
    route: AdminRoute<'_>,
    head: &Parts,
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
                "metrics are disabled; set `metrics.enabled = true` and restart",
            )
        }),
        AdminRoute::Traffic => Ok(traffic_view::all(&*admin.traffic)),
        AdminRoute::ServiceTraffic { service } => traffic_view::one(&*admin.traffic, service),
        AdminRoute::Objectives => Ok(traffic_view::objectives(&*admin.traffic)),
        AdminRoute::Dependencies => Ok(dependency_view::all(&*admin.dependencies)),
        AdminRoute::Deprecations => Ok(traffic_view::deprecations(&*admin.traffic)),
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
        } => {
            let path = BreakerPath {
                service,
                squad,
                tier,
            };
            breakers::set(&admin.protection_snapshot(), operator, path, &bytes)
        }
        AdminRoute::DeployWindows => Ok(deploy_windows::all(&admin.protection_snapshot())),
        AdminRoute::OpenWindow { service } => {
            deploy_windows::open(&admin.protection_snapshot(), operator, service, &bytes)
        }
        AdminRoute::CloseWindow { service } => {
            deploy_windows::close(&admin.protection_snapshot(), operator, service, &bytes)
        }
        AdminRoute::Tls => Ok(tls_view::all(&*admin.tls)),
        AdminRoute::Upstreams => Ok(upstreams_view::all(&*admin.endpoints)),
        AdminRoute::Contracts => Ok(contracts::all(admin)),
        AdminRoute::Contract { service } => contracts::one(admin, service),
        AdminRoute::Reload { service } => contracts::reload(admin, operator, service, &bytes).await,
        AdminRoute::Candidate { service } => contracts::candidate(admin, service),
        AdminRoute::Propose { service } => {
            contracts::propose(admin, operator, service, head, bytes).await
        }
        AdminRoute::Promote { service } => {
            contracts::promote(admin, operator, service, &bytes).await
        }
        AdminRoute::Drop { service } => {
            contracts::drop_candidate(admin, operator, service, &bytes).await
        }
        AdminRoute::Config => Ok(config_view::active(&admin.contracts.config())),
        AdminRoute::ReloadConfig => contracts::reload_config(admin, operator, &bytes).await,
    }
}
