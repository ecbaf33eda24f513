//! The HTTP client for the admin port.
//!
//! Each request uses a new connection. The token is sent only with changes, because queries need
//! none. Redirects are not followed, so the token is sent to no other server.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use portcullis_config::{ADMIN_TOKEN_VARIABLE, ADMIN_URL_VARIABLE, AdminToken};

use super::admin_args::{AdminArgs, AdminChangeArgs};
use super::admin_error::AdminError;

/// The path of the deploy windows.
pub(crate) const DEPLOY_WINDOWS: &str = "deploy-windows";

/// The admin port of the default configuration.
const DEFAULT_ADDRESS: &str = "http://127.0.0.1:9901";

/// The timeout of an exchange.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The timeout of an exchange in which the proxy reads and compiles a contract.
const CONTRACT_TIMEOUT: Duration = Duration::from_secs(120);

/// The largest response, in bytes. It suffices for thousands of squads.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// The most bytes that are read of a token file, more than the longest token.
const TOKEN_FILE_BYTES_MAX: u64 = 4096;

/// Everything but the unreserved characters (RFC 3986 section 2.3).
const ENCODED_IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A client for one admin port.
#[derive(Debug)]
pub(crate) struct AdminClient {
    address: String,
    host: String,
    port: u16,
    authority: HeaderValue,
    token: Option<AdminToken>,
}

/// The outcome of a change whose content the proxy validates.
#[derive(Debug)]
pub(crate) enum ChangeOutcome {
    /// The response of a successful change.
    Changed(Value),
    /// The problem document of a rejected change.
    Rejected(Value),
}

/// A document to upload.
#[derive(Debug)]
pub(crate) struct DocumentUpload<'d> {
    pub(crate) bytes: Vec<u8>,
    pub(crate) media_type: &'static str,
    /// The file name, if there is one.
    pub(crate) name: Option<&'d str>,
}

impl AdminClient {
    /// A client for queries.
    pub(crate) fn new(args: &AdminArgs) -> Result<Self, AdminError> {
        let variable = env::var(ADMIN_URL_VARIABLE).ok();
        let variable = variable.filter(|address| !address.is_empty());
        let address = args.admin.clone().or(variable);
        Self::at(address.as_deref().unwrap_or(DEFAULT_ADDRESS))
    }

    /// A client for changes, with the token.
    pub(crate) fn with_token(args: &AdminChangeArgs) -> Result<Self, AdminError> {
        Ok(Self {
            token: token(args.token_file.as_deref())?,
            ..Self::new(&args.admin)?
        })
    }

    fn at(text: &str) -> Result<Self, AdminError> {
        let parsed = || {
            let uri: Uri = text.parse().ok()?;
            let authority = uri.authority()?;
            let is_plain = uri.scheme_str() == Some("http")
                && uri.path_and_query().is_none_or(|path| path == "/")
                && !authority.as_str().contains('@');
            let port = match authority.as_str().strip_prefix(authority.host())? {
                "" => 80,
                _ => authority.port_u16()?,
            };
            let host = authority.host().trim_matches(['[', ']']);
            is_plain.then_some(Self {
                address: format!("http://{authority}"),
                host: host.to_owned(),
                port,
                authority: HeaderValue::from_str(authority.as_str()).ok()?,
                token: None,
            })
        };
        parsed().ok_or_else(|| AdminError::Address {
            text: text.to_owned(),
        })
    }

    /// Gets the resource at a path.
    pub(crate) fn get(&self, path: &[&str]) -> Result<Value, AdminError> {
        self.send(self.request(Method::GET, path, Bytes::new()))
    }

    /// Whether the proxy is ready for traffic; if not, why.
    pub(crate) fn readiness(&self) -> Result<Result<(), String>, AdminError> {
        let request = self.request(Method::GET, &["readyz"], Bytes::new());
        let (status, body) = self.exchange_bytes_within(request, TIMEOUT)?;
        match status {
            StatusCode::OK => Ok(Ok(())),
            StatusCode::SERVICE_UNAVAILABLE => Ok(Err(String::from_utf8_lossy(&body).into_owned())),
            status => Err(self.refused(status, None)),
        }
    }

    /// Posts a JSON body.
    pub(crate) fn post(&self, path: &[&str], body: &Value) -> Result<Value, AdminError> {
        self.send(self.change_request(path, body.to_string().into(), "application/json"))
    }

