//! A client connection after its upgrade: the answer that accepts it, and then the bytes of the other
//! protocol until the connection ends.

use http::header::HeaderMap;
use http::{Response, StatusCode};

use super::client_socket::ClientSocket;
use super::connection_registry::ConnectionPermit;
use super::final_answer::close_with_linger;
use super::splice::{SpliceDirection, SpliceState};
use crate::exchange::{UpgradeEnd, UpgradedExchange};
use crate::headers::{add_upgrade, write_field};
use crate::limits::ClientLimits;

/// Sends the answer and passes bytes until the connection ends. `early` is what the client has sent
/// since its request.
pub(super) async fn serve_upgraded(
    mut stream: ClientSocket,
    early: &[u8],
    answer: Response<UpgradedExchange>,
    limits: &ClientLimits,
    permit: &ConnectionPermit,
) {
    let (head, mut exchange) = answer.into_parts();
    let state = exchange.connection();
    // Interim responses that are not written yet come first.
    let mut handshake = state.interim.take().to_vec();
    write_head(head.status, head.headers, &mut handshake);
    let idle_timeout = exchange.idle_timeout();
    let (upstream, recorder) = exchange.split();
    let arrived = upstream.take_received();
    let mut splice = SpliceState::new(
        SpliceDirection::beginning_with(&[], early),
        SpliceDirection::beginning_with(&handshake, &arrived),
    );
    let registry = permit.registry();
    let end = splice.run(
        &mut stream,
        upstream,
        idle_timeout,
        || registry.aborting.get(),
        |from_client, from_upstream| recorder.passed(from_client, from_upstream),
    );
    let end = end.await;
    if end == UpgradeEnd::Closed && registry.aborting.get() {
        registry.counts.borrow_mut().aborted += 1;
        state.is_aborted.set(true);
    }
    let (from_client, from_upstream) = (splice.from_client.passed(), splice.from_upstream.passed());
    // Closes the connection to the upstream and releases the slot.
    exchange.end(end, from_client, from_upstream);
    if state.is_aborted.get() {
        stream.notify_close();
    } else {
        close_with_linger(stream, limits, permit).await;
    }
}

/// Writes the head that accepts the handshake, or the tunnel.
fn write_head(status: StatusCode, mut headers: HeaderMap, out: &mut Vec<u8>) {
    if status == StatusCode::SWITCHING_PROTOCOLS {
        add_upgrade(&mut headers);
        out.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\n");
    } else {
        out.extend_from_slice(b"HTTP/1.1 200 Connection Established\r\n");
    }
    for (name, value) in &headers {
        write_field(name, value, out);
    }
    out.extend_from_slice(b"\r\n");
}
