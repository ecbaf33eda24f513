//! Instant queries of the Prometheus HTTP API.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::http_fetcher::{FetchLimits, FetchOutcome, HttpFetcher, RemoteError, RemoteUrl};

/// The maximum size of a response in bytes, enough for a hundred thousand series.
const ANSWER_BYTES_MAX: u64 = 32 << 20;

/// The time limit of one query.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client of Prometheus, or of a server with the same API.
#[derive(Debug)]
pub struct PrometheusClient {
    remote: HttpFetcher,
    url: RemoteUrl,
}

/// One series with its current value.
#[derive(Clone, Debug, PartialEq)]
pub struct PrometheusSample {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

/// Why a query failed.
#[derive(Debug, thiserror::Error)]
pub enum PrometheusError {
    /// The server cannot be reached, or refuses.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The response is not a vector.
    #[error(
        "{url}: {message}; is this the address of a Prometheus, such as http://prometheus:9090?"
    )]
    Answer {
        /// The address.
        url: RemoteUrl,
        /// What is wrong with the response.
        message: String,
    },
}

#[derive(Deserialize)]
struct PrometheusResponse {
    data: PrometheusData,
    /// Why the data may be only a part, for example a store that did not answer.
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrometheusData {
    result_type: String,
    result: Vec<PrometheusSeries>,
}

#[derive(Deserialize)]
struct PrometheusSeries {
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

impl PrometheusClient {
    /// A client for the server at an address.
    ///
    /// # Errors
    /// [`RemoteError`] if the address is invalid, or the system has no certificates.
    pub fn new(url: &str) -> Result<Self, RemoteError> {
        Ok(Self {
            remote: HttpFetcher::new()?,
            url: url.parse()?,
        })
    }

    /// Evaluates an expression at the current time. Runs on a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// [`PrometheusError`] names the address and what to check.
    pub async fn query(&self, expression: &str) -> Result<Vec<PrometheusSample>, PrometheusError> {
        let url = self.url.below("api/v1/query", &[("query", expression)]);
        let limits = FetchLimits {
            bytes_max: ANSWER_BYTES_MAX,
            timeout: TIMEOUT,
        };
        let wrong = |message: String| PrometheusError::Answer {
            url: self.url.clone(),
            message,
        };
        match self.remote.fetch(&url, None, limits).await? {
            FetchOutcome::New { bytes, .. } => samples(&bytes).map_err(wrong),
            FetchOutcome::Unchanged { .. } => {
                Err(wrong("answers 304 to an unconditional request".to_owned()))
            }
        }
    }
}

fn samples(bytes: &[u8]) -> Result<Vec<PrometheusSample>, String> {
    let answer: PrometheusResponse = serde_json::from_slice(bytes)
        .map_err(|error| format!("the response cannot be parsed: {error}"))?;
    // A part of the data would look like less traffic and fewer failures.
    if let Some(warning) = answer.warnings.first() {
        return Err(format!("the server warns of its own answer: {warning}"));
    }
    let PrometheusData {
        result_type,
        result,
    } = answer.data;
    if result_type != "vector" {
        return Err(format!("expected a vector, found a {result_type}"));
    }
    let sample = |series: PrometheusSeries| {
        let (_, text) = series.value;
        // Rust parses `Inf` and `NaN` as Prometheus writes them, except for a leading `+`.
        let value = text.trim_start_matches('+').parse();
        value.map_or_else(
            |_| Err(format!("expected a number, found {text:?}")),
            |value| {
                Ok(PrometheusSample {
                    labels: series.metric,
                    value,
                })
            },
        )
    };
    result.into_iter().map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_responses() {
        let vector = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"squad":"a"},"value":[1700000000.5,"12.5"]},
            {"metric":{},"value":[1700000000,"+Inf"]}]}}"#;
        let read = samples(vector.as_bytes()).unwrap();
        assert_eq!(
            (read[0].labels["squad"].as_str(), read[0].value),
            ("a", 12.5)
        );
        assert!(read[1].value.is_infinite());
        let check = |text: &str, expected: &str| {
            let error = samples(text.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        check("<html>", "the response cannot be parsed");
        check(
            r#"{"warnings":["store a did not answer"],"data":{"resultType":"vector","result":[]}}"#,
            "the server warns of its own answer: store a did not answer",
        );
        check(
            r#"{"data":{"resultType":"matrix","result":[]}}"#,
            "expected a vector, found a matrix",
        );
        check(
            &vector.replace("12.5", "x"),
            "expected a number, found \"x\"",
        );
    }

    #[test]
    fn keeps_the_path_of_the_address() {
        let url: RemoteUrl = "http://host:1/prom/?a=b".parse().unwrap();
        let below = url.below("api/v1/query", &[("query", "sum(a{b=\"c\"})")]);
        assert_eq!(below.to_string(), "http://host:1/prom/api/v1/query");
        assert_eq!(below.query(), Some("query=sum%28a%7Bb%3D%22c%22%7D%29"));
    }
}
