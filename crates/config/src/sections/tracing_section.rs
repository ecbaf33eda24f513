//! `[tracing]`: where spans are exported to.
//!
//! Without an endpoint nothing is traced, and trace headers of requests pass unchanged.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Uri};
use portcullis_vocabulary::ConfigLocation;
use portcullis_vocabulary::limits::SPANS_QUEUED_MAX;

use crate::tree::config_value::{count, duration, share, text};
use crate::tree::{ConfigNode, ConfigSection, ConfigValue, ConfigValueError};

/// The maximum `timeout`: older spans are of no use.
const TIMEOUT_MAX: Duration = Duration::from_secs(60);

/// How spans are sampled and exported, section `[tracing]`.
#[derive(Clone, Debug, PartialEq)]
pub struct TracingConfig {
    /// The `http` or `https` base address of the collector; nothing is traced without it.
    pub endpoint: Option<CollectorUrl>,
    /// The ratio of requests without a `traceparent` that are traced, from 0 to 1. For the others
    /// the caller has decided.
    pub sample: f64,
    /// The time limit of one export.
    pub timeout: Duration,
    /// The maximum number of spans that wait for export; further ones are dropped.
    pub queue_max: usize,
    /// The resource attribute `service.name` of the spans.
    pub service_name: String,
    /// Headers of each export, mostly credentials.
    pub headers: SecretHeaders,
    /// Further resource attributes, such as `deployment.environment.name`.
    pub attributes: BTreeMap<String, String>,
}

/// The base address of an OTLP/HTTP collector, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorUrl(String);

/// Header fields whose values are never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretHeaders(Vec<(HeaderName, HeaderValue)>);

impl CollectorUrl {
    /// The address that spans are sent to.
    pub fn traces(&self) -> String {
        format!("{}/v1/traces", self.0)
    }

    /// Whether the host is `localhost` or a loopback address.
    pub fn is_loopback(&self) -> bool {
        let uri = self.0.parse::<Uri>().ok();
        let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|ip| ip.is_loopback())
    }
}

impl SecretHeaders {
    /// Names and values.
    pub fn reveal(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0
    }
}

impl fmt::Debug for SecretHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| (name, "not shown"));
        f.debug_map().entries(names).finish()
    }
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self {
            endpoint: None,
            sample: 0.01,
            timeout: Duration::from_secs(5),
            queue_max: 2048,
            service_name: "portcullis".to_owned(),
            headers: SecretHeaders::default(),
            attributes: BTreeMap::new(),
        }
    }
}

/// Reads `[tracing]`.
pub(crate) fn read_tracing(mut section: ConfigSection<'_>) -> TracingConfig {
    let default = TracingConfig::default();
    let s = &mut section;
    let tracing = TracingConfig {
        endpoint: s.secret("endpoint", endpoint),
        sample: s.value("sample", default.sample, share),
        timeout: s.value(
            "timeout",
            default.timeout,
            duration(Duration::from_millis(100)..=TIMEOUT_MAX),
        ),
        queue_max: s.value("queue_max", default.queue_max, count(1..=SPANS_QUEUED_MAX)),
        service_name: s.value("service_name", default.service_name, text),
        headers: headers(s.section("headers")),
        attributes: attributes(s.section("attributes")),
    };
    section.finish();
    tracing
}

fn endpoint(node: &ConfigNode) -> Result<CollectorUrl, ConfigValueError> {
    let fault = || {
        ConfigValueError::expected(
            "the http or https address of a collector, such as \"http://127.0.0.1:4318\"",
        )
    };
    let text = node.text().ok_or_else(fault)?;
    let uri: Uri = text.parse().map_err(|_| fault())?;
    let is_http = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&uri.scheme());
    let authority = uri.authority().filter(|_| is_http).ok_or_else(fault)?;
    if authority.as_str().contains('@') {
        return Err(
            fault().with_advice("credentials in tracing.headers, which messages do not show")
        );
    }
    if uri.query().is_some() || text.contains('#') || authority.host().is_empty() {
        return Err(fault());
    }
    let base = text.trim_end_matches('/');
    match base.strip_suffix("/v1/traces") {
        Some(base) => Err(fault().with_advice(format!("{base:?}: /v1/traces is appended"))),
        None => Ok(CollectorUrl(base.to_owned())),
    }
}

/// Each key is a header name, whose dashes are underscores in a variable.
fn headers(mut section: ConfigSection<'_>) -> SecretHeaders {
    let mut headers = Vec::new();
    for (key, node) in section.drain() {
        let name = match &node.location {
            ConfigLocation::Variable(_) => key.replace('_', "-"),
            ConfigLocation::Line(..) | ConfigLocation::File(_) | ConfigLocation::Flag(_) => {
                key.clone()
            }
        };
        let name = name.parse::<HeaderName>();
        let value = node
            .text()
            .and_then(|text| HeaderValue::from_str(text).ok());
        match (name, value) {
            (Ok(name), Some(mut value)) => {
                value.set_sensitive(true);
                headers.push((name, value));
            }
            (Err(_), _) => {
                section.refuse_at(node.location, &key, "expected a header name");
            }
            (_, None) => {
                let message = "expected a valid header value, found a value that is not shown";
                section.refuse_at(node.location, &key, message);
            }
        }
    }
    SecretHeaders(headers)
}

/// Each key is an attribute name.
fn attributes(mut section: ConfigSection<'_>) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    for (key, node) in section.drain() {
        match text(&node) {
            Ok(value) => {
                attributes.insert(key, value);
            }
            Err(_) if matches!(node.value, ConfigValue::Table(_)) => {
                let fault = ConfigValueError::expected("a string");
                let fault = fault.with_advice("the whole name in quotes if it contains dots");
                section.refuse_entry(&key, &node, &fault);
            }
            Err(fault) => section.refuse_entry(&key, &node, &fault),
        }
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_header_values() {
        let secret = (HeaderName::from_static("x-key"), "s3cret".parse().unwrap());
        let shown = format!("{:?}", SecretHeaders(vec![secret]));
        assert_eq!(shown, r#"{"x-key": "not shown"}"#);
    }
}
