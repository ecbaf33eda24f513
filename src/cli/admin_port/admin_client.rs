//! The HTTP client for the admin port.
//!
//! Each request uses a new connection. The token is sent only with changes, because queries need
//! none. Redirects are not followed, so the token is sent to no other server.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::app::{ClientTls, tls_reason};
use portcullis_config::{ADMIN_URL_VARIABLE, AdminToken};

use super::admin_args::{AdminArgs, AdminChangeArgs, variable};
use super::admin_error::AdminError;
use super::admin_target::{AdminTarget, AdminTransport};
use super::admin_token_file::token;

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

/// Everything but the unreserved characters (RFC 3986 section 2.3).
const ENCODED_IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A client for one admin port.
#[derive(Debug)]
pub(crate) struct AdminClient {
    target: AdminTarget,
    /// For a port with TLS.
    tls: Option<ClientTls>,
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
        let address = args.admin.clone().or_else(|| variable(ADMIN_URL_VARIABLE));
        let mut client = Self::at(address.as_deref().unwrap_or(DEFAULT_ADDRESS))?;
        client.tls = client.tls_with(args)?;
        Ok(client)
    }

    /// A client for changes, with the token.
    pub(crate) fn with_token(args: &AdminChangeArgs) -> Result<Self, AdminError> {
        Ok(Self {
            token: token(args.token_file.as_deref())?,
            ..Self::new(&args.admin)?
        })
    }

    fn at(text: &str) -> Result<Self, AdminError> {
        let target = AdminTarget::parse(text).ok_or_else(|| AdminError::Address {
            text: text.to_owned(),
        })?;
        Ok(Self {
            target,
            tls: None,
            token: None,
        })
    }

    fn tls_with(&self, args: &AdminArgs) -> Result<Option<ClientTls>, AdminError> {
        let has_flags = args.admin_ca.is_some() || args.admin_cert.is_some();
        let Some(host) = self.target.tls_host() else {
            return if has_flags {
                Err(AdminError::NeedlessFiles {
                    address: self.address(),
                })
            } else {
                Ok(None)
            };
        };
        let config = args.tls_config()?;
        Ok(Some(ClientTls::load("--admin", &config, host)?))
    }

    fn address(&self) -> String {
        self.target.address.clone()
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
            address: self.address(),
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
        headers.insert(HOST, self.target.authority.clone());
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
            address: self.address(),
            timeout: limit,
        })?
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), AdminError> {
        let failed = |source| AdminError::Connect {
            address: self.address(),
            source,
        };
        match (&self.target.transport, &self.tls) {
            (AdminTransport::Unix(path), _) => {
                let stream = UnixStream::connect(path).await.map_err(failed)?;
                self.exchange_on(stream, request).await
            }
            (AdminTransport::Tcp { host, port, .. }, tls) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await;
                let stream = stream.map_err(failed)?;
                let Some(tls) = tls else {
                    return self.exchange_on(stream, request).await;
                };
                let opened = tls.connect(stream).await;
                let opened = opened.map_err(|error| self.tls_failure(&error))?;
                self.exchange_on(opened, request).await
            }
        }
    }

    fn tls_failure(&self, error: &io::Error) -> AdminError {
        AdminError::Tls {
            address: self.address(),
            reason: tls_reason(error).unwrap_or_else(|| error.to_string()),
        }
    }

    async fn exchange_on<S>(
        &self,
        stream: S,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), AdminError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let broken = |source: hyper::Error| match source_of_tls(&source) {
            // With TLS 1.3, a server refuses the certificate of a client after the handshake.
            Some(error) => self.tls_failure(error),
            None => AdminError::Exchange {
                address: self.address(),
                source,
            },
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
        let address = || self.address();
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
            address: self.address(),
            status: status.as_u16(),
            detail: detail
                .unwrap_or("no reason given; is this an admin port of portcullis?")
                .to_owned(),
        }
    }
}

/// The error of TLS that ended an exchange, if one did.
fn source_of_tls(error: &hyper::Error) -> Option<&io::Error> {
    let source = std::error::Error::source(error)?.downcast_ref::<io::Error>()?;
    tls_reason(source).map(|_| source)
}

/// A JSON object with one property and, if there is one, a reason.
pub(crate) fn body_with_reason(name: &str, value: &str, reason: Option<&str>) -> Value {
    let mut body = json!({name: value});
    if let Some(reason) = reason {
        body["reason"] = reason.into();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_admin_port() {
        let check = |text: &str, expected: &str| {
            assert_eq!(AdminClient::at(text).unwrap_err().to_string(), expected);
        };
        let expected =
            "is not an admin port: expected http://host:port, https://host:port or unix:/path";
        check(
            "http://host:1/admin",
            &format!("\"http://host:1/admin\" {expected}"),
        );
        check(
            "127.0.0.1:9901",
            &format!("\"127.0.0.1:9901\" {expected}; try http://127.0.0.1:9901"),
        );
        let args = AdminArgs {
            admin: Some("http://host:1".to_owned()),
            admin_ca: Some("ca.pem".into()),
            ..AdminArgs::default()
        };
        let message = AdminClient::new(&args).unwrap_err().to_string();
        assert!(message.contains("http://host:1 has no TLS"), "{message}");
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
}
