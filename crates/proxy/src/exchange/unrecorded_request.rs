//! What is known of a request that has no record: no service gets it, or its head is refused.

use std::time::{Duration, SystemTime};

use http::uri::PathAndQuery;
use http::{Method, Request, Uri};

use portcullis_config::{AccessLogPath, RefusalAudience};
use portcullis_contract::route::PathOutline;
use portcullis_telemetry::{AccessLine, LineKind};
use portcullis_vocabulary::{Consumer, Tier};

use super::answer_table::ProblemCause;
use super::data_core::{CoreSnapshot, DataCore, ServiceLookup};
use super::reportable::reportable_method;
use super::service_access_log::is_sampled;
use crate::headers::Peer;

/// A request without a record. A part that could not be read is absent.
#[derive(Debug, Default)]
pub(super) struct UnrecordedRequest {
    method: Option<Method>,
    target: Option<Uri>,
    /// The `Host` field.
    host: Option<String>,
}

impl UnrecordedRequest {
    /// A request that was read.
    pub(super) fn of_request<B>(request: &Request<B>) -> Self {
        let host = request.headers().get(http::header::HOST);
        Self {
            method: Some(request.method().clone()),
            target: Some(request.uri().clone()),
            host: host.and_then(|host| Some(host.to_str().ok()?.to_owned())),
        }
    }

    /// A request of which only the beginning of its head is known, which may be anything.
    pub(super) fn of_head_start(head_start: &[u8]) -> Self {
        let mut lines = head_start.split(|byte| *byte == b'\n');
        let line = lines.next().unwrap_or_default().trim_ascii_end();
        let mut words = line.split(|byte| *byte == b' ');
        let method = words.next().and_then(|word| Method::from_bytes(word).ok());
        // A line without a second space may lack a part of its target.
        let (target, rest) = (words.next(), words.next());
        let target = target.filter(|_| method.is_some() && rest.is_some());
        let mut fields = lines.filter_map(|line| {
            let text = std::str::from_utf8(line).ok()?;
            let (name, value) = text.split_once(':')?;
            name.eq_ignore_ascii_case("host").then(|| value.trim())
        });
        Self {
            method: method.filter(|_| target.is_some()),
            target: target.and_then(|target| Uri::try_from(target).ok()),
            host: fields.next().map(str::to_owned),
        }
    }

    /// Who receives the refusal: the audience of the service that would get the request, if there
    /// is one. Where the path is not known, any service may be meant, also a public one.
    pub(super) fn audience(&self, core: &DataCore) -> RefusalAudience {
        let snapshot = core.snapshot();
        match self.service(&snapshot) {
            Some(ServiceLookup::Service(service)) => service.config().audience,
            Some(ServiceLookup::NoContract(service)) => service.config.audience,
            Some(ServiceLookup::NotFound) => snapshot.refusals.audience,
            None if snapshot.has_public_service() => RefusalAudience::Public,
            None => snapshot.refusals.audience,
        }
    }

    /// The service that would get the request; `None` if its path is not known.
    fn service<'s>(&self, snapshot: &'s CoreSnapshot) -> Option<ServiceLookup<'s>> {
        Some(snapshot.service(self.host.as_deref(), self.path()?))
    }

    fn path(&self) -> Option<&str> {
        let path = self.target.as_ref()?.path();
        path.starts_with('/').then_some(path)
    }

    /// Writes the line of the access log.
    pub(super) fn write_access_line(
        &self,
        core: &DataCore,
        peer: &Peer,
        request_id: &str,
        cause: &ProblemCause,
    ) {
        if !core.access_log.is_open() {
            return;
        }
        let snapshot = core.snapshot();
        let target = self.target.as_ref();
        let path = self.path();
        let found = self.service(&snapshot);
        let (service, contract) = match &found {
            Some(ServiceLookup::Service(service)) => (
                Some(service.config().name.as_str()),
                Some(&service.contract),
            ),
            Some(ServiceLookup::NoContract(service)) => (Some(service.config.name.as_str()), None),
            Some(ServiceLookup::NotFound) | None => (None, None),
        };
        let entry = cause.entry();
        let kind = LineKind {
            service,
            operation: None,
            squad: Consumer::UNKNOWN_NAME,
            outcome: entry.outcome,
            status: Some(entry.status.as_u16()),
            error: Some(entry.error),
            class: None,
        };
        let policy = snapshot.active.config.access_log;
        if !is_sampled(policy) && !core.access_log.admits(kind, policy.fold_interval) {
            return;
        }
        let shown = match snapshot.active.config.access_log.path {
            AccessLogPath::Raw => target
                .and_then(Uri::path_and_query)
                .map(PathAndQuery::to_string),
            AccessLogPath::Template => path.map(|path| {
                let outline = contract.map(|contract| contract.outline(path));
                let outline = outline.unwrap_or_else(|| PathOutline::unmatched(path));
                outline.to_string()
            }),
        };
        core.access_log.write(&AccessLine {
            at: SystemTime::now(),
            service,
            operation: None,
            method: self.method.as_ref().map(reportable_method),
            path: shown.as_deref(),
            status: Some(entry.status.as_u16()),
            outcome: entry.outcome,
            error: Some(entry.error),
            reason: cause.reason().as_deref(),
            squad: Consumer::UNKNOWN_NAME,
            tier: Tier::default().as_str(),
            caller_version: None,
            provider: None,
            contract_version: None,
            contract_revision: None,
            request_id,
            trace_id: None,
            peer: peer.address.ip(),
            took: Duration::ZERO,
            own: Duration::ZERO,
            egress: None,
            upgrade: None,
            violations: Vec::new(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_far_as_it_arrived() {
        let check = |head: &[u8], method: Option<&str>, target: Option<&str>, host| {
            let read = UnrecordedRequest::of_head_start(head);
            let shown = String::from_utf8_lossy(head);
            assert_eq!(read.method.as_ref().map(Method::as_str), method, "{shown}");
            let found = read.target.map(|target| target.to_string());
            assert_eq!(found.as_deref(), target, "{shown}");
            assert_eq!(read.host.as_deref(), host, "{shown}");
        };
        let whole = b"GET /a/b?c=1 HTTP/1.1\r\nX-A: 1\r\nHost: shop\r\n bad";
        check(whole, Some("GET"), Some("/a/b?c=1"), Some("shop"));
        check(b"PRI * HTTP/2.0\r\n", Some("PRI"), Some("*"), None);
        check(b"GET /a/b", None, None, None);
        check(b"\x16\x03\x01\x00\xf8\x01", None, None, None);
        check(b"GET /a\x7fb HTTP/1.1\r\n", Some("GET"), None, None);
        check(b"", None, None, None);
    }
}
