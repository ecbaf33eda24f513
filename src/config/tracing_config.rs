//! Where spans go, section `[tracing]`.
//!
//! Without an endpoint there is no tracing at all, and what requests carry of it passes as it came.

use portcullis_vocabulary::ConfigLocation;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Uri};

use super::config_problem::ConfigValueError;
use super::config_section::ConfigSection;
use super::config_tree::{ConfigNode, ConfigValue};
use super::config_value::{count, duration, share, text};
use portcullis_vocabulary::limits::SPANS_QUEUED_MAX;

/// The longest time that one export may take: what is older is of no use to anybody who looks.
const TIMEOUT_MAX: Duration = Duration::from_secs(60);

/// What is sent to a collector of spans, section `[tracing]`.
#[derive(Clone, Debug, PartialEq)]
pub struct TracingConfig {
    /// The collector's base address, `http` or `https`; nothing is traced without it.
    pub endpoint: Option<CollectorUrl>,
    /// The share of requests without a trace of their own for which one is begun, from 0 to 1.
    /// Whoever began a trace decides about the others.
    pub sample: f64,
    /// How long one export may take.
    pub timeout: Duration,
    /// The most spans that wait for their export; further ones are lost.
    pub queue_max: usize,
    /// `service.name` of what this program sends.
    pub service_name: String,
    /// What each export carries, mostly credentials.
    pub headers: SecretHeaders,
    /// Further attributes of what this program sends, such as `deployment.environment.name`.
    pub attributes: BTreeMap<String, String>,
}

/// The base address of a collector (OTLP/HTTP), without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorUrl(String);

/// Header fields that no message shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretHeaders(Vec<(HeaderName, HeaderValue)>);

impl CollectorUrl {
    /// Where spans are sent.
    pub fn traces(&self) -> String {
        format!("{}/v1/traces", self.0)
    }

    /// Whether it is on this machine, as far as that can be told from its name.
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

/// Reads the section.
pub(super) fn resolve(mut section: ConfigSection<'_>) -> TracingConfig {
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
        return Err(fault().with_advice("credentials in tracing.headers, which no message shows"));
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

/// Each key is the name of a header; a variable writes its dashes as underscores.
fn headers(mut section: ConfigSection<'_>) -> SecretHeaders {
    let mut headers = Vec::new();
    for (key, node) in section.drain() {
        let name = match &node.place {
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
                section.refuse_at(node.place, &key, "expected the name of a header");
            }
            (_, None) => {
                let message = "expected text that a header can hold, found another value, which is \
                               not shown";
                section.refuse_at(node.place, &key, message);
            }
        }
    }
    SecretHeaders(headers)
}

/// Each key is the name of an attribute.
fn attributes(mut section: ConfigSection<'_>) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    for (key, node) in section.drain() {
        match text(&node) {
            Ok(value) => {
                attributes.insert(key, value);
            }
            Err(_) if matches!(node.value, ConfigValue::Table(_)) => {
                let fault = ConfigValueError::expected("text");
                let fault = fault.with_advice("the whole name in quotes, where it has dots");
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
    fn secrets_are_not_shown() {
        let secret = (HeaderName::from_static("x-key"), "s3cret".parse().unwrap());
        let shown = format!("{:?}", SecretHeaders(vec![secret]));
        assert_eq!(shown, r#"{"x-key": "not shown"}"#);
    }
}
