//! What a data core does for the forward proxy on the same thread.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderMap, Request};
use portcullis_config::AccessLogPath;
use portcullis_contract::route::PathOutline;
use portcullis_identity::RequestSender;
use portcullis_vocabulary::{Catalog, Consumer};

use super::active_config::ActiveConfig;
use super::data_core::DataCore;
use super::service_access_log::ServiceAccessLog;
use crate::headers::Peer;
use crate::inspect::HttpRefusal;

impl DataCore {
    /// The active configuration.
    pub(crate) fn active(&self) -> Arc<ActiveConfig> {
        Arc::clone(&self.snapshot().active)
    }

    /// The squad that a request identifies; unknown if its identity is invalid. The fields stay as they
    /// are, because they may be for the destination of the call.
    pub(crate) fn calling_squad(
        &self,
        headers: &HeaderMap,
        peer: &Peer,
        catalog: &Catalog,
    ) -> Consumer {
        let sender = RequestSender {
            is_trusted: peer.trusted,
            certificate_uris: peer.certificate_uris(),
        };
        let mut headers = headers.clone();
        let identified = self.identification.identify(&mut headers, sender, catalog);
        identified.map_or(Consumer::Unknown, |identity| identity.caller.consumer)
    }

    /// The access log with its policy.
    pub(crate) fn service_access_log(&self, active: &ActiveConfig) -> ServiceAccessLog {
        ServiceAccessLog {
            log: self.access_log.clone(),
            policy: active.config.access_log,
        }
    }

    /// The path of a request as the log may show it. A request for a tunnel has none.
    pub(crate) fn shown_path(
        &self,
        active: &ActiveConfig,
        request: &Request<()>,
    ) -> Option<String> {
        let is_shown = self.access_log.is_open() && request.method() != http::Method::CONNECT;
        let target = is_shown.then(|| request.uri().path_and_query()).flatten()?;
        Some(match active.config.access_log.path {
            AccessLogPath::Raw => PathAndQuery::as_str(target).to_owned(),
            AccessLogPath::Template => PathOutline::unmatched(target.path()).to_string(),
        })
    }

    /// Counts a stream that cannot be read as HTTP.
    pub(crate) fn note_http_refusal(&self, refusal: HttpRefusal) {
        self.recorder.http_refusal(refusal.name());
    }
}
