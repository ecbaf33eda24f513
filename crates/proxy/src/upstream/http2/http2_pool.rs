//! The connections of one upstream on one data core.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use portcullis_config::UpstreamVersion;
use portcullis_tls::UpstreamAlpn;
use tokio::time::Instant;

use super::shared_connection::{SharedConnection, StreamLease};
use super::stream_waiters::StreamWaiters;
use crate::upstream::connection_pool::ConnectionPool;
use crate::upstream::idle_pools::{IdlePool, register};
use crate::upstream::upstream_connection::UpstreamConnection;
use crate::upstream::upstream_error::UpstreamError;
use crate::upstream::upstream_socket::{UpstreamSecurity, UpstreamSocket};

/// How long an upstream that chose HTTP/1.1 is not asked again.
const HTTP1_KNOWN: Duration = Duration::from_secs(60);

/// The pool.
#[derive(Debug)]
pub(in crate::upstream) struct Http2Pool {
    http1: Rc<ConnectionPool>,
    /// What is offered with TLS; nothing without TLS.
    alpn: Option<UpstreamAlpn>,
    /// Oldest first.
    connections: RefCell<Vec<Rc<SharedConnection>>>,
    /// How many connections are being opened.
    opening: Cell<usize>,
    /// How many streams the next connection is expected to have.
    streams_expected: Cell<usize>,
    /// How many connections could not be opened.
    failures: Cell<u64>,
    /// Why the last one could not; nothing if it could.
    failure: RefCell<Option<UpstreamError>>,
    /// Until when the upstream is known to choose HTTP/1.1.
    http1_until: Cell<Option<Instant>>,
    waiters: Rc<StreamWaiters>,
}

impl Http2Pool {
    /// The pool of an upstream; `None` if it gets HTTP/1.1 in any case.
    pub(in crate::upstream) fn of(http1: &Rc<ConnectionPool>) -> Option<Rc<Self>> {
        let alpn = match (&http1.security, http1.limits.http.version) {
            (_, UpstreamVersion::Http1) | (UpstreamSecurity::Plain, UpstreamVersion::Auto) => {
                return None;
            }
            (UpstreamSecurity::Plain, UpstreamVersion::Http2) => None,
            (UpstreamSecurity::Tls(_), UpstreamVersion::Http2) => Some(UpstreamAlpn::Http2),
            (UpstreamSecurity::Tls(_), UpstreamVersion::Auto) => Some(UpstreamAlpn::Either),
        };
        let pool = Rc::new(Self {
            alpn,
            connections: RefCell::default(),
            opening: Cell::new(0),
            streams_expected: Cell::new(http1.limits.http.streams_max as usize),
            failures: Cell::new(0),
            failure: RefCell::default(),
            http1_until: Cell::new(None),
            waiters: Rc::default(),
            http1: Rc::clone(http1),
        });
        register(&pool);
        Some(pool)
    }

    /// The connections of HTTP/1.1, with the settings of the upstream.
    pub(super) fn http1(&self) -> &Rc<ConnectionPool> {
        &self.http1
    }

    pub(super) const fn alpn(&self) -> Option<UpstreamAlpn> {
        self.alpn
    }

    /// Whether the upstream chooses HTTP/1.1, as far as is known.
    pub(in crate::upstream) fn has_http1(&self) -> bool {
        let until = self.http1_until.get();
        until.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn waiters(&self) -> &StreamWaiters {
        &self.waiters
    }

    /// How many connections could not be opened.
    pub(super) const fn failures(&self) -> u64 {
        self.failures.get()
    }

    /// Why the last connection could not be opened; nothing if it was.
    pub(super) fn last_failure(&self) -> Option<UpstreamError> {
        self.failure.borrow().clone()
    }

    /// Whether a connection is being opened.
    pub(super) const fn is_opening(&self) -> bool {
        self.opening.get() > 0
    }

    /// Whether more requests wait than the connections that are being opened will have streams for.
    pub(super) fn opens_too_few(&self) -> bool {
        self.opening.get() * self.streams_expected.get() < self.waiters.count()
    }

    /// A stream of the oldest connection with room.
    pub(super) fn lease(&self) -> Option<StreamLease> {
        let connections = self.connections.borrow();
        connections
            .iter()
            .find_map(|connection| connection.lease(&self.waiters))
    }

    /// Adds a connection that was opened.
    pub(super) fn add(&self, connection: Rc<SharedConnection>) {
        self.streams_expected.set(connection.streams_max().max(1));
        self.http1_until.set(None);
        self.failure.replace(None);
        self.connections.borrow_mut().push(connection);
        self.waiters.note_change();
    }

    /// Removes a connection that takes no further requests.
    pub(super) fn remove(&self, connection: &Rc<SharedConnection>) {
        let mut connections = self.connections.borrow_mut();
        connections.retain(|other| !Rc::ptr_eq(other, connection));
    }

    /// Whether more connections are idle than are kept.
    pub(super) fn has_surplus(&self) -> bool {
        let connections = self.connections.borrow();
        let idle = connections
            .iter()
            .filter(|connection| connection.is_idle_after_use());
        idle.count() > self.http1.limits.idle_max.max(1)
    }

    /// Notes that the upstream chose HTTP/1.1, and keeps the connection.
    pub(super) fn add_http1(&self, socket: UpstreamSocket) {
        self.http1_until.set(Some(Instant::now() + HTTP1_KNOWN));
        self.http1.put(Box::new(UpstreamConnection::new(socket)));
        self.waiters.note_change();
    }

    /// Notes that a connection could not be opened.
    pub(super) fn fail(&self, failure: UpstreamError) {
        self.failures.set(self.failures.get() + 1);
        self.failure.replace(Some(failure));
        self.waiters.note_change();
    }
}

impl IdlePool for Http2Pool {
    fn close_idle(&self) -> bool {
        let mut connections = self.connections.borrow_mut();
        let before = connections.len();
        connections.retain(|connection| {
            let is_used = connection.idle_since().is_none();
            if !is_used {
                connection.retire();
            }
            is_used
        });
        connections.len() < before
    }
}

/// A connection that is being opened. It is counted until this is dropped.
#[derive(Debug)]
pub(super) struct OpeningConnection(Rc<Http2Pool>);

impl OpeningConnection {
    pub(super) fn new(pool: &Rc<Http2Pool>) -> Self {
        pool.opening.set(pool.opening.get() + 1);
        Self(Rc::clone(pool))
    }

    pub(super) const fn pool(&self) -> &Rc<Http2Pool> {
        &self.0
    }
}

impl Drop for OpeningConnection {
    fn drop(&mut self) {
        self.0.opening.set(self.0.opening.get() - 1);
    }
}
