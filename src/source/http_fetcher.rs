//! Fetches over HTTP and HTTPS with limits on size and time.
//!
//! Redirects are not followed: a configured address should be corrected, not followed to wherever a
//! response points. Connections are not reused, since fetches are minutes apart. The proxy variables
//! of the environment (`HTTPS_PROXY`, `NO_PROXY`) are honoured. Trusted certificates are those of
//! the system, or those in `SSL_CERT_FILE`.
//!
//! Messages show addresses without user, password and query, which can be secrets.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use portcullis_tls::install_provider;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url};

/// An `http` or `https` address.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteUrl(Url);

/// A client that fetches over HTTP and HTTPS.
#[derive(Clone, Debug)]
pub struct HttpFetcher(Client);

/// The limits of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// The maximum size of the body in bytes; reading stops there.
    pub bytes_max: u64,
    /// The time limit from the call to the last byte of the body.
    pub timeout: Duration,
}

/// The result of a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchOutcome {
    /// New content.
    New {
        /// The body.
        bytes: Vec<u8>,
        /// Its `ETag`, for the next fetch.
        etag: Option<String>,
        /// Its version, if the storage keeps versions.
        version: Option<String>,
        /// How long it is fresh, if the server declares it.
        max_age: Option<Duration>,
    },
    /// The content has not changed.
    Unchanged {
        /// How long it is fresh, if the server declares it.
        max_age: Option<Duration>,
    },
}

/// Why a fetch failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// The text is not an HTTP or HTTPS address.
    #[error("not an http or https address: {0}; write https://host/path")]
    Address(String),
    /// TLS cannot be set up.
    #[error(
        "cannot set up TLS: {0}; install the system's certificates (ca-certificates), or name a \
         file of them in SSL_CERT_FILE"
    )]
    Tls(String),
    /// The connection failed.
    #[error("{url}: cannot connect: {reason}; check host, port, network policy and certificates")]
    Connect {
        /// The address.
        url: RemoteUrl,
        /// What went wrong.
        reason: String,
    },
    /// The time limit has passed.
    #[error("{url}: no complete response within {}; check the server's load and the network", humantime::format_duration(*.timeout))]
    Timeout {
        /// The address.
        url: RemoteUrl,
        /// The limit.
        timeout: Duration,
    },
    /// The status is neither 200 nor, for a conditional request, 304.
    #[error("{url}: answers {status}; {}", advice(*.status))]
    Status {
        /// The address.
        url: RemoteUrl,
        /// The status.
        status: StatusCode,
        /// The `Retry-After` of the server, if there is one.
        retry_after: Option<Duration>,
    },
    /// The body is larger than the limit.
    #[error("{url}: the body is larger than {bytes_max} bytes; check that it is the right address")]
    TooLarge {
        /// The address.
        url: RemoteUrl,
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// The response is incomplete or not HTTP.
    #[error("{url}: the response is invalid: {reason}; check the server and proxies in between")]
    Broken {
        /// The address.
        url: RemoteUrl,
        /// What went wrong.
        reason: String,
    },
}

impl RemoteError {
    /// The `Retry-After` of the server, if there is one.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Address(_)
            | Self::Tls(_)
            | Self::Connect { .. }
            | Self::Timeout { .. }
            | Self::TooLarge { .. }
            | Self::Broken { .. } => None,
        }
    }
}

impl HttpFetcher {
    /// A client with the settings of the environment.
    ///
    /// # Errors
    /// [`RemoteError::Tls`] if the system has no certificates.
    pub fn new() -> Result<Self, RemoteError> {
        Self::build(builder())
    }

    fn build(builder: ClientBuilder) -> Result<Self, RemoteError> {
        let client = builder.build();
        client
            .map(Self)
            .map_err(|error| RemoteError::Tls(root_cause(&error.without_url())))
    }

