//! Fetches from a real server on the loopback interface: successes and every kind of failure.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// A server that sends one response to each connection, in order, and closes it. A response that
/// ends with [`HANG`](ScriptedServer::HANG) stays open until the server is dropped.
#[derive(Debug)]
pub(crate) struct ScriptedServer {
    pub(crate) address: SocketAddr,
    /// The heads of the received requests.
    pub(crate) requests: Receiver<String>,
    _running: Sender<()>,
}

impl ScriptedServer {
    /// Keeps the connection open.
    pub(crate) const HANG: &str = "<hang>";

    pub(crate) fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (heads, requests) = mpsc::channel();
        let (running, stopped) = mpsc::channel::<()>();
        let answers: Vec<String> = answers.iter().map(|&answer| answer.into()).collect();
        thread::spawn(move || {
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else {
                    return;
                };
                // This fails if the test has ended.
                let _ = heads.send(head(&mut stream));
                let text = answer.strip_suffix(Self::HANG);
                // This fails if the client has closed the connection.
                let _ = stream.write_all(text.unwrap_or(&answer).as_bytes());
                if text.is_some() {
                    let _ = stopped.recv();
                }
            }
        });
        Self {
            address,
            requests,
            _running: running,
        }
    }

    /// An address on this server.
    pub(crate) fn url(&self, rest: &str) -> String {
        format!("http://{}{rest}", self.address)
    }
}

/// Reads the head of a request.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

const LIMITS: FetchLimits = FetchLimits {
    bytes_max: 10,
    timeout: Duration::from_secs(30),
};

fn fetch_within(
    url: &str,
    known: Option<&str>,
    limits: FetchLimits,
) -> Result<FetchOutcome, RemoteError> {
    fetch_by(&HttpFetcher::direct(), url, known, limits)
}

fn fetch_by(
    remote: &HttpFetcher,
    url: &str,
    known: Option<&str>,
    limits: FetchLimits,
) -> Result<FetchOutcome, RemoteError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(remote.fetch(&url.parse()?, known, limits))
}

fn fetch(url: &str, known: Option<&str>) -> Result<FetchOutcome, RemoteError> {
    fetch_within(url, known, LIMITS)
}

/// The result of one response; the address is removed from messages.
fn outcome_within(answer: &str, limits: FetchLimits) -> Result<FetchOutcome, String> {
    let server = ScriptedServer::start(&[answer]);
    let fetched = fetch_within(&server.url("/keys?secret=1"), None, limits);
    fetched.map_err(|error| error.to_string().replace(&server.url("/keys"), "URL"))
}

fn outcome(answer: &str) -> Result<FetchOutcome, String> {
    outcome_within(answer, LIMITS)
}

