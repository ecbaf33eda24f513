//! Idle connections of one upstream. The most recently used one is taken first.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use bytes::BytesMut;
use tokio::time::{Instant, sleep_until};

use super::address_memory::AddressMemory;
use super::idle_pools::{IdlePool, register};
use super::pinned_addresses::PinnedAddresses;
use super::upstream_connection::UpstreamConnection;
use super::upstream_socket::UpstreamSecurity;
use crate::limits::UpstreamLimits;
use crate::poll_clock;

/// Most rooms that are kept for the next exchanges, and the largest one.
const ROOMS_MAX: usize = 4;
const ROOM_BYTES_MAX: usize = 64 * 1024;

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
    /// Room for what arrives, which the next exchanges use.
    rooms: Vec<BytesMut>,
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
            let idle = Instant::from_std(poll_clock::now()).saturating_duration_since(since);
            if idle < self.limits.idle_timeout && connection.is_silent() {
                if let Some(room) = self.idle.borrow_mut().rooms.pop() {
                    connection.lend_room(room);
                }
                return Some(connection);
            }
        }
    }

    /// Returns a connection to the pool, if it can be reused.
    pub(super) fn put(self: &Rc<Self>, mut connection: Box<UpstreamConnection>) {
        if !connection.is_reusable() || self.limits.idle_max == 0 {
            return;
        }
        let room = connection.release();
        let mut idle = self.idle.borrow_mut();
        if idle.rooms.len() < ROOMS_MAX && (1..=ROOM_BYTES_MAX).contains(&room.capacity()) {
            idle.rooms.push(room);
        }
        if idle.connections.len() >= self.limits.idle_max {
            idle.connections.pop_front();
        }
        idle.connections
            .push_back((Instant::from_std(poll_clock::now()), connection));
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
        idle.rooms = Vec::new();
        None
    }
}

impl IdlePool for ConnectionPool {
    fn close_idle(&self) -> bool {
        let mut idle = self.idle.borrow_mut();
        idle.rooms = Vec::new();
        let connections = std::mem::take(&mut idle.connections);
        drop(idle);
        !connections.is_empty()
    }
}

/// Closes connections as they become too old, until the pool is empty.
async fn sweep(pool: Weak<ConnectionPool>) {
    while let Some(next) = pool.upgrade().and_then(|pool| pool.close_aged()) {
        sleep_until(next).await;
    }
}