    /// Fetches the content at the address, unless its `ETag` is still the known one. Runs on a tokio
    /// runtime with I/O and time.
    ///
    /// # Errors
    /// [`RemoteError`] names the address, what went wrong and what to check.
    pub async fn fetch(
        &self,
        url: &RemoteUrl,
        known: Option<&str>,
        limits: FetchLimits,
    ) -> Result<FetchOutcome, RemoteError> {
        let failed = |error| failure(url, limits, error);
        let mut request = self.0.get(url.0.clone()).timeout(limits.timeout);
        if let Some(etag) = known {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = request.send().await.map_err(failed)?;
        let max_age = max_age(response.headers());
        match response.status() {
            StatusCode::OK => {
                let etag = response.headers().get(ETAG);
                let etag = etag.and_then(|etag| etag.to_str().ok()).map(str::to_owned);
                let bytes = body(response, url, limits).await?;
                Ok(FetchOutcome::New {
                    bytes,
                    etag,
                    version: None,
                    max_age,
                })
            }
            StatusCode::NOT_MODIFIED if known.is_some() => Ok(FetchOutcome::Unchanged { max_age }),
            status => Err(RemoteError::Status {
                url: url.clone(),
                status,
                retry_after: retry_after(response.headers(), SystemTime::now()),
            }),
        }
    }

    /// Posts a JSON text and ignores the response body. Runs on a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// [`RemoteError`] names the address, what went wrong and what to check.
    pub async fn post_json(
        &self,
        url: &RemoteUrl,
        body: Vec<u8>,
        limits: FetchLimits,
    ) -> Result<(), RemoteError> {
        let request = self.0.post(url.0.clone()).timeout(limits.timeout);
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        let response = request.send().await;
        let response = response.map_err(|error| failure(url, limits, error))?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(RemoteError::Status {
                url: url.clone(),
                status,
                retry_after: retry_after(response.headers(), SystemTime::now()),
            }),
        }
    }
}

fn builder() -> ClientBuilder {
    install_provider();
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .http1_only()
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
}

async fn body(
    mut response: Response,
    url: &RemoteUrl,
    limits: FetchLimits,
) -> Result<Vec<u8>, RemoteError> {
    let too_large = || RemoteError::TooLarge {
        url: url.clone(),
        bytes_max: limits.bytes_max,
    };
    if response
        .content_length()
        .is_some_and(|length| length > limits.bytes_max)
    {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let failed = |error| failure(url, limits, error);
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if (bytes.len() + chunk.len()) as u64 > limits.bytes_max {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn failure(url: &RemoteUrl, limits: FetchLimits, error: reqwest::Error) -> RemoteError {
    let url = url.clone();
    if error.is_timeout() {
        let timeout = limits.timeout;
        return RemoteError::Timeout { url, timeout };
    }
    let is_connect = error.is_connect();
    let reason = root_cause(&error.without_url());
    if is_connect {
        RemoteError::Connect { url, reason }
    } else {
        RemoteError::Broken { url, reason }
    }
}

/// The innermost cause: the outer errors add nothing to it.
pub(super) fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// How long a response is fresh (RFC 9111 section 5.2.2.1).
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).iter();
    let mut directives = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    directives.find_map(|directive| {
        let (name, seconds) = directive.trim().split_once('=')?;
        let seconds = seconds.trim_matches('"').parse().ok()?;
        name.eq_ignore_ascii_case("max-age")
            .then(|| Duration::from_secs(seconds))
    })
}

/// The value of `Retry-After` (RFC 9110 section 10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let date = || httpdate::parse_http_date(text).ok();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A number of any length is valid.
    let seconds = is_number.then(|| Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    seconds.or_else(|| date().map(|date| date.duration_since(now).unwrap_or_default()))
}

const fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..=303 | 305..=399 => {
            "redirects are not followed: configure the address that it points to"
        }
        401 | 403 => "the address must be readable without credentials",
        404 | 410 => "check the address",
        429 => "poll less often",
        500..=599 => "the server fails; contact its owner",
        _ => "expected 200; check the address",
    }
}

impl FromStr for RemoteUrl {
    type Err = RemoteError;

    fn from_str(text: &str) -> Result<Self, RemoteError> {
        let url = Url::parse(text).map_err(|error| RemoteError::Address(error.to_string()))?;
        if matches!(url.scheme(), "http" | "https") {
            Ok(Self(url))
        } else {
            Err(RemoteError::Address("unsupported scheme".to_owned()))
        }
    }
}

impl RemoteUrl {
    /// An address below this one, with these query parameters.
    pub(super) fn below(&self, path: &str, parameters: &[(&str, &str)]) -> Self {
        let mut url = self.at(path).0;
        url.query_pairs_mut().clear().extend_pairs(parameters);
        Self(url)
    }

    /// An address below this one.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        Self(url)
    }

    /// The query, which may be a secret and must not be shown.
    pub(super) fn query(&self) -> Option<&str> {
        self.0.query()
    }
}

impl fmt::Display for RemoteUrl {
    /// The address without user, password, query and fragment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host_str().unwrap_or_default();
        write!(f, "{}://{host}", self.0.scheme())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteUrl({self})")
    }
}

#[cfg(test)]
impl HttpFetcher {
    /// A client that ignores the proxy variables of the environment.
    pub(crate) fn direct() -> Self {
        Self::build(builder().no_proxy()).unwrap()
    }

    /// A client without proxies that trusts only this certificate authority.
    pub(super) fn trusting(authority: &[u8]) -> Self {
        let authority = reqwest::Certificate::from_pem(authority).unwrap();
        Self::build(builder().no_proxy().tls_certs_only([authority])).unwrap()
    }
}
