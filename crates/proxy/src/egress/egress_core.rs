//! The calls of services on one data core: those to the forward proxy, whose way is one function, and
//! those to the addresses of vendors.

use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HOST;
use http::{Method, Request, Response};
use portcullis_config::{Config, ListenAddress, UndeclaredPolicy};
use portcullis_egress::{CallDestination, DependencyPattern, HostFault};
use portcullis_telemetry::{DependencyLedger, EgressVerdict, Metrics};

use super::checked_hosts::{CheckedHosts, OwnAddresses};
use super::egress_caller::EgressCaller;
use super::egress_problem::problem_response;
use super::egress_record::{CallAnswer, CallState, EgressRecord};
use super::egress_refusal::EgressRefusal;
use super::forward_call::{open_tunnel, send};
use super::host_lookup::HostLookup;
use super::open_calls::OpenCalls;
use super::vendor_exchange::CalledVendor;
use super::vendor_pauses::VendorPauses;
use super::vendor_secrets::VendorSecrets;
use crate::body::RequestBody;
use crate::client::{
    BoundListener, HandshakeFailure, IncomingRequest, ListenerSettings, RequestHandler,
};
use crate::connection_state::ConnectionState;
use crate::exchange::{ActiveConfig, AnswerBody, CoreSnapshot, DataCore};
use crate::headers::{Peer, random_request_id};
use crate::inspect::HttpRefusal;

/// The port of a request without one.
const HTTP_PORT: u16 = 80;

/// The name of the forward proxy in `Via`, with the number of the process.
const VIA_NAME: &str = "egress";

/// What all data cores share of the calls of services.
#[derive(Clone, Debug)]
pub struct EgressResources {
    /// How the forward proxy serves connections.
    pub settings: ListenerSettings,
    /// How the addresses of vendors serve connections: they are not proxies.
    pub vendor_settings: ListenerSettings,
    /// The calls that were made.
    pub ledger: Arc<DependencyLedger>,
    /// The calls that are open.
    pub calls: Arc<OpenCalls>,
    /// The header fields that vendors get.
    pub secrets: VendorSecrets,
    /// The vendors that have asked for a pause.
    pub pauses: VendorPauses,
}

/// The sockets of one data core for calls of services.
#[derive(Debug, Default)]
pub struct EgressSockets {
    /// The forward proxy, if there is one.
    pub proxy: Option<BoundListener>,
    /// The addresses of vendors, by the names of their services.
    pub vendors: Vec<(String, BoundListener)>,
}

/// The calls of services on one data core.
#[derive(Debug)]
pub(crate) struct EgressCore {
    data: Rc<DataCore>,
    ledger: Arc<DependencyLedger>,
    calls: Arc<OpenCalls>,
    secrets: VendorSecrets,
    pauses: VendorPauses,
    metrics: Metrics,
    hosts: CheckedHosts,
}

impl EgressCore {
    /// The calls that arrive at these sockets.
    pub(crate) fn new(
        data: Rc<DataCore>,
        resources: &EgressResources,
        metrics: &Metrics,
        sockets: &EgressSockets,
    ) -> Rc<Self> {
        let vendors = sockets.vendors.iter().map(|(_, bound)| bound);
        let own = OwnAddresses {
            proxy: tcp_addresses(sockets.proxy.iter()),
            vendors: tcp_addresses(vendors),
        };
        Rc::new(Self {
            data,
            ledger: Arc::clone(&resources.ledger),
            calls: Arc::clone(&resources.calls),
            secrets: resources.secrets.clone(),
            pauses: resources.pauses.clone(),
            metrics: metrics.clone(),
            hosts: CheckedHosts::new(HostLookup::System, own),
        })
    }

