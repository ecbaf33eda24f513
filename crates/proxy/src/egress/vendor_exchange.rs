//! Calls of vendors: they become requests of the service that the vendor is, and take its way.
//!
//! What the vendor gets is ready before it is judged: target, `Host` and credentials. So the contract's
//! requirements are judged as the vendor will see them.

use std::rc::Rc;

use http::header::{HOST, PROXY_AUTHORIZATION};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderValue, Method, Request, Response};
use portcullis_config::{Config, ServiceConfig, UpstreamTarget, VendorConfig};
use portcullis_egress::CallDestination;
use portcullis_identity::remove_squad_headers;
use portcullis_vocabulary::Consumer;
use tokio::time::Instant;

use super::egress_caller::EgressCaller;
use super::egress_refusal::EgressRefusal;
use super::vendor_pauses::VendorPauses;
use super::vendor_secrets::VendorSecrets;
use crate::body::RequestBody;
use crate::client::IncomingRequest;
use crate::exchange::{AnswerBody, AskedPause, CoreSnapshot, DataCore, VendorCall};
use crate::headers::{NameTraits, Peer};

/// Fields that say where a call comes from, inside the network.
const INTERNAL_FIELDS: [&str; 9] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
    "traceparent",
    "tracestate",
    "baggage",
];

/// A vendor that a call is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct CalledVendor<'c> {
    service: &'c ServiceConfig,
    vendor: &'c VendorConfig,
    /// The path of the call at the vendor, if the call came below its prefix.
    below_prefix: bool,
}

impl<'c> CalledVendor<'c> {
    /// The vendor of a call: by its host, or by its path if it goes to the forward proxy itself.
    pub(super) fn find(
        config: &'c Config,
        to: &CallDestination,
        is_own: bool,
        path: &str,
    ) -> Option<Self> {
        let vendors = config.services.iter().filter_map(|service| {
            let vendor = service.vendor.as_deref()?;
            Some((service, vendor))
        });
        let matching = vendors.filter_map(|(service, vendor)| {
            let prefix = vendor
                .prefix
                .as_ref()
                .filter(|prefix| is_own && prefix.matches(path));
            let length = prefix.map(|prefix| prefix.as_str().len());
            let has_host = !is_own && vendor.hosts.iter().any(|hosts| hosts.matches(to));
            let rank = length.or(has_host.then_some(0))?;
            let below_prefix = length.is_some();
            let found = Self {
                service,
                vendor,
                below_prefix,
            };
            Some((rank, found))
        });
        // The longest prefix wins.
        matching
            .max_by_key(|(rank, _)| *rank)
            .map(|(_, found)| found)
    }

    /// The vendor with this name, whose own address was called.
    pub(super) fn named(config: &'c Config, name: &str) -> Option<Self> {
        let mut services = config.services.iter();
        let service = services.find(|service| service.name == name)?;
        Some(Self {
            service,
            vendor: service.vendor.as_deref()?,
            below_prefix: false,
        })
    }

