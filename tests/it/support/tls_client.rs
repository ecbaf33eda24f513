//! A client with TLS, and an upstream with TLS.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    SupportedProtocolVersion,
};

use super::certificates::{TestAuthority, TestCertificate};
use super::client::{Client, PATIENCE};

/// A connection of a client.
pub(crate) type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// How a client connects.
#[derive(Clone, Debug)]
pub(crate) struct TlsClient {
    config: Arc<ClientConfig>,
}

impl TlsClient {
    pub(crate) fn new(authority: &TestAuthority) -> Self {
        Self::with(authority, None, rustls::ALL_VERSIONS)
    }

    /// A client that offers these protocols.
    pub(crate) fn speaking(authority: &TestAuthority, protocols: &[&str]) -> Self {
        let mut client = Self::new(authority);
        let names = protocols.iter().map(|name| name.as_bytes().to_vec());
        Arc::make_mut(&mut client.config).alpn_protocols = names.collect();
        client
    }

    /// A client with a certificate.
    pub(crate) fn identified(authority: &TestAuthority, certificate: &TestCertificate) -> Self {
        Self::with(authority, Some(certificate), rustls::ALL_VERSIONS)
    }

    pub(crate) fn with(
        authority: &TestAuthority,
        certificate: Option<&TestCertificate>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots(authority));
        let mut config = match certificate {
            None => builder.with_no_client_auth(),
            Some(certificate) => {
                let (chain, key) = der(certificate);
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            config: Arc::new(config),
        }
    }

    /// Connects and performs the handshake, as far as the client sees it: with TLS 1.3, the port may
    /// still refuse the client's certificate.
    pub(crate) fn handshake(&self, address: SocketAddr, name: &str) -> io::Result<TlsStream> {
        self.over(TcpStream::connect(address)?, name)
    }

    /// Performs the handshake on a connected socket.
    pub(crate) fn over(&self, mut socket: TcpStream, name: &str) -> io::Result<TlsStream> {
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut connection = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        Ok(StreamOwned::new(connection, socket))
    }

    #[track_caller]
    pub(crate) fn connect(&self, address: SocketAddr, name: &str) -> Client<TlsStream> {
        Client::over(self.handshake(address, name).unwrap())
    }
}

fn roots(authority: &TestAuthority) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap();
    roots.add(root).unwrap();
    roots
}

/// The DER of a certificate and its key.
pub(crate) fn der(
    certificate: &TestCertificate,
) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    (
        vec![CertificateDer::from_pem_slice(certificate.cert.as_bytes()).unwrap()],
        PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap(),
    )
}

/// An upstream with TLS that answers every request alike.
#[derive(Debug)]
pub(crate) struct TlsUpstream {
    pub(crate) address: SocketAddr,
    /// The heads of the requests.
    pub(crate) heads: Receiver<String>,
    config: Arc<Mutex<Arc<ServerConfig>>>,
}

impl TlsUpstream {
    /// `clients` is the authority of client certificates, if they are required. `notifies` says
    /// whether the upstream announces the end of a stream.
    pub(crate) fn start(
        certificate: &TestCertificate,
        clients: Option<&TestAuthority>,
        answer: &str,
        notifies: bool,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, heads) = channel();
        let config = Arc::new(Mutex::new(server_config(certificate, clients)));
        let current = Arc::clone(&config);
        let answer = answer.to_owned();
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let config = Arc::clone(&current.lock().unwrap());
                let (sender, answer) = (sender.clone(), answer.clone());
                std::thread::spawn(move || {
                    let connection = ServerConnection::new(config).unwrap();
                    let mut stream = StreamOwned::new(connection, socket);
                    while let Some(head) = read_head(&mut stream) {
                        // The test may have ended.
                        let _ = sender.send(head);
                        if stream.write_all(answer.as_bytes()).is_err() || stream.flush().is_err() {
                            return;
                        }
                        if !answer.contains("content-length") {
                            break;
                        }
                    }
                    if notifies {
                        stream.conn.send_close_notify();
                        let _ = stream.flush();
                    }
                });
            }
        });
        Self {
            address,
            heads,
            config,
        }
    }

    /// Serves another certificate from now on.
    pub(crate) fn replace(&self, certificate: &TestCertificate) {
        *self.config.lock().unwrap() = server_config(certificate, None);
    }
}

fn server_config(
    certificate: &TestCertificate,
    clients: Option<&TestAuthority>,
) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let roots = Arc::new(roots(authority));
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let (chain, key) = der(certificate);
    Arc::new(builder.with_single_cert(chain, key).unwrap())
}

/// The next request without a body.
fn read_head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    Some(String::from_utf8(head).unwrap())
}
