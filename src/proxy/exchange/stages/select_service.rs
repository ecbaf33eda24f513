//! Which service a request belongs to, and whom it comes from.

use std::rc::Rc;
use std::time::Instant;

use http::HeaderMap;
use http::header::HOST;
use tower::Service;

use crate::identity::{CallerIdentity, IdentityFault};

use super::staged_request::{ExchangeProblem, IdentifiedRequest, RoutedRequest, ServiceAnswer};
use crate::proxy::exchange::active_config::ActiveService;
use crate::proxy::exchange::answer_table::ProblemCause;
use crate::proxy::exchange::data_core::{DataCore, ServiceLookup};
use crate::proxy::exchange::request_record::{RequestMeta, RequestRecord};

pub(in crate::proxy) async fn select_service<S>(
    core: Rc<DataCore>,
    identified: IdentifiedRequest,
    mut next: S,
) -> Result<ServiceAnswer, ExchangeProblem>
where
    S: Service<RoutedRequest, Response = ServiceAnswer, Error = ExchangeProblem>,
{
    let started = Instant::now();
    let IdentifiedRequest {
        id,
        mut request,
        peer,
        trace,
    } = identified;
    let host = host_of(request.headers());
    let view = core.snapshot();
    let service = match view.service(host, request.uri().path()) {
        ServiceLookup::Service(service) => service,
        ServiceLookup::NoContract(awaited) => return Err(refused(no_contract(awaited))),
        ServiceLookup::NotFound => {
            core.recorder.unrouted();
            return Err(refused(ProblemCause::NoService));
        }
    };
    let claim = core.identification.identify(
        request.headers_mut(),
        peer.trusted,
        &view.live.config.catalog,
    );
    let (claim, fault) = match claim {
        Ok(claim) => (claim, None),
        Err(fault) => (CallerIdentity::default(), Some(fault)),
    };
    let asked = RequestMeta {
        id,
        method: request.method().clone(),
        target: request.uri().clone(),
        peer: Rc::clone(&peer),
        trace,
    };
    let ledger = Rc::new(RequestRecord::open(
        Rc::clone(service),
        claim,
        asked,
        started,
    ));
    if let Some(fault) = fault {
        core.recorder.identity_fault(fault.name());
        refuse(fault, &ledger)?;
    }
    next.call(RoutedRequest {
        request,
        peer,
        ledger,
        reported: Vec::new(),
    })
    .await
}

fn refused(cause: ProblemCause) -> ExchangeProblem {
    ExchangeProblem {
        cause,
        ledger: None,
    }
}

fn no_contract(awaited: &ActiveService) -> ProblemCause {
    ProblemCause::NoContract {
        service: awaited.config.name.clone(),
    }
}

/// The host without its port.
fn host_of(headers: &HeaderMap) -> &str {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    match host.rfind([':', ']']) {
        Some(at) if host.as_bytes()[at] == b':' => &host[..at],
        _ => host,
    }
}

/// A legacy service takes whoever calls for unknown; any other one wants it mended.
fn refuse(fault: IdentityFault, ledger: &Rc<RequestRecord>) -> Result<(), ExchangeProblem> {
    if ledger.service.config().legacy {
        let service = &ledger.service.config().name;
        tracing::info!(service, %fault, "the caller is taken for unknown");
        return Ok(());
    }
    Err(ExchangeProblem::new(ProblemCause::Identity(fault), ledger))
}
