//! Who makes a call.
//!
//! A sidecar serves one service, which the configuration names. A shared gateway learns it from the
//! request: from the user of the proxy's URL (`Proxy-Authorization`), which names a service, or from the
//! identity of its squad. Only trusted peers are believed. An unknown caller has declared nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{HeaderMap, PROXY_AUTHORIZATION};

use portcullis_config::Config;
use portcullis_egress::CallerName;
use portcullis_vocabulary::{Catalog, Consumer};

use crate::exchange::DataCore;
use crate::headers::Peer;

/// Who makes a call, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EgressCaller {
    service: Option<String>,
    squad: Option<String>,
}

impl EgressCaller {
    /// The caller of a request with these header fields.
    pub(super) fn of(core: &DataCore, config: &Config, headers: &HeaderMap, peer: &Peer) -> Self {
        let catalog = &config.catalog;
        let configured = config.egress.service.clone();
        let service = configured.or_else(|| {
            let named = peer.trusted.then(|| named_service(headers)).flatten()?;
            catalog.provider_of(&named).map(|_| named)
        });
        match service {
            Some(service) => Self::of_service(service, catalog),
            None => {
                let consumer = core.calling_squad(headers, peer, catalog);
                let squad = consumer.squad().and_then(|id| catalog.squad(id));
                Self {
                    service: None,
                    squad: squad.map(|squad| squad.name.as_str().to_owned()),
                }
            }
        }
    }

    fn of_service(service: String, catalog: &Catalog) -> Self {
        let squad = catalog.provider_of(&service);
        Self {
            squad: squad.map(|squad| squad.name.as_str().to_owned()),
            service: Some(service),
        }
    }

    /// The caller, for a message.
    pub(super) fn called(&self) -> &str {
        let known = self.service.as_deref().or(self.squad.as_deref());
        known.unwrap_or("an unknown caller")
    }

    /// The name that is looked up in the catalog.
    pub(super) fn name(&self) -> CallerName<'_> {
        match (&self.service, &self.squad) {
            (Some(service), _) => CallerName::Service(service),
            (None, Some(squad)) => CallerName::Squad(squad),
            (None, None) => CallerName::Unknown,
        }
    }

    /// The service, if it is known.
    pub(super) fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// The squad, if it is known.
    pub(super) fn squad(&self) -> Option<&str> {
        self.squad.as_deref()
    }

    /// The squad, as a consumer of vendors.
    pub(super) fn consumer(&self, catalog: &Catalog) -> Consumer {
        let squad = self.squad().and_then(|squad| catalog.find(squad));
        squad.map_or(Consumer::Unknown, Consumer::Squad)
    }

    /// The service, for metrics and the log.
    pub(super) fn service_name(&self) -> &str {
        self.service.as_deref().unwrap_or(Consumer::UNKNOWN_NAME)
    }

    /// The table of the catalog in which the service declares its hosts.
    pub(super) fn table(&self) -> Option<String> {
        let service = self.service.as_ref()?;
        // A name with a dot is quoted in TOML.
        Some(if service.contains('.') {
            format!("[services.\"{service}\".dependencies]")
        } else {
            format!("[services.{service}.dependencies]")
        })
    }

    /// The squad, for metrics and the log.
    pub(super) fn squad_name(&self) -> &str {
        self.squad.as_deref().unwrap_or(Consumer::UNKNOWN_NAME)
    }
}

/// The user of `Proxy-Authorization: Basic` (RFC 7617). The password has no meaning.
fn named_service(headers: &HeaderMap) -> Option<String> {
    let field = headers.get(PROXY_AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = field.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, _) = text.split_once(':')?;
    Some(user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_the_proxy_names_the_service() {
        let check = |field: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(PROXY_AUTHORIZATION, field.parse().unwrap());
            assert_eq!(named_service(&headers).as_deref(), expected, "{field}");
        };
        check("Basic b3JkZXJzOg==", Some("orders"));
        check("basic b3JkZXJzOnNlY3JldA==", Some("orders"));
        check("Bearer b3JkZXJzOg==", None);
        check("Basic b3JkZXJz", None);
        check("Basic ?", None);
        check("Basic", None);
        assert_eq!(named_service(&HeaderMap::new()), None);
    }
}