    /// Changes a contract or the configuration. The proxy may reject their content.
    pub(crate) fn change(&self, path: &[&str], body: &Value) -> Result<ChangeOutcome, AdminError> {
        self.send_change(self.change_request(path, body.to_string().into(), "application/json"))
    }

    /// Uploads a document. The proxy may reject its content.
    pub(crate) fn send_document(
        &self,
        path: &[&str],
        document: DocumentUpload<'_>,
    ) -> Result<ChangeOutcome, AdminError> {
        let DocumentUpload {
            bytes,
            media_type,
            name,
        } = document;
        let mut request = self.change_request(path, bytes.into(), media_type);
        if let Some(name) = name {
            let name = utf8_percent_encode(name, ENCODED_IN_SEGMENT);
            let target = format!("{}?name={name}", request.uri().path());
            *request.uri_mut() = target.parse().expect("names are percent-encoded");
        }
        self.send_change(request)
    }

    fn change_request(
        &self,
        path: &[&str],
        body: Bytes,
        media_type: &'static str,
    ) -> Request<Full<Bytes>> {
        let mut request = self.request(Method::POST, path, body);
        let media_type = HeaderValue::from_static(media_type);
        request.headers_mut().insert(CONTENT_TYPE, media_type);
        if let Some(token) = &self.token {
            let text = format!("Bearer {}", token.reveal());
            let mut credentials =
                HeaderValue::from_str(&text).expect("a token is visible ASCII text");
            credentials.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, credentials);
        }
        request
    }

    /// Deserializes a response.
    pub(crate) fn deserialize<T: serde::de::DeserializeOwned>(
        &self,
        value: &Value,
    ) -> Result<T, AdminError> {
        T::deserialize(value).map_err(|source| self.malformed(source))
    }

    fn malformed(&self, source: serde_json::Error) -> AdminError {
        AdminError::Malformed {
            address: self.address.clone(),
            source,
        }
    }

    fn request(&self, method: Method, path: &[&str], body: Bytes) -> Request<Full<Bytes>> {
        let path: String = path
            .iter()
            .map(|part| format!("/{}", utf8_percent_encode(part, ENCODED_IN_SEGMENT)))
            .collect();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().expect("names are percent-encoded");
        let headers = request.headers_mut();
        headers.insert(HOST, self.authority.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        request
    }

    fn send(&self, request: Request<Full<Bytes>>) -> Result<Value, AdminError> {
        match self.exchange_within(request, TIMEOUT)? {
            (StatusCode::OK, value) => value.map_err(|source| self.malformed(source)),
            (status, value) => Err(self.refused(status, value.ok().as_ref())),
        }
    }

    fn send_change(&self, request: Request<Full<Bytes>>) -> Result<ChangeOutcome, AdminError> {
        match self.exchange_within(request, CONTRACT_TIMEOUT)? {
            (StatusCode::OK, value) => value
                .map(ChangeOutcome::Changed)
                .map_err(|source| self.malformed(source)),
            (StatusCode::UNPROCESSABLE_ENTITY, Ok(problem)) if problem["detail"].is_string() => {
                Ok(ChangeOutcome::Rejected(problem))
            }
            (status, value) => Err(self.refused(status, value.ok().as_ref())),
        }
    }

    /// The status code and the JSON of the response.
    fn exchange_within(
        &self,
        request: Request<Full<Bytes>>,
        limit: Duration,
    ) -> Result<(StatusCode, serde_json::Result<Value>), AdminError> {
        let (status, body) = self.exchange_bytes_within(request, limit)?;
        Ok((status, serde_json::from_slice(&body)))
    }

    /// The status code and the bytes of the response.
    fn exchange_bytes_within(
        &self,
        request: Request<Full<Bytes>>,
        limit: Duration,
    ) -> Result<(StatusCode, Bytes), AdminError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(AdminError::Runtime)?;
        let exchange = async { timeout(limit, self.exchange(request)).await };
        let exchanged = runtime.block_on(exchange);
        // Does not wait for a name lookup that is still running.
        runtime.shutdown_background();
        exchanged.map_err(|_| AdminError::Timeout {
            address: self.address.clone(),
            timeout: limit,
        })?
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), AdminError> {
        let connected = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = connected.map_err(|source| AdminError::Connect {
            address: self.address.clone(),
            source,
        })?;
        let broken = |source| AdminError::Exchange {
            address: self.address.clone(),
            source,
        };
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // Errors of the connection are reported by the pending request.
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(broken)?;
        self.collect(response).await
    }

    async fn collect(
        &self,
        response: Response<Incoming>,
    ) -> Result<(StatusCode, Bytes), AdminError> {
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
        let address = || self.address.clone();
        match body.collect().await {
            Ok(collected) => Ok((status, collected.to_bytes())),
            Err(error) => Err(match error.downcast::<hyper::Error>() {
                Ok(source) => AdminError::Exchange {
                    address: address(),
                    source: *source,
                },
                Err(_) => AdminError::TooLarge {
                    address: address(),
                    bytes_max: ANSWER_BYTES_MAX,
                },
            }),
        }
    }

    fn refused(&self, status: StatusCode, problem: Option<&Value>) -> AdminError {
        let detail = problem.and_then(|problem| problem["detail"].as_str());
        AdminError::Refused {
            address: self.address.clone(),
            status: status.as_u16(),
            detail: detail
                .unwrap_or("no reason given; is this an admin port of portcullis?")
                .to_owned(),
        }
    }
}