    /// The way of a call.
    async fn call(
        &self,
        snapshot: &Rc<CoreSnapshot>,
        request: Box<Request<()>>,
        (body, peer): (RequestBody, Rc<Peer>),
        record: &Rc<EgressRecord>,
    ) -> Result<Response<AnswerBody>, EgressRefusal> {
        let active = &snapshot.active;
        let config = &active.config;
        // Where does it go?
        let to = destination(&request).map_err(EgressRefusal::Host)?;
        let is_own = self.hosts.is_own_destination(&to);
        let is_plain = request.method() != Method::CONNECT;
        let vendor = CalledVendor::find(config, &to, is_own, request.uri().path());
        if let Some(vendor) = vendor.filter(|_| is_plain) {
            record.set_destination(&vendor.destination(to));
            return self
                .call_vendor(snapshot, vendor, request, (body, peer), record)
                .await;
        }
        record.set_destination(&to);
        // Is there room for it?
        let permit = self.calls.enter(false).ok_or(EgressRefusal::TooMany)?;
        record.hold(permit);
        // Was it here before?
        let via = active.pseudonym(VIA_NAME);
        if via.has_passed(request.headers()) {
            return Err(EgressRefusal::Loop);
        }
        // Is it declared? Asked before the name is resolved, which others can see.
        let declared = judge(config, record, &to)?;
        let (verdict, pattern) = (declared.verdict, declared.pattern);
        let pattern = pattern.as_ref().map(DependencyPattern::as_str);
        // May its address be dialled?
        let client = match self.hosts.client(&to, config).await {
            Ok(client) => client,
            Err(refusal) => {
                let is_denied = matches!(refusal, EgressRefusal::Denied(_));
                let verdict = if is_denied {
                    EgressVerdict::Denied
                } else {
                    verdict
                };
                record.decide(verdict, pattern);
                return Err(refusal);
            }
        };
        record.decide(verdict, pattern);
        if request.method() == Method::CONNECT {
            return open_tunnel(&client, record).await;
        }
        send(&client, request, body, record, (config, &via)).await
    }

    /// The way of a call to the own address of a vendor.
    async fn call_at(
        &self,
        vendor: &str,
        snapshot: &Rc<CoreSnapshot>,
        request: Box<Request<()>>,
        message: (RequestBody, Rc<Peer>),
        record: &Rc<EgressRecord>,
    ) -> Result<Response<AnswerBody>, EgressRefusal> {
        let named = CalledVendor::named(&snapshot.active.config, vendor);
        let vendor = named.ok_or_else(|| EgressRefusal::RemovedVendor(vendor.to_owned()))?;
        let to = destination(&request).map_err(EgressRefusal::Host)?;
        record.set_destination(&vendor.destination(to));
        self.call_vendor(snapshot, vendor, request, message, record)
            .await
    }

    /// The way of a call of a vendor, as far as it differs from that of a request to a service.
    async fn call_vendor(
        &self,
        snapshot: &Rc<CoreSnapshot>,
        vendor: CalledVendor<'_>,
        mut request: Box<Request<()>>,
        message: (RequestBody, Rc<Peer>),
        record: &Rc<EgressRecord>,
    ) -> Result<Response<AnswerBody>, EgressRefusal> {
        let config = &snapshot.active.config;
        let permit = self.calls.enter(true).ok_or(EgressRefusal::TooMany)?;
        record.hold(permit);
        // May this caller use the vendor?
        if !vendor.is_used_by(&record.caller) {
            let is_refused = config.egress.undeclared == UndeclaredPolicy::Enforce;
            if is_refused {
                record.decide(EgressVerdict::Refused, None);
                return Err(EgressRefusal::NotUsed(vendor.name().to_owned()));
            }
            record.decide(EgressVerdict::Undeclared, None);
        } else {
            let pattern = format!("vendor:{}", vendor.name());
            record.decide(EgressVerdict::Declared, Some(&pattern));
        }
        vendor.pause(&self.pauses)?;
        vendor.prepare(&mut request, &self.secrets)?;
        record.leave_to_service();
        let caller = (snapshot, record.caller.consumer(&config.catalog));
        let response = vendor.call(&self.data, request, message, caller, &self.pauses);
        Ok(response.await)
    }

    fn open_record(
        &self,
        active: &ActiveConfig,
        request: Option<&Request<()>>,
        connection: Rc<ConnectionState>,
        peer: &Peer,
    ) -> Rc<EgressRecord> {
        let config = &active.config;
        let caller = match request {
            Some(request) => EgressCaller::of(&self.data, config, request.headers(), peer),
            None => EgressCaller::default(),
        };
        Rc::new(EgressRecord {
            caller,
            id: random_request_id(),
            method: request.map(|request| request.method().clone()),
            path: request.and_then(|request| self.data.shown_path(active, request)),
            peer: peer.address.ip(),
            connection,
            access: self.data.service_access_log(active),
            ledger: Arc::clone(&self.ledger),
            metrics: self.metrics.clone(),
            tunnel_idle_timeout: config.egress.tunnel_idle_timeout,
            state: CallState::new(),
        })
    }
}