    /// The name of the vendor.
    pub(super) fn name(&self) -> &'c str {
        &self.service.name
    }

    /// Whether the caller may call it.
    pub(super) fn is_used_by(&self, caller: &EgressCaller) -> bool {
        self.vendor.is_used_by(caller.service(), caller.squad())
    }

    /// The pause that it has asked for.
    pub(super) fn pause(&self, pauses: &VendorPauses) -> Result<(), EgressRefusal> {
        let now = Instant::now();
        match pauses.current(self.name(), now) {
            None => Ok(()),
            Some(pause) => Err(EgressRefusal::Paused {
                vendor: self.name().to_owned(),
                status: pause.status,
                seconds: pause.seconds_left(now),
            }),
        }
    }

    /// Makes the request the one that the vendor gets.
    pub(super) fn prepare(
        &self,
        request: &mut Request<()>,
        secrets: &VendorSecrets,
    ) -> Result<(), EgressRefusal> {
        // The vendor would send the credentials back (RFC 9110 section 9.3.8).
        if request.method() == Method::TRACE && !self.vendor.header_files.is_empty() {
            return Err(EgressRefusal::Trace(self.name().to_owned()));
        }
        if let Some(prefix) = self.vendor.prefix.as_ref().filter(|_| self.below_prefix) {
            let target = without_prefix(request.uri(), prefix.as_str());
            *request.uri_mut() = target;
        }
        let headers = request.headers_mut();
        headers.remove(PROXY_AUTHORIZATION);
        remove_squad_headers(headers);
        if let Some(host) = self.host() {
            headers.insert(HOST, host);
        }
        // A vendor is outside: it learns nothing of the network that the call comes from.
        for name in INTERNAL_FIELDS {
            headers.remove(name);
        }
        if secrets.add(&self.vendor.header_files, headers) {
            Ok(())
        } else {
            Err(EgressRefusal::NoCredentials(self.name().to_owned()))
        }
    }

    /// Where the call goes, for what is recorded of it.
    pub(super) fn destination(&self, called: CallDestination) -> CallDestination {
        let (address, port) = match &self.service.upstream {
            UpstreamTarget::Https(address) => (address, 443),
            UpstreamTarget::Http(address) | UpstreamTarget::H2c(address) => (address, 80),
            UpstreamTarget::Mock | UpstreamTarget::Verdict(_) | UpstreamTarget::Unix(_) => {
                return called;
            }
        };
        CallDestination::parse(&address.to_string(), port).unwrap_or(called)
    }

    /// The host of the vendor, without the port if it is that of its scheme.
    fn host(&self) -> Option<HeaderValue> {
        let (address, default) = match &self.service.upstream {
            UpstreamTarget::Https(address) => (address, ":443"),
            UpstreamTarget::Http(address) | UpstreamTarget::H2c(address) => (address, ":80"),
            UpstreamTarget::Mock | UpstreamTarget::Verdict(_) | UpstreamTarget::Unix(_) => {
                return None;
            }
        };
        let text = address.to_string();
        let host = text.strip_suffix(default).unwrap_or(&text);
        HeaderValue::from_str(host).ok()
    }

    /// Passes the call through the stages of its service, and notes a pause that the vendor asks for.
    pub(super) async fn call(
        &self,
        core: &Rc<DataCore>,
        request: Box<Request<()>>,
        (body, peer): (RequestBody, Rc<Peer>),
        (snapshot, consumer): (&Rc<CoreSnapshot>, Consumer),
        pauses: &VendorPauses,
    ) -> Response<AnswerBody> {
        let call = VendorCall {
            snapshot: Rc::clone(snapshot),
            service: self.name().to_owned(),
            consumer,
        };
        let incoming = IncomingRequest {
            request,
            body,
            peer,
            disguised: 0,
            traits: NameTraits::UNKNOWN,
        };
        let response = Rc::clone(core).handle_vendor_call(incoming, call).await;
        if let Some(asked) = AskedPause::noted(&response) {
            let most = self.service.protection.breaker.retry_after_max;
            let length = asked.length.min(most);
            pauses.begin(self.name(), asked.status, length, Instant::now());
        }
        response
    }
}

/// The target without a prefix that it has.
fn without_prefix(target: &Uri, prefix: &str) -> Uri {
    let text = target.path_and_query().map_or("/", PathAndQuery::as_str);
    let rest = text.strip_prefix(prefix).unwrap_or(text);
    let rest = if rest.starts_with('/') {
        rest.to_owned()
    } else {
        format!("/{rest}")
    };
    // The end of a valid target is one.
    rest.parse().unwrap_or_else(|_| Uri::from_static("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_taken_off_and_nothing_else() {
        let check = |target: &str, expected: &str| {
            let target: Uri = target.parse().unwrap();
            assert_eq!(without_prefix(&target, "/acquirer").to_string(), expected);
        };
        check("/acquirer", "/");
        check("/acquirer/", "/");
        check("/acquirer?a=1", "/?a=1");
        check("/acquirer/v1/a%2Fb?q=%20", "/v1/a%2Fb?q=%20");
    }
}
