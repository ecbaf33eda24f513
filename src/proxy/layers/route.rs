//! Which service a request belongs to, and whom it comes from.

use std::rc::Rc;
use std::time::Instant;

use http::HeaderMap;
use http::header::HOST;
use tower::Service;

use crate::identity::{Claim, IdentityFault};

use super::super::answer::Cause;
use super::super::core::{Core, Found};
use super::super::ledger::{Asked, Ledger};
use super::super::live::LiveService;
use super::stage::{Answered, Identified, Refused, Routed};

pub(in crate::proxy) async fn route<S>(
    core: Rc<Core>,
    identified: Identified,
    mut next: S,
) -> Result<Answered, Refused>
where
    S: Service<Routed, Response = Answered, Error = Refused>,
{
    let started = Instant::now();
    let Identified {
        id,
        mut request,
        peer,
        trace,
    } = identified;
    let host = host_of(request.headers());
    let view = core.view();
    let service = match view.service(host, request.uri().path()) {
        Found::Service(service) => service,
        Found::Awaited(awaited) => return Err(refused(awaiting(awaited))),
        Found::Nobody => {
            core.recorder.unrouted();
            return Err(refused(Cause::NoService));
        }
    };
    let claim = core.identification.identify(
        request.headers_mut(),
        peer.trusted,
        &view.live.config.catalog,
    );
    let (claim, fault) = match claim {
        Ok(claim) => (claim, None),
        Err(fault) => (Claim::default(), Some(fault)),
    };
    let asked = Asked {
        id,
        method: request.method().clone(),
        target: request.uri().clone(),
        peer: Rc::clone(&peer),
        trace,
    };
    let ledger = Rc::new(Ledger::open(Rc::clone(service), claim, asked, started));
    if let Some(fault) = fault {
        core.recorder.identity_fault(fault.name());
        refuse(fault, &ledger)?;
    }
    next.call(Routed {
        request,
        peer,
        ledger,
        reported: Vec::new(),
    })
    .await
}

fn refused(cause: Cause) -> Refused {
    Refused {
        cause,
        ledger: None,
    }
}

fn awaiting(awaited: &LiveService) -> Cause {
    Cause::NoContract {
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
fn refuse(fault: IdentityFault, ledger: &Rc<Ledger>) -> Result<(), Refused> {
    if ledger.service.config().legacy {
        let service = &ledger.service.config().name;
        tracing::info!(service, %fault, "the caller is taken for unknown");
        return Ok(());
    }
    Err(Refused::new(Cause::Identity(fault), ledger))
}
