//! Fetching from a real server on the loopback: what arrives, and every way in which nothing does.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// A server that gives one answer to each connection, in order, and closes it. An answer that
/// ends with [`HANG`](Script::HANG) is not finished before the server is dropped.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) address: SocketAddr,
    /// The heads of the requests, as they came.
    pub(crate) requests: Receiver<String>,
    _running: Sender<()>,
}

impl Script {
    /// Leaves a body open.
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
                // The test may be over.
                let _ = heads.send(head(&mut stream));
                let text = answer.strip_suffix(Self::HANG);
                // The client may have enough.
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

/// Reads a request to its empty line.
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

/// What comes of one answer; addresses are cut out of messages.
fn outcome_within(answer: &str, limits: FetchLimits) -> Result<FetchOutcome, String> {
    let server = Script::start(&[answer]);
    let fetched = fetch_within(&server.url("/keys?secret=1"), None, limits);
    fetched.map_err(|error| error.to_string().replace(&server.url("/keys"), "URL"))
}

fn outcome(answer: &str) -> Result<FetchOutcome, String> {
    outcome_within(answer, LIMITS)
}

#[test]
fn a_body_comes_with_its_tag_and_its_age() {
    let server = Script::start(&[
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
fn what_a_server_does_not_say_is_not_made_up() {
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
fn another_status_says_what_to_do() {
    let check = |status: &str, advice: &str| {
        let answer = format!("HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(outcome(&answer), Err(format!("URL: answers {status}; {advice}")));
    };
    check("500 Internal Server Error", "the server fails; ask its owner");
    check("404 Not Found", "check the address");
    check("403 Forbidden", "the address has to be readable without credentials");
    check("429 Too Many Requests", "it is asked too often");
    check("302 Found", "redirects are not followed: configure the address that it points to");
    check("304 Not Modified", "expected 200; check the address");
    check("206 Partial Content", "expected 200; check the address");
}

#[test]
fn a_server_may_ask_for_a_pause() {
    let check = |field: &str, secs: Option<u64>| {
        let answer =
            format!("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n{field}\r\n");
        let server = Script::start(&[&answer]);
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
fn a_body_has_a_bound() {
    let complaint =
        Err("URL: the body is larger than 10 bytes; check that it is the right address".to_owned());
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n<hang>";
    assert_eq!(outcome(announced), complaint);
    let chunked =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\n123456\r\n6\r\n123456\r\n<hang>";
    assert_eq!(outcome(chunked), complaint);
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}<hang>", "x".repeat(100_000));
    assert_eq!(outcome(&endless), complaint);
    let exact = outcome("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789");
    assert!(matches!(exact, Ok(FetchOutcome::New { bytes, .. }) if bytes == b"0123456789"));
}

#[test]
fn a_slow_answer_has_a_bound() {
    let limits = FetchLimits {
        timeout: Duration::from_millis(50),
        ..LIMITS
    };
    let complaint = Err(
        "URL: no complete answer within 50ms; check the server's load and the network".to_owned(),
    );
    assert_eq!(outcome_within("<hang>", limits), complaint);
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234<hang>";
    assert_eq!(outcome_within(half, limits), complaint);
}

#[test]
fn a_broken_answer_is_no_answer() {
    let check = |answer: &str, reason: &str| {
        let complaint = format!(
            "URL: the answer is broken: {reason}; check the server and what stands between"
        );
        assert_eq!(outcome(answer), Err(complaint), "{answer}");
    };
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234";
    check(half, "end of file before message length reached");
    let half = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\n123";
    check(half, "end of file before message length reached");
    check("", "connection closed before message completed");
    check("SSH-2.0-OpenSSH\r\n\r\n", "invalid HTTP version parsed");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let complaint = fetch(
        &format!("http://user:secret@{address}/a?secret#secret"),
        None,
    );
    let complaint = complaint.unwrap_err().to_string();
    let start = format!("http://{address}/a: cannot connect: Connection refused");
    assert!(complaint.starts_with(&start), "{complaint}");
    assert!(!complaint.contains("secret"), "{complaint}");
}

#[test]
fn a_server_without_tls_is_not_believed_to_have_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    let error = fetch(&url, None).unwrap_err();
    let complaint = format!(
        "{url}: cannot connect: received corrupt message of type InvalidContentType; \
         check host, port, network policy and certificates"
    );
    assert_eq!(error.to_string(), complaint);
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
        // A client that does not believe us goes away.
        if stream.read(&mut [0; 1024]).is_ok() {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nkeys";
            stream.write_all(answer).unwrap();
        }
    });
    port
}

#[test]
fn a_server_is_believed_by_its_certificate() {
    let remote = HttpFetcher::believing(include_bytes!("fixtures/authority.pem"));
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
fn an_address_is_http_or_https_and_is_shown_without_secrets() {
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
    check("ftp://a.example/", &wrong("another scheme"));
    check("a.json", &wrong("relative URL without a base"));
    check("http://", &wrong("empty host"));
    let url: RemoteUrl = "https://u:p@a.example/?q=p".parse().unwrap();
    assert_eq!(format!("{url:?}"), "RemoteUrl(https://a.example/)");
}