#[test]
fn returns_the_body_with_etag_and_max_age() {
    let server = ScriptedServer::start(&[
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\netag: \"a\"\r\ncache-control: public, Max-Age=60\r\n\r\nkeys",
        "HTTP/1.1 304 Not Modified\r\ncache-control: max-age=\"7\"\r\n\r\n",
    ]);
    let url = server.url("/keys?tenant=a");
    let first = fetch(&url, None).unwrap();
    let expected = FetchOutcome::New {
        bytes: b"keys".to_vec(),
        etag: Some("\"a\"".into()),
        version: None,
        max_age: Some(Duration::from_secs(60)),
    };
    assert_eq!(first, expected);
    let request = server.requests.recv().unwrap().to_ascii_lowercase();
    assert!(
        request.starts_with("get /keys?tenant=a http/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("user-agent: portcullis/") && !request.contains("if-none-match"));
    let max_age = Some(Duration::from_secs(7));
    assert_eq!(
        fetch(&url, Some("\"a\"")),
        Ok(FetchOutcome::Unchanged { max_age })
    );
    let request = server.requests.recv().unwrap().to_ascii_lowercase();
    assert!(
        request.contains("\r\nif-none-match: \"a\"\r\n"),
        "{request}"
    );
}

#[test]
fn missing_headers_have_no_value() {
    let new = |bytes: &[u8]| FetchOutcome::New {
        bytes: bytes.to_vec(),
        etag: None,
        version: None,
        max_age: None,
    };
    let plain = outcome("HTTP/1.1 200 OK\r\ncache-control: no-store, max-age=x\r\n\r\nto the end");
    assert_eq!(plain, Ok(new(b"to the end")));
    let empty = outcome("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(empty, Ok(new(b"")));
    let chunked = outcome(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nkeys\r\n2\r\n..\r\n0\r\n\r\n",
    );
    assert_eq!(chunked, Ok(new(b"keys..")));
}

#[test]
#[rustfmt::skip]
fn reports_other_statuses_with_advice() {
    let check = |status: &str, advice: &str| {
        let answer = format!("HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(outcome(&answer), Err(format!("URL: answers {status}; {advice}")));
    };
    check("500 Internal Server Error", "the server fails; contact its owner");
    check("404 Not Found", "check the address");
    check("403 Forbidden", "the address must be readable without credentials");
    check("429 Too Many Requests", "poll less often");
    check("302 Found", "redirects are not followed: configure the address that it points to");
    check("304 Not Modified", "expected 200; check the address");
    check("206 Partial Content", "expected 200; check the address");
}

#[test]
fn reads_retry_after() {
    let check = |field: &str, secs: Option<u64>| {
        let answer =
            format!("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n{field}\r\n");
        let server = ScriptedServer::start(&[&answer]);
        let error = fetch(&server.url("/"), None).unwrap_err();
        assert_eq!(
            error.retry_after(),
            secs.map(Duration::from_secs),
            "{field}"
        );
    };
    check("", None);
    check("retry-after: 7\r\n", Some(7));
    check("retry-after: soon\r\n", None);
    check("retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", Some(0));
}

#[test]
fn limits_the_size_of_the_body() {
    let message =
        Err("URL: the body is larger than 10 bytes; check that it is the right address".to_owned());
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n<hang>";
    assert_eq!(outcome(announced), message);
    let chunked =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\n123456\r\n6\r\n123456\r\n<hang>";
    assert_eq!(outcome(chunked), message);
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}<hang>", "x".repeat(100_000));
    assert_eq!(outcome(&endless), message);
    let exact = outcome("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789");
    assert!(matches!(exact, Ok(FetchOutcome::New { bytes, .. }) if bytes == b"0123456789"));
}

#[test]
fn limits_the_time_of_the_response() {
    let limits = FetchLimits {
        timeout: Duration::from_millis(50),
        ..LIMITS
    };
    let message = Err(
        "URL: no complete response within 50ms; check the server's load and the network".to_owned(),
    );
    assert_eq!(outcome_within("<hang>", limits), message);
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234<hang>";
    assert_eq!(outcome_within(half, limits), message);
}

#[test]
fn reports_invalid_responses() {
    let check = |answer: &str, reason: &str| {
        let message = format!(
            "URL: the response is invalid: {reason}; check the server and proxies in between"
        );
        assert_eq!(outcome(answer), Err(message), "{answer}");
    };
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234";
    check(half, "end of file before message length reached");
    let half = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\n123";
    check(half, "end of file before message length reached");
    check("", "connection closed before message completed");
    check("SSH-2.0-OpenSSH\r\n\r\n", "invalid HTTP version parsed");
}

#[test]
fn reports_a_missing_server_without_secrets() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let message = fetch(
        &format!("http://user:secret@{address}/a?secret#secret"),
        None,
    );
    let message = message.unwrap_err().to_string();
    let start = format!("http://{address}/a: cannot connect: Connection refused");
    assert!(message.starts_with(&start), "{message}");
    assert!(!message.contains("secret"), "{message}");
}

#[test]
fn reports_a_server_without_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    let error = fetch(&url, None).unwrap_err();
    let message = format!(
        "{url}: cannot connect: received corrupt message of type InvalidContentType; \
         check host, port, network policy and certificates"
    );
    assert_eq!(error.to_string(), message);
}

/// Answers one connection over TLS; returns the port.
fn serve_tls() -> u16 {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("fixtures/server.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("fixtures/server-key.pem"));
    let provider = rustls::crypto::ring::default_provider();
    let config = ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap()], key.unwrap())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(config.into()).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        // A client that rejects the certificate closes the connection.
        if stream.read(&mut [0; 1024]).is_ok() {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nkeys";
            stream.write_all(answer).unwrap();
        }
    });
    port
}

#[test]
fn verifies_the_certificate_of_the_server() {
    let remote = HttpFetcher::trusting(include_bytes!("fixtures/authority.pem"));
    let url = format!("https://127.0.0.1:{}/", serve_tls());
    let fetched = fetch_by(&remote, &url, None, LIMITS).unwrap();
    assert!(matches!(fetched, FetchOutcome::New { bytes, .. } if bytes == b"keys"));
    let check = |remote: &HttpFetcher, host: &str, reason: &str| {
        let url = format!("https://{host}:{}/", serve_tls());
        let error = fetch_by(remote, &url, None, LIMITS)
            .unwrap_err()
            .to_string();
        let start = format!("{url}: cannot connect: invalid peer certificate: {reason}");
        assert!(error.starts_with(&start), "{error}");
    };
    check(&HttpFetcher::direct(), "127.0.0.1", "UnknownIssuer");
    check(
        &remote,
        "localhost",
        "certificate not valid for name \"localhost\"",
    );
}

#[test]
fn parses_addresses_and_displays_them_without_secrets() {
    let check = |text: &str, shown: &str| {
        let url = text.parse::<RemoteUrl>();
        assert_eq!(
            url.map_or_else(|error| error.to_string(), |url| url.to_string()),
            shown
        );
    };
    check("https://a.example", "https://a.example/");
    check("http://u:p@a.example:8443/b?c#d", "http://a.example:8443/b");
    check("https://[::1]:443/b", "https://[::1]/b");
    let wrong =
        |what: &str| format!("not an http or https address: {what}; write https://host/path");
    check("ftp://a.example/", &wrong("unsupported scheme"));
    check("a.json", &wrong("relative URL without a base"));
    check("http://", &wrong("empty host"));
    let url: RemoteUrl = "https://u:p@a.example/?q=p".parse().unwrap();
    assert_eq!(format!("{url:?}"), "RemoteUrl(https://a.example/)");
}