impl RequestHandler for EgressCore {
    fn handle(
        self: Rc<Self>,
        incoming: IncomingRequest,
    ) -> impl Future<Output = Response<AnswerBody>> + 'static {
        answer(self, None, incoming)
    }

    fn refuse(&self, refusal: HttpRefusal, peer: &Peer, _: &[u8]) -> Response<Bytes> {
        self.data.note_http_refusal(refusal);
        let active = self.data.active();
        let connection = Rc::new(ConnectionState::new());
        let record = self.open_record(&active, None, connection, peer);
        answer_refusal(&record, &EgressRefusal::Http(refusal))
    }

    fn note_handshake(&self, failure: HandshakeFailure) {
        self.data.note_handshake(failure);
    }
}

/// The address of a vendor on one data core.
#[derive(Debug)]
pub(crate) struct VendorPort {
    core: Rc<EgressCore>,
    vendor: Rc<str>,
}

impl VendorPort {
    /// The address of the vendor with this name.
    pub(crate) fn new(core: &Rc<EgressCore>, vendor: &str) -> Rc<Self> {
        Rc::new(Self {
            core: Rc::clone(core),
            vendor: vendor.into(),
        })
    }
}

impl RequestHandler for VendorPort {
    fn handle(
        self: Rc<Self>,
        incoming: IncomingRequest,
    ) -> impl Future<Output = Response<AnswerBody>> + 'static {
        answer(
            Rc::clone(&self.core),
            Some(Rc::clone(&self.vendor)),
            incoming,
        )
    }

    fn refuse(&self, refusal: HttpRefusal, peer: &Peer, head: &[u8]) -> Response<Bytes> {
        self.core.refuse(refusal, peer, head)
    }

    fn note_handshake(&self, failure: HandshakeFailure) {
        self.core.note_handshake(failure);
    }
}

/// Answers a request, whatever happens. It is a call of the vendor at whose address it arrived.
async fn answer(
    core: Rc<EgressCore>,
    vendor: Option<Rc<str>>,
    incoming: IncomingRequest,
) -> Response<AnswerBody> {
    let IncomingRequest {
        request,
        body,
        peer,
        disguised: _,
        traits: _,
    } = incoming;
    let snapshot = core.data.snapshot();
    let record = core.open_record(&snapshot.active, Some(&request), body.connection(), &peer);
    let message = (body, peer);
    let call = async {
        match &vendor {
            Some(vendor) => {
                core.call_at(vendor, &snapshot, request, message, &record)
                    .await
            }
            None => core.call(&snapshot, request, message, &record).await,
        }
    };
    match Box::pin(call).await {
        Ok(response) => response,
        Err(refusal) => answer_refusal(&record, &refusal).map(AnswerBody::from),
    }
}

fn answer_refusal(record: &EgressRecord, refusal: &EgressRefusal) -> Response<Bytes> {
    let answer = refusal.answer();
    record.set_reason(refusal.reason());
    record.set_answer(CallAnswer {
        outcome: answer.outcome,
        status: Some(answer.status),
        error: Some(answer.error),
    });
    problem_response(refusal, &record.caller, record.destination(), &record.id)
}

/// The destination of a request: its authority, which is its `Host` by now.
fn destination(request: &Request<()>) -> Result<CallDestination, HostFault> {
    let host = request.headers().get(HOST);
    let authority = host.and_then(|host| host.to_str().ok());
    CallDestination::parse(authority.ok_or(HostFault::Empty)?, HTTP_PORT)
}

/// The TCP addresses of listeners.
fn tcp_addresses<'b>(bound: impl Iterator<Item = &'b BoundListener>) -> Vec<SocketAddr> {
    let addresses = bound.flat_map(BoundListener::addresses);
    addresses.filter_map(ListenAddress::tcp).collect()
}

/// What the catalog says about a call.
struct DeclaredCall {
    verdict: EgressVerdict,
    pattern: Option<DependencyPattern>,
}

/// Compares a call with the catalog.
fn judge(
    config: &Config,
    record: &EgressRecord,
    to: &CallDestination,
) -> Result<DeclaredCall, EgressRefusal> {
    let policy = config.egress.undeclared;
    let pattern = match policy {
        UndeclaredPolicy::Open => None,
        UndeclaredPolicy::Report | UndeclaredPolicy::Enforce => {
            config.dependencies.find(record.caller.name(), to)
        }
    };
    let verdict = match (pattern, policy) {
        (Some(_), _) => EgressVerdict::Declared,
        (None, UndeclaredPolicy::Open) => EgressVerdict::Unjudged,
        (None, UndeclaredPolicy::Report) => EgressVerdict::Undeclared,
        (None, UndeclaredPolicy::Enforce) => {
            record.decide(EgressVerdict::Refused, None);
            return Err(EgressRefusal::Undeclared);
        }
    };
    Ok(DeclaredCall {
        verdict,
        pattern: pattern.cloned(),
    })
}
