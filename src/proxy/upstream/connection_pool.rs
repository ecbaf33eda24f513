//! Unused connections, the most recently used first.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::upstream_connection::UpstreamConnection;
use crate::proxy::limits::UpstreamLimits;

/// The pool of one upstream on one data core.
#[derive(Debug)]
pub(super) struct ConnectionPool {
    pub(super) authority: Arc<str>,
    pub(super) limits: UpstreamLimits,
    idle: RefCell<IdleConnections>,
}

#[derive(Debug, Default)]
struct IdleConnections {
    /// Oldest first, so that those to be closed stand at the front.
    lanes: VecDeque<(Instant, UpstreamConnection)>,
    is_swept: bool,
}

impl ConnectionPool {
    pub(super) fn new(authority: &str, limits: UpstreamLimits) -> Rc<Self> {
        Rc::new(Self {
            authority: authority.into(),
            limits,
            idle: RefCell::default(),
        })
    }

    /// A connection that was alive when last looked at.
    pub(super) fn take(&self) -> Option<UpstreamConnection> {
        loop {
            let (since, mut lane) = self.idle.borrow_mut().lanes.pop_back()?;
            if since.elapsed() < self.limits.idle_timeout && lane.is_reusable() {
                return Some(lane);
            }
        }
    }

    /// Takes a connection back, if it can be used again.
    pub(super) fn put(self: &Rc<Self>, mut lane: UpstreamConnection) {
        if !lane.is_reusable() || self.limits.idle_max == 0 {
            return;
        }
        let mut idle = self.idle.borrow_mut();
        if idle.lanes.len() >= self.limits.idle_max {
            idle.lanes.pop_front();
        }
        idle.lanes.push_back((Instant::now(), lane));
        if !idle.is_swept {
            idle.is_swept = true;
            tokio::task::spawn_local(sweep(Rc::downgrade(self)));
        }
    }

    /// Closes what is too old and returns when to look again.
    fn close_aged(&self) -> Option<Instant> {
        let mut idle = self.idle.borrow_mut();
        let now = Instant::now();
        while let Some((since, _)) = idle.lanes.front() {
            let until = *since + self.limits.idle_timeout;
            if until > now {
                return Some(until);
            }
            idle.lanes.pop_front();
        }
        idle.is_swept = false;
        None
    }
}

/// Closes connections as they come of age, as long as there are any.
async fn sweep(pool: Weak<ConnectionPool>) {
    while let Some(next) = pool.upgrade().and_then(|pool| pool.close_aged()) {
        sleep_until(next).await;
    }
}
