//! Addresses that were resolved and checked before: a connection goes to one of them, and to no other.

use std::cell::RefCell;
use std::net::SocketAddr;

/// The addresses of an upstream whose name is not resolved again.
#[derive(Debug, Default)]
pub(crate) struct PinnedAddresses(RefCell<Vec<SocketAddr>>);

impl PinnedAddresses {
    /// These addresses.
    pub(crate) const fn new(addresses: Vec<SocketAddr>) -> Self {
        Self(RefCell::new(addresses))
    }

    /// Replaces the addresses, for the connections that are opened from now on.
    pub(crate) fn replace(&self, addresses: Vec<SocketAddr>) {
        *self.0.borrow_mut() = addresses;
    }

    /// The addresses.
    pub(super) fn to_vec(&self) -> Vec<SocketAddr> {
        self.0.borrow().clone()
    }
}
