//! Idle connections of one upstream. The most recently used one is taken first.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::address_memory::AddressMemory;
use super::idle_pools::{IdlePool, register};
use super::pinned_addresses::PinnedAddresses;
use super::upstream_connection::UpstreamConnection;
use super::upstream_socket::UpstreamSecurity;
use crate::limits::UpstreamLimits;

/// The pool of one upstream on one data core.
#[derive(Debug)]
pub(super) struct ConnectionPool {
    pub(super) authority: Arc<str>,
    /// The Unix socket, if the upstream is at one.
    pub(super) socket_path: Option<PathBuf>,
    /// The addresses that connections go to, if the name must not be resolved.
    pub(super) pinned: Option<Rc<PinnedAddresses>>,
    pub(super) security: UpstreamSecurity,
    pub(super) limits: UpstreamLimits,
    pub(super) addresses: RefCell<AddressMemory>,
    idle: RefCell<IdleConnections>,
}

#[derive(Debug, Default)]
struct IdleConnections {
    /// Oldest first, because the oldest are closed first.
    connections: VecDeque<(Instant, Box<UpstreamConnection>)>,
    has_sweeper: bool,
}

impl ConnectionPool {
    pub(super) fn new(
        authority: &str,
        security: UpstreamSecurity,
        limits: UpstreamLimits,
        socket_path: Option<PathBuf>,
    ) -> Rc<Self> {
        let pool = Rc::new(Self {
            authority: authority.into(),
            socket_path,
            pinned: None,
            security,
            limits,
            addresses: RefCell::default(),
            idle: RefCell::default(),
        });
        register(&pool);
        pool
    }

    /// A pool without TLS whose connections go to these addresses.
    pub(super) fn at_addresses(
        authority: &str,
        pinned: Rc<PinnedAddresses>,
        limits: UpstreamLimits,
    ) -> Rc<Self> {
        Rc::new(Self {
            authority: authority.into(),
            socket_path: None,
            pinned: Some(pinned),
            security: UpstreamSecurity::Plain,
            limits,
            addresses: RefCell::default(),
            idle: RefCell::default(),
        })
    }

    /// A connection that is open as far as is known.
    pub(super) fn take(&self) -> Option<Box<UpstreamConnection>> {
        loop {
            let (since, mut connection) = self.idle.borrow_mut().connections.pop_back()?;
            if since.elapsed() < self.limits.idle_timeout && connection.is_reusable() {
                return Some(connection);
            }
        }
    }

    /// Returns a connection to the pool, if it can be reused.
    pub(super) fn put(self: &Rc<Self>, mut connection: Box<UpstreamConnection>) {
        if !connection.is_reusable() || self.limits.idle_max == 0 {
            return;
        }
        connection.release();
        let mut idle = self.idle.borrow_mut();
        if idle.connections.len() >= self.limits.idle_max {
            idle.connections.pop_front();
        }
        idle.connections.push_back((Instant::now(), connection));
        if !idle.has_sweeper {
            idle.has_sweeper = true;
            tokio::task::spawn_local(sweep(Rc::downgrade(self)));
        }
    }

    /// Closes connections that are too old, and returns when the next one will be.
    fn close_aged(&self) -> Option<Instant> {
        let mut idle = self.idle.borrow_mut();
        let now = Instant::now();
        while let Some((since, _)) = idle.connections.front() {
            let until = *since + self.limits.idle_timeout;
            if until > now {
                return Some(until);
            }
            idle.connections.pop_front();
        }
        idle.has_sweeper = false;
        None
    }
}

impl IdlePool for ConnectionPool {
    fn close_idle(&self) -> bool {
        let connections = std::mem::take(&mut self.idle.borrow_mut().connections);
        !connections.is_empty()
    }
}

/// Closes connections as they become too old, until the pool is empty.
async fn sweep(pool: Weak<ConnectionPool>) {
    while let Some(next) = pool.upgrade().and_then(|pool| pool.close_aged()) {
        sleep_until(next).await;
    }
}
