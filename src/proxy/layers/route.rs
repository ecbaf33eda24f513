//! Which service a request belongs to, and whom it comes from.

use std::rc::Rc;
use std::time::Instant;

use http::header::HOST;
use http::{HeaderMap, HeaderName};
use tower::Service;

use crate::squad::Consumer;

use super::super::answer::Cause;
use super::super::core::Core;
use super::super::headers::Peer;
use super::super::ledger::Ledger;
use super::stage::{Answered, Identified, Refused, Routed};

const X_SQUAD_OWNER: HeaderName = HeaderName::from_static("x-squad-owner");

pub(in crate::proxy) async fn route<S>(
    core: Rc<Core>,
    identified: Identified,
    mut next: S,
) -> Result<Answered, Refused>
where
    S: Service<Routed, Response = Answered, Error = Refused>,
{
    let started = Instant::now();
    let Identified { request, peer } = identified;
    let host = host_of(request.headers());
    let Some(service) = core.service(host, request.uri().path()) else {
        core.recorder.unrouted();
        return Err(Refused {
            cause: Cause::NoService,
            ledger: None,
        });
    };
    let consumer = consumer_of(&core, request.headers(), &peer);
    let ledger = Rc::new(Ledger::open(Rc::clone(service), consumer, started));
    next.call(Routed {
        request,
        peer,
        ledger,
        reported: Vec::new(),
    })
    .await
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

fn consumer_of(core: &Core, headers: &HeaderMap, peer: &Peer) -> Consumer {
    let claims = headers
        .get_all(X_SQUAD_OWNER)
        .iter()
        .map(|value| value.as_bytes());
    Consumer::identify(&core.catalog, claims, peer.address.ip(), &core.trusted)
}