/// The token for changes: from the file, else from the variable.
fn token(file: Option<&Path>) -> Result<Option<AdminToken>, AdminError> {
    let (place, text) = match file {
        Some(path) => {
            let text = read_token(path).map_err(|source| AdminError::TokenFile {
                path: path.to_owned(),
                source,
            })?;
            (format!("--token-file {}", path.display()), text)
        }
        None => match env::var_os(ADMIN_TOKEN_VARIABLE).filter(|value| !value.is_empty()) {
            // A value that is not UTF-8 is rejected below, like any other malformed token.
            Some(value) => (
                ADMIN_TOKEN_VARIABLE.to_owned(),
                value.into_string().unwrap_or_default(),
            ),
            None => return Ok(None),
        },
    };
    match text.trim_end_matches(['\r', '\n']).parse() {
        Ok(token) => Ok(Some(token)),
        Err(source) => Err(AdminError::Token { place, source }),
    }
}

/// A JSON object with one property and, if there is one, a reason.
pub(crate) fn body_with_reason(name: &str, value: &str, reason: Option<&str>) -> Value {
    let mut body = json!({name: value});
    if let Some(reason) = reason {
        body["reason"] = reason.into();
    }
    body
}

fn read_token(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = File::open(path)?;
    file.take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_or_rejects_urls() {
        let check = |text: &str, expected: &str| {
            let read =
                AdminClient::at(text).map(|client| format!("{} {}", client.host, client.port));
            assert_eq!(read.unwrap_or_else(|error| error.to_string()), expected);
        };
        check("http://127.0.0.1:9901", "127.0.0.1 9901");
        check("http://localhost:9901/", "localhost 9901");
        check("http://[::1]:9901", "::1 9901");
        check("http://portcullis", "portcullis 80");
        for invalid in [
            "",
            "https://127.0.0.1:9901",
            "http://user@host:1",
            "http://host:1/admin",
            "http://host:1/?a",
            "http://host:x",
            "http://",
        ] {
            let message = format!(
                "{invalid:?} is not an admin port: expected http://host:port, without TLS and without a \
                 path"
            );
            check(invalid, &message);
        }
        check(
            "127.0.0.1:9901",
            "\"127.0.0.1:9901\" is not an admin port: expected http://host:port, without TLS and \
             without a path; try http://127.0.0.1:9901",
        );
    }

    #[test]
    fn encodes_names_as_one_segment() {
        let client = AdminClient::at(DEFAULT_ADDRESS).unwrap();
        let path = ["breakers", "a/../b?c", "search-api_1.x"];
        let request = client.request(Method::GET, &path, Bytes::new());
        assert_eq!(
            request.uri().path(),
            "/breakers/a%2F..%2Fb%3Fc/search-api_1.x"
        );
    }

    #[test]
    fn reads_the_token_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = |text: &str| {
            let path = folder.path().join("token");
            std::fs::write(&path, text).unwrap();
            token(Some(&path))
        };
        let read = file("0123456789abcdef\n").unwrap().unwrap();
        assert_eq!(read.reveal(), "0123456789abcdef");
        for invalid in ["", "short\n", "0123456789abcdef\n0123456789abcdef\n"] {
            let message = file(invalid).unwrap_err().to_string();
            assert!(
                message.ends_with(
                    "/token: expected a token of 16 to 1024 visible ASCII characters without blanks"
                ),
                "{message}"
            );
        }
        let message = token(Some(Path::new("/nowhere/token")))
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("--token-file /nowhere/token: No such file"),
            "{message}"
        );
    }
}
