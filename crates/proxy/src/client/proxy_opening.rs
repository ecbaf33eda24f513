//! The beginning of a connection from a load balancer that names its client (PROXY protocol).
//!
//! Where the header is required, every connection must begin with one, and only configured peers may
//! send it: a client that could choose whether it is there could choose its own address.

use std::io;
use std::rc::Rc;

use portcullis_telemetry::LogThrottle;
use portcullis_vocabulary::TrustedPeers;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::connection_registry::ConnectionPermit;
use super::incoming_request::RequestHandler;
use super::timed_opening::{OpeningCut, open_in_time};
use crate::headers::{Peer, PeerAddress};
use crate::inspect::{
    HttpRefusal, PROXY_HEADER_BYTES_MAX, ProxiedClient, ProxyHeaderFault, read_proxy_header,
};
use crate::limits::ClientLimits;

/// The PROXY protocol of the listening sockets.
#[derive(Clone, Debug)]
pub struct ListenerProxies {
    /// The load balancers, which send a header on each connection.
    pub proxies: TrustedPeers,
    /// The clients whose information about the original client is trusted.
    pub clients: TrustedPeers,
}

/// What the opening of a connection needs.
pub(super) struct ProxyOpening<'c, H> {
    pub(super) settings: &'c ListenerProxies,
    pub(super) handler: &'c Rc<H>,
    pub(super) limits: &'c ClientLimits,
    pub(super) permit: &'c ConnectionPermit,
}

/// Why a connection is not opened.
enum ProxyOpeningEnd {
    /// It ended, as the health checks of some load balancers do.
    Closed,
    Refused(HttpRefusal, ProxyHeaderFault),
}

impl<H: RequestHandler> ProxyOpening<'_, H> {
    /// Reads the header and returns the client that it names. `None` if the connection has ended.
    pub(super) async fn open(
        &self,
        mut stream: TcpStream,
        peer: Peer,
    ) -> Option<(TcpStream, Peer)> {
        let proxy = peer.address;
        if !proxy.is_among(&self.settings.proxies) {
            self.refuse(
                HttpRefusal::ProxyNotTrusted,
                &peer,
                "it is not in `listen.proxy_peers`",
            );
            return None;
        }
        let read = read_client(&mut stream);
        match open_in_time(read, self.limits.request_head_timeout, self.permit).await {
            Ok(Ok(ProxiedClient::At(address))) => {
                let address = PeerAddress::from(address);
                let is_trusted = address.is_among(&self.settings.clients);
                Some((stream, Peer::new(address, is_trusted)))
            }
            // The load balancer speaks for itself, or for a client that it does not know. Neither is
            // believed what a known client could say.
            Ok(Ok(ProxiedClient::Unnamed)) => Some((stream, Peer::new(proxy, false))),
            Ok(Err(ProxyOpeningEnd::Refused(refusal, fault))) => {
                self.refuse(refusal, &peer, &fault.to_string());
                None
            }
            Err(OpeningCut::Timeout) => {
                let reason = "its header of the PROXY protocol did not arrive in time \
                              (`limits.request_head_timeout`)";
                self.refuse(HttpRefusal::ProxyHeaderMissing, &peer, reason);
                None
            }
            Ok(Err(ProxyOpeningEnd::Closed)) | Err(OpeningCut::Stopped) => None,
        }
    }

    /// Counts and logs a connection that is closed without an answer.
    fn refuse(&self, refusal: HttpRefusal, peer: &Peer, reason: &str) {
        self.permit.registry().counts.borrow_mut().refused += 1;
        drop(self.handler.refuse(refusal, peer, &[]));
        static REFUSED: LogThrottle = LogThrottle::new();
        if let Some(suppressed) = REFUSED.pass(std::time::Instant::now()) {
            let peer = peer.address;
            tracing::warn!(
                %peer,
                suppressed,
                "a connection is closed because of `listen.proxy_protocol = \"required\"`: {reason}"
            );
        }
    }
}

/// Reads a header and nothing after it.
async fn read_client(stream: &mut TcpStream) -> Result<ProxiedClient, ProxyOpeningEnd> {
    let closed = |_: io::Error| ProxyOpeningEnd::Closed;
    let mut bytes = vec![0; PROXY_HEADER_BYTES_MAX];
    let mut taken = 0;
    loop {
        let arrived = stream.peek(&mut bytes[taken..]).await.map_err(closed)?;
        if arrived == 0 {
            return Err(ProxyOpeningEnd::Closed);
        }
        let header = read_proxy_header(&bytes[..taken + arrived]).map_err(|fault| {
            let refusal = match fault {
                ProxyHeaderFault::Missing => HttpRefusal::ProxyHeaderMissing,
                ProxyHeaderFault::Malformed(_) => HttpRefusal::ProxyHeaderMalformed,
            };
            ProxyOpeningEnd::Refused(refusal, fault)
        })?;
        // All that arrived belongs to a header that is not complete.
        let end = header.map_or(taken + arrived, |header| header.length);
        stream
            .read_exact(&mut bytes[taken..end])
            .await
            .map_err(closed)?;
        taken = end;
        if let Some(header) = header {
            return Ok(header.client);
        }
    }
}
