//! Selects the service of a request and identifies the caller.

use std::rc::Rc;

use http::Request;
use http::header::HOST;

use portcullis_identity::{CallerIdentity, IdentityFault, RequestSender};
use portcullis_telemetry::{LineKind, RequestOutcome};
use portcullis_vocabulary::{Catalog, Tier};

use super::staged_request::{ExchangeProblem, IdentifiedRequest, RoutedRequest};
use crate::exchange::answer_table::ProblemCause;
use crate::exchange::data_core::{CoreSnapshot, DataCore, ServiceLookup, host_of};
use crate::exchange::request_meta::RequestMeta;
use crate::exchange::request_record::RequestRecord;
use crate::exchange::unrecorded_request::UnrecordedRequest;
use crate::exchange::vendor_call::VendorCall;
use crate::exchange::verdict_question::read_question;
use crate::headers::{NameTraits, Peer, field_value};
use crate::poll_clock;

pub(in crate::exchange) fn select_service(
    core: &DataCore,
    identified: IdentifiedRequest,
) -> Result<RoutedRequest, ExchangeProblem> {
    let started = poll_clock::now();
    let IdentifiedRequest {
        id,
        mut request,
        body,
        peer,
        trace,
        vendor_call,
        traits,
    } = identified;
    let host = host_field(&request);
    let snapshot = snapshot_for(core, vendor_call.as_deref());
    if vendor_call.is_none() && host.is_some() && !peer.serves_host(host_of(host)) {
        return Err(unrouted(ProblemCause::Misdirected, &request));
    }
    let found = match &vendor_call {
        Some(call) => snapshot.vendor(&call.service),
        None => snapshot.service(host, request.uri().path()),
    };
    let service = match found {
        ServiceLookup::Service(service) => service,
        ServiceLookup::NoContract(service) => {
            let service = service.config.name.clone();
            return Err(unrouted(ProblemCause::NoContract { service }, &request));
        }
        ServiceLookup::NotFound => {
            core.recorder.unrouted();
            return Err(unrouted(ProblemCause::NoService, &request));
        }
    };
    let catalog = &snapshot.active.config.catalog;
    let caller = (&*peer, vendor_call.as_deref());
    let (identity, fault) = identify(core, &mut request, caller, catalog);
    if identity.has_untrusted_claim {
        let needs_proof = core.identification.needs_proof();
        let peer = peer.address.ip();
        service.recorder.untrusted_claim(peer, needs_proof);
    }
    let target_bytes_max = service.active.limits.request_target_bytes_max;
    let question = read_question(service.config(), target_bytes_max, &peer, &mut request);
    let meta = RequestMeta {
        id,
        method: request.method().clone(),
        target: request.uri().clone(),
        peer: Rc::clone(&peer),
        connection: body.connection(),
        trace,
    };
    let record = Rc::new(RequestRecord::open(
        Rc::clone(service),
        identity,
        meta,
        started,
    ));
    question.map_err(|cause| ExchangeProblem::new(cause, &record))?;
    if let Some(fault) = fault {
        core.recorder.identity_fault(fault.name());
        refuse_identity(fault, &record)?;
    }
    let via = record.service.via.as_ref();
    if traits.has(NameTraits::VIA) && via.is_some_and(|via| via.has_passed(request.headers())) {
        return Err(ExchangeProblem::new(ProblemCause::Loop, &record));
    }
    Ok(RoutedRequest {
        request,
        body,
        peer,
        record,
        traits,
    })
}

/// The configuration of a request: the active one, or that by which a call of a vendor was prepared.
fn snapshot_for(core: &DataCore, vendor_call: Option<&VendorCall>) -> Rc<CoreSnapshot> {
    match vendor_call {
        Some(call) => Rc::clone(&call.snapshot),
        None => core.snapshot(),
    }
}

/// The `Host` of a request, if it is text.
fn host_field(request: &Request<()>) -> Option<&str> {
    field_value(request.headers(), &HOST)?.to_str().ok()
}

/// The caller. With a fault it is the unknown consumer.
fn identify(
    core: &DataCore,
    request: &mut Request<()>,
    (peer, vendor_call): (&Peer, Option<&VendorCall>),
    catalog: &Catalog,
) -> (CallerIdentity, Option<IdentityFault>) {
    if let Some(call) = vendor_call {
        return (caller_of(call, catalog), None);
    }
    let sender = RequestSender {
        is_trusted: peer.trusted,
        certificate_uris: peer.certificate_uris(),
    };
    let identified = core
        .identification
        .identify(request.headers_mut(), sender, catalog);
    match identified {
        Ok(identity) => (identity, None),
        Err(fault) => (CallerIdentity::default(), Some(fault)),
    }
}

/// The caller of a vendor, with the tier that the catalog grants it.
fn caller_of(call: &VendorCall, catalog: &Catalog) -> CallerIdentity {
    CallerIdentity {
        caller: catalog.caller(call.consumer, Tier::Gold),
        ..CallerIdentity::default()
    }
}

/// The problem of a request that reaches no service.
fn unrouted<B>(cause: ProblemCause, request: &Request<B>) -> ExchangeProblem {
    ExchangeProblem::without_record(cause, UnrecordedRequest::of_request(request))
}

/// Refuses a caller whose identity is invalid. A legacy service treats such a caller as unknown.
fn refuse_identity(
    fault: IdentityFault,
    record: &Rc<RequestRecord>,
) -> Result<(), ExchangeProblem> {
    if record.service.config().legacy {
        let kind = LineKind {
            error: Some(fault.name()),
            ..record.line_kind(RequestOutcome::Answered)
        };
        if record.service.access.admits(kind) {
            let service = &record.service.config().name;
            tracing::info!(service, %fault, "invalid identity; the caller is treated as unknown");
        }
        return Ok(());
    }
    Err(ExchangeProblem::new(ProblemCause::Identity(fault), record))
}
