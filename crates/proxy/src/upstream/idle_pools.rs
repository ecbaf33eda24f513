//! The idle connections of all upstreams of a data core. They hold descriptors, which requests to any
//! upstream may need more.

use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::{Rc, Weak};

/// A pool of connections of one upstream.
pub(super) trait IdlePool: Debug {
    /// Closes its idle connections, now or when the core is idle for a moment. Returns whether there
    /// were any.
    fn close_idle(&self) -> bool;
}

thread_local! {
    /// A data core is a thread, and so are its pools.
    static POOLS: RefCell<Vec<Weak<dyn IdlePool>>> = const { RefCell::new(Vec::new()) };
}

/// Adds a pool of this core.
pub(super) fn register(pool: &Rc<impl IdlePool + 'static>) {
    let pool: Weak<dyn IdlePool> = Rc::downgrade(&(Rc::clone(pool) as Rc<dyn IdlePool>));
    POOLS.with_borrow_mut(|pools| {
        pools.retain(|pool| pool.strong_count() > 0);
        pools.push(pool);
    });
}

/// Closes the idle connections of all pools of this core.
pub(super) fn close_all_idle() {
    let pools: Vec<Rc<dyn IdlePool>> =
        POOLS.with_borrow(|pools| pools.iter().filter_map(Weak::upgrade).collect());
    for pool in pools {
        pool.close_idle();
    }
}
