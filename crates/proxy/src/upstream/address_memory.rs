//! The addresses of one upstream that did not accept connections recently.
//!
//! They are tried after the others, so a silent address costs one delay and not one for each
//! connection. They are still tried, because it may be the others that fail next.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

/// How long an address is tried last.
const AVOIDED: Duration = Duration::from_secs(60);

/// The most addresses that are remembered. A name seldom has a dozen.
const ADDRESSES_MAX: usize = 64;

/// The addresses that failed, with the time until which they are tried last.
#[derive(Debug, Default)]
pub(super) struct AddressMemory(Vec<(SocketAddr, Instant)>);

impl AddressMemory {
    /// Notes that an address did not accept a connection.
    pub(super) fn note_failure(&mut self, address: SocketAddr, now: Instant) {
        self.0
            .retain(|(known, until)| *known != address && *until > now);
        if self.0.len() < ADDRESSES_MAX {
            self.0.push((address, now + AVOIDED));
        }
    }

    /// Notes that an address accepted a connection.
    pub(super) fn note_success(&mut self, address: SocketAddr) {
        self.0.retain(|(known, _)| *known != address);
    }

    /// The order in which addresses are tried (RFC 8305 section 4): those that failed recently last,
    /// and the families in turn, beginning with the one that the resolver prefers.
    pub(super) fn order(
        &self,
        addresses: impl Iterator<Item = SocketAddr>,
        now: Instant,
    ) -> Vec<SocketAddr> {
        let failed = |address: &SocketAddr| {
            self.0
                .iter()
                .any(|(known, until)| known == address && *until > now)
        };
        let (avoided, mut ordered): (Vec<_>, Vec<_>) = addresses.partition(failed);
        ordered = in_turn(ordered);
        ordered.extend(in_turn(avoided));
        ordered
    }
}

/// The addresses with their families in turn.
fn in_turn(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(is_first_v4) = addresses.first().map(SocketAddr::is_ipv4) else {
        return addresses;
    };
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv4() == is_first_v4);
    let mut second = second.into_iter();
    let mut ordered = Vec::new();
    for address in first {
        ordered.push(address);
        ordered.extend(second.next());
    }
    ordered.extend(second);
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(names: &[&str]) -> Vec<SocketAddr> {
        let addresses = names.iter().map(|name| format!("{name}:80"));
        addresses.map(|name| name.parse().unwrap()).collect()
    }

    #[track_caller]
    fn check(memory: &AddressMemory, now: Instant, given: &[&str], expected: &[&str]) {
        let ordered = memory.order(addresses(given).into_iter(), now);
        assert_eq!(ordered, addresses(expected));
    }

    #[test]
    fn families_take_turns() {
        let check = |given, expected| {
            check(&AddressMemory::default(), Instant::now(), given, expected);
        };
        check(&[], &[]);
        check(&["10.0.0.1", "10.0.0.2"], &["10.0.0.1", "10.0.0.2"]);
        check(
            &["[::1]", "[::2]", "[::3]", "10.0.0.1"],
            &["[::1]", "10.0.0.1", "[::2]", "[::3]"],
        );
        check(
            &["10.0.0.1", "[::1]", "[::2]", "[::3]"],
            &["10.0.0.1", "[::1]", "[::2]", "[::3]"],
        );
    }

    #[test]
    fn an_address_that_failed_is_tried_last_for_a_while() {
        let mut memory = AddressMemory::default();
        let now = Instant::now();
        let (first, second) = ("10.0.0.1", "10.0.0.2");
        let address = addresses(&[first])[0];
        memory.note_failure(address, now);
        check(&memory, now, &[first, second], &[second, first]);
        check(&memory, now + AVOIDED, &[first, second], &[first, second]);
        memory.note_failure(address, now);
        memory.note_success(address);
        check(&memory, now, &[first, second], &[first, second]);
        // If all have failed, the order of the resolver counts.
        memory.note_failure(addresses(&[second])[0], now);
        memory.note_failure(address, now);
        check(&memory, now, &[first, second], &[first, second]);
    }

    #[test]
    fn the_number_of_addresses_is_bounded() {
        let mut memory = AddressMemory::default();
        let now = Instant::now();
        for port in 0..1000 {
            memory.note_failure(SocketAddr::from(([10, 0, 0, 1], port)), now);
        }
        assert_eq!(memory.0.len(), ADDRESSES_MAX);
        memory.note_failure(SocketAddr::from(([10, 0, 0, 2], 1)), now + AVOIDED);
        assert_eq!(memory.0.len(), 1);
    }
}
