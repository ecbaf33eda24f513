//! Gives a request a stream.
//!
//! A request takes a stream of the oldest connection with room, so that others become idle and end.
//! Without room, it waits within the time to connect: for a stream that ends, or for one of the
//! connections that are being opened. So a burst of requests opens as many connections as it needs
//! streams for, and a request that is cancelled cancels no connection that others wait for.

use std::pin::pin;
use std::rc::Rc;

use tokio::time::{Instant, timeout_at};

use super::connection_opener::open_connection;
use super::http2_pool::{Http2Pool, OpeningConnection};
use super::shared_connection::StreamLease;
use crate::upstream::upstream_error::{UpstreamError, UpstreamPhase};

/// A stream; `None` if the upstream chooses HTTP/1.1.
pub(super) async fn acquire_stream(
    pool: &Rc<Http2Pool>,
) -> Result<Option<StreamLease>, UpstreamError> {
    if let Some(lease) = pool.lease() {
        return Ok(Some(lease));
    }
    let deadline = Instant::now() + pool.http1().limits.connect_timeout;
    let waiters = pool.waiters();
    let _waiting = waiters.join();
    let failures = pool.failures();
    loop {
        let mut changed = pin!(waiters.changed());
        changed.as_mut().enable();
        if let Some(lease) = pool.lease() {
            return Ok(Some(lease));
        }
        if pool.has_http1() {
            return Ok(None);
        }
        // A failure before this request began to wait is not its own.
        let failure = pool.last_failure().filter(|_| pool.failures() != failures);
        if let Some(failure) = failure {
            // Another connection may still be opened.
            if !pool.is_opening() {
                return Err(failure);
            }
        } else if pool.opens_too_few() {
            tokio::task::spawn_local(open_connection(OpeningConnection::new(pool)));
        }
        if timeout_at(deadline, changed).await.is_err() {
            return Err(pool.http1().timeout(UpstreamPhase::Connect));
        }
    }
}
