//! Requests whose squad headers were removed, because their sender is not trusted to set them.
//!
//! Such a request is served as one of an unknown caller, so without a trace a forgotten network in
//! `identity.trusted_peers` would look like squads that never call.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The shortest time between two log lines of one service, in milliseconds.
const PAUSE_MS: u64 = 60_000;

/// The requests of one service whose squad headers were removed.
#[derive(Debug)]
pub struct UntrustedClaims {
    count: AtomicU64,
    since: Instant,
    /// When the next line may be logged, in milliseconds since `since`.
    next_line_ms: AtomicU64,
}

impl Default for UntrustedClaims {
    fn default() -> Self {
        Self {
            count: AtomicU64::new(0),
            since: Instant::now(),
            next_line_ms: AtomicU64::new(0),
        }
    }
}

impl UntrustedClaims {
    /// Counts a request, and logs the first one and then at most one a minute.
    pub(super) fn record(&self, service: &str, peer: Option<IpAddr>, needs_proof: bool) {
        let total = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.takes_line(self.since.elapsed().as_millis() as u64) {
            return;
        }
        let peer_class = peer.map_or("unix", |peer| address_class(peer.to_canonical()));
        let peer = peer.map_or_else(|| "unix".to_owned(), |peer| peer.to_canonical().to_string());
        if needs_proof {
            tracing::warn!(
                service, %peer, peer_class, requests = total,
                "squad headers removed: `identity.source` is not \"headers\", and this request has no \
                 token or certificate of a squad, so the caller is unknown"
            );
        } else {
            tracing::warn!(
                service, %peer, peer_class, requests = total,
                "squad headers removed: the peer is not trusted, so the caller is unknown; if it is \
                 your gateway or sidecar, add its network to identity.trusted_peers"
            );
        }
    }

    /// Whether a line may be logged now. Without a lock, because clients decide how often this is
    /// asked.
    fn takes_line(&self, now_ms: u64) -> bool {
        let next = self.next_line_ms.load(Ordering::Relaxed);
        let later = now_ms.saturating_add(PAUSE_MS);
        now_ms >= next
            && self
                .next_line_ms
                .compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// How many requests since the start.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// The kind of network that an address belongs to (IANA special-purpose address registries).
fn address_class(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            if address.is_loopback() {
                "loopback"
            } else if address.is_private() {
                "private"
            } else if address.is_link_local() {
                "link-local"
            } else if first == 100 && second & 0xc0 == 64 {
                "shared"
            } else {
                "public"
            }
        }
        IpAddr::V6(address) => {
            if address.is_loopback() {
                "loopback"
            } else if address.is_unique_local() {
                "private"
            } else if address.is_unicast_link_local() {
                "link-local"
            } else {
                "public"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_class() {
        let check = |address: &str, class: &str| {
            assert_eq!(address_class(address.parse().unwrap()), class, "{address}");
        };
        check("127.0.0.1", "loopback");
        check("10.1.2.3", "private");
        check("172.16.0.1", "private");
        check("192.168.1.1", "private");
        check("169.254.1.1", "link-local");
        check("100.64.0.1", "shared");
        check("100.128.0.1", "public");
        check("8.8.8.8", "public");
        check("::1", "loopback");
        check("fd00::1", "private");
        check("fe80::1", "link-local");
        check("2001:db8::1", "public");
    }

    #[test]
    fn every_request_is_counted() {
        let claims = UntrustedClaims::default();
        for _ in 0..3 {
            claims.record("orders", Some(IpAddr::from([10, 0, 0, 1])), false);
        }
        assert_eq!(claims.count(), 3);
    }

    #[test]
    fn the_first_line_is_logged_and_then_one_a_minute() {
        let claims = UntrustedClaims::default();
        let times = [0, 1, 59_999, 60_000, 60_001, 200_000];
        let logged = times.map(|now_ms| claims.takes_line(now_ms));
        assert_eq!(logged, [true, false, false, true, false, true]);
    }
}
